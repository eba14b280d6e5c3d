"""Looks at what is about to run, while `site` starts up, and arranges it.

The program finds nothing of this: no module, no folder in the import system's caches, no garbage, no
changed warnings.
"""

import os
import sys
import time
from _frozen_importlib import _load  # type: ignore[attr-defined]  # typeshed lacks it
from _frozen_importlib_external import spec_from_file_location

from mainspring.codecache.counters import count_start
from mainspring.codecache.entry import sign_source
from mainspring.codecache.schedule import is_due
from mainspring.places import Refused
from mainspring.plan import Plan, plan_start
from mainspring.settings import find_log

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType

    from mainspring._native import Log
    from mainspring.codecache.lookup import Look

ASCII_CODEC = "encodings.ascii"
NATIVE = "_native.abi3.so"
DAY_SECONDS = 86_400.0  # how exactly the sweep knows when an entry was last used


def start(root: str, wish: str = "") -> "Callable[[], None] | None":
    """Arrange the start that this interpreter is about to make, with the package in *root*.

    *wish* is what the launcher wants of it (warm/wish.py), if anything.

    Called by a slot, once.  Raises nothing, and leaves nothing of the package behind.  Returns what
    hands a SIGINT on to the program, if there is a way to.
    """
    try:
        arrange_start(os.environ, wish)
        native = sys.modules.get("mainspring._native")
        return None if native is None else native.hand_on_interrupt
    finally:
        forget_modules()
        forget_folders(root)


def arrange_start(environment: "Mapping[str, str]", wish: str) -> None:
    # the native module reads the same clock when it logs the start
    started = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    plan = Plan()
    try:
        if load_part(NATIVE).awaits_script():
            plan = plan_start(environment, wish)
            plan.read_only |= wish.startswith("host")
            carry_out(plan, environment, started, wish)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not be the end of a program
        plan.reason = "no-native" if isinstance(error, ImportError) else "internal-error"
        log_start(plan, environment, started)
    finally:
        if wish.startswith("host") and not plan.is_armed:
            os._exit(1)  # nobody has asked for a start
        if plan.cache is not None:
            plan.cache.close()


def forget_modules() -> None:
    """Unload this package, and nothing else: C code may hold on to what compiling has loaded."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "mainspring"]:
        del sys.modules[name]


def forget_folders(root: str) -> None:
    """Take this package's folders out of the import system's cache."""
    for path in [path for path in sys.path_importer_cache if path.startswith(root)]:
        if path not in sys.path and (path == root or path.startswith(f"{root}/mainspring")):
            del sys.path_importer_cache[path]


def carry_out(plan: Plan, environment: "Mapping[str, str]", started: int, wish: str) -> None:
    fill_plan(plan, is_wished=bool(wish))
    note_start(plan, started)
    sweep_cache(plan, environment)
    if wish:
        carry_out_wish(plan, environment, wish)
    if plan.code is not None:
        arm_start(plan, prepare_log(plan, environment, started))
    else:
        log_start(plan, environment, started)


def carry_out_wish(plan: Plan, environment: "Mapping[str, str]", wish: str) -> None:
    """Begin what the launcher wants of this start.  Raises nothing."""
    try:
        native = load_part("_warm.abi3.so")
        if wish.startswith("quick:"):  # an end like a child's, of which a test is told
            native.tell_end(int(wish.removeprefix("quick:")))
            plan.finish = native.finish
            return
        load_part("_record.py")
        load_part("_host.py").grant_wish(wish, plan, environment)
    except Exception:  # noqa: BLE001 - a plain start, then
        plan.pause = plan.finish = None
        if wish.startswith("host"):
            os._exit(1)


def fill_plan(plan: Plan, *, is_wished: bool) -> None:
    """Give *plan* its code, from the entry or the compiler; none if the start is CPython's."""
    look = plan.usable
    try:
        if look is not None:
            take_entry(plan, look)
        elif plan.reason is None:
            make_entry(plan)
        elif is_wished and plan.source is not None:
            compile_anyway(plan)
    except Refused as refused:
        plan.reason = refused.reason
    except OSError:
        plan.reason = "no-source"


def take_entry(plan: Plan, look: "Look") -> None:
    assert look.entry is not None
    load_modules(look.entry.modules, plan.script)
    plan.code = look.code
    plan.warnings = look.entry.warnings
    plan.saved_ns = look.entry.compile_ns
    if needs_care(plan, look):
        keeper = load_part("_keep.py")
        plan.reason = keeper.look_after_entry(look, plan.source, plan.variant, plan.cache)


