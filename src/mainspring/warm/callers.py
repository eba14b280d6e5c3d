"""C functions of CPython's own tell who calls them: what they answer is another in each start.

Python's own modules may ask for the time when they are imported: what they keep of it is renewed in each
child (warm/renewal.py).
"""

import os
import sys

from mainspring.warm.effects import C_ENVIRONMENT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType
    from typing import Any

    from mainspring.warm.recipe import Cause

#: module -> its functions -> reason
CALLS = {
    "_datetime": {"date.today": "clock", "datetime.now": "clock", "datetime.utcnow": "clock"},
    "_random": {"Random.seed": "entropy"},
    "_signal": {"alarm": "signals", "pthread_sigmask": "signals", "setitimer": "signals"},
    "_ssl": {"RAND_bytes": "entropy"},
    "_thread": {"get_native_id": "process-id"},
    "_uuid": {"generate_time_safe": "entropy"},
    "posix": {"putenv": "environment", "register_at_fork": "process", "unsetenv": "environment"},
    "time": {
        "asctime": "clock",
        "clock_gettime": "clock",
        "clock_gettime_ns": "clock",
        "ctime": "clock",
        "gmtime": "clock",
        "localtime": "clock",
        "monotonic": "clock",
        "monotonic_ns": "clock",
        "perf_counter": "clock",
        "perf_counter_ns": "clock",
        "process_time": "clock",
        "process_time_ns": "clock",
        "strftime": "clock",
        "thread_time": "clock",
        "thread_time_ns": "clock",
        "time": "clock",
        "time_ns": "clock",
    },
}
#: function -> which of its arguments is what it does not have to ask the system for
GIVEN = {
    "_random.Random.seed": 0,
    "time.asctime": 0,
    "time.ctime": 0,
    "time.gmtime": 0,
    "time.localtime": 0,
    "time.strftime": 1,
}
#: module -> the module it may call: os for os.environ, which is compared; threading renews at a fork
OWN_CALLS = {"os": "posix", "threading": "_thread"}
#: reasons that Python's own modules are not left to the program for; `random` seeds itself anew at a fork
OWN_REASONS = {"clock", "entropy", "process"}


def judge_call(what: str, arguments: "tuple[object, ...]", frame: "FrameType | None") -> "Cause | None":
    """What stands against an import in which the code of *frame* calls *what*."""
    module, _, path = what.partition(".")
    reason = CALLS[module][path]
    place = GIVEN.get(what)
    if place is not None and arguments[place : place + 1] not in {(), (None,)}:
        return None
    home = "" if frame is None else str(frame.f_globals.get("__name__"))
    if OWN_CALLS.get(home) == module or home.startswith("mainspring."):
        return None
    if reason in OWN_REASONS and is_python_s(frame):
        return None
    if reason == "environment":
        return C_ENVIRONMENT
    return reason, f"{'os' if module == os.name else module.lstrip('_')}.{path}"


def note_variable(
    changed: "dict[bytes, object]",
    arguments: "tuple[Any, ...]",
    environment: "dict[bytes, bytes]",
) -> None:
    """Note in *changed* what code in C finds for a name now, if not what is in *environment*."""
    name, *values = map(os.fsencode, arguments)
    value = values[0] if values else None
    if value == environment.get(name):
        changed.pop(name, None)
    else:
        changed[name] = value


def is_python_s(frame: "FrameType | None") -> bool:
    """Whether no code but that of Python's own modules is at work, from the innermost import on."""
    while frame is not None:
        home = str(frame.f_globals.get("__name__")).partition(".")[0]
        if home not in sys.stdlib_module_names:
            return False
        if frame.f_code.co_name == "<module>":
            return True
        frame = frame.f_back
    return True