def load_modules(names: tuple[str, ...], script: str) -> None:
    """Load what compiling the script would have loaded.  Raises Refused."""
    try:
        for name in names:
            __import__(name)
    except ImportError:
        raise Refused("does-not-compile", script) from None


def make_entry(plan: Plan) -> None:
    assert plan.cache is not None
    keeper = load_part("_keep.py")
    plan.code, entry, plan.reason = keeper.make_entry(plan.source, plan.variant, plan.cache)
    plan.warnings = entry.warnings
    plan.compile_ns = entry.compile_ns


def compile_anyway(plan: Plan) -> None:
    """Have code to wait with, though no entry can be kept.  Raises Refused or OSError."""
    plan.code, entry = load_part("_keep.py").compile_source(plan.source)
    plan.warnings = entry.warnings


def needs_care(plan: Plan, look: "Look") -> bool:
    """Whether the entry's trailer, or the time of its last use, is to be renewed."""
    if plan.read_only or look.place != "cache":
        return False
    return look.verdict == "refreshed" or time.time() - look.used_at > DAY_SECONDS


def sweep_cache(plan: Plan, environment: "Mapping[str, str]") -> None:
    """Give the sweep a slice, if one is due; best effort."""
    if plan.read_only or plan.cache is None or plan.cache.descriptor < 0:
        return
    try:
        if is_due(plan.cache.descriptor, time.time(), grew=plan.compile_ns > 0):
            load_part("_keep.py")  # which it stands on
            load_part("_sweep.py").sweep(plan.cache.descriptor, environment, plan.compile_ns)
    except OSError:
        pass


def arm_start(plan: Plan, log: "Log | None") -> None:
    """Let the code start where CPython would compile the script."""
    assert plan.code is not None
    assert plan.source is not None
    if plan.code.co_filename != plan.script:
        from _imp import _fix_co_filename  # type: ignore[attr-defined]  # typeshed lacks it

        _fix_co_filename(plan.code, plan.script)
    categories = vars(sys.modules["builtins"])
    warnings = tuple((categories[name], text, line) for name, text, line in plan.warnings)
    signature = sign_source(plan.source.status)
    load_part(NATIVE).arm(plan.script, plan.code, warnings, log, signature, plan.pause, plan.finish)
    plan.is_armed = plan.pause is not None


def load_part(name: str) -> "ModuleType":
    """The module in the file *name* of this package: a search would cost more than loading it.

    Raises ImportError.
    """
    [package] = sys.modules["mainspring"].__path__
    part = f"mainspring.{name.partition('.')[0]}"
    if part not in sys.modules:
        is_new = ASCII_CODEC not in sys.modules
        _load(spec_from_file_location(part, f"{package}/{name}"))
        if is_new and ASCII_CODEC in sys.modules:
            # under -X dev, CPython looks the codec up to encode the name of an extension module
            del sys.modules[ASCII_CODEC]
            del sys.modules["encodings"].ascii
    return sys.modules[part]


# ---- telling of it --------------------------------------------------------------------------


def prepare_log(plan: Plan, environment: "Mapping[str, str]", started: int) -> "Log | None":
    """What the native module writes when it starts the code, or leaves the start to CPython."""
    target = find_log(environment)
    if not target or plan.pause is not None:  # the children of a host tell of themselves
        return None
    from mainspring import startlog

    return startlog.prepare_log(target, plan.script, plan.outcome, plan.verdict or "", started)


def log_start(plan: Plan, environment: "Mapping[str, str]", started: int) -> None:
    """Write the line of this start, if a log is kept.  Raises nothing."""
    target = find_log(environment)
    if target:
        from mainspring.startlog import write_line

        write_line(target, plan.script, plan.outcome, started)


def note_start(plan: Plan, started: int) -> None:
    """Add this start to the user's counts; best effort."""
    if plan.read_only or plan.cache is None or plan.verdict is None:
        return
    spent = time.clock_gettime_ns(time.CLOCK_MONOTONIC) - started - plan.compile_ns
    try:
        is_long = count_start(plan.cache.open(), plan.outcome, plan.saved_ns, spent, plan.script)
    except (OSError, Refused):
        return
    if is_long:
        load_part("_sweep.py").sum_up(plan.cache.descriptor)
