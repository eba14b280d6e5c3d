"""What counts as an effect of an import, or of the program between two: the tables, and the judges.

Kernel files below /proc and /sys are not on record, but for those of a process: what they say of the
machine is not looked at again.
"""

import os
import sys

from mainspring._warm import name_locale

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.warm.recipe import Cause

    #: see observe_process
    State = tuple[tuple[object, ...], ...]

#: audit event -> reason; of consequence wherever it is raised
EVENTS = {
    "_thread.start_joinable_thread": "thread",
    "_thread.start_new_thread": "thread",
    "os.chdir": "folder",
    "os.exec": "process",
    "os.fork": "process",
    "os.forkpty": "process",
    "os.kill": "process",
    "os.killpg": "process",
    "os.posix_spawn": "process",
    "os.putenv": "environment",
    "os.spawn": "process",
    "os.system": "process",
    "os.unsetenv": "environment",
    "pty.spawn": "process",
    "resource.prlimit": "process-state",
    "resource.setrlimit": "process-state",
    "signal.pthread_kill": "process",
    "socket.bind": "network",
    "socket.connect": "network",
    "socket.getaddrinfo": "network",
    "socket.gethostbyaddr": "network",
    "socket.gethostbyname": "network",
    "socket.getnameinfo": "network",
    "socket.sendmsg": "network",
    "socket.sendto": "network",
    "socket.sethostname": "network",
    "subprocess.Popen": "process",
    "sys.addaudithook": "audit-hook",
    "sys.monitoring.register_callback": "patch",
    "sys.setprofile": "patch",
    "sys.settrace": "patch",
}
#: audit event -> reason; of consequence in an import alone
IMPORT_EVENTS = {
    "fcntl.flock": "output",
    "fcntl.lockf": "output",
    "os.chmod": "output",
    "os.chown": "output",
    "os.link": "output",
    "os.mkdir": "output",
    "os.remove": "output",
    "os.rename": "output",
    "os.rmdir": "output",
    "os.symlink": "output",
    "os.truncate": "output",
    "os.utime": "output",
    "sqlite3.connect": "output",
    "syslog.openlog": "output",
    "syslog.syslog": "output",
}
#: function of `os` that makes an import depend on who starts the program, or changes that -> reason
QUERIES = {
    "ctermid": "terminal",
    "get_terminal_size": "terminal",
    "getcwd": "folder",
    "getcwdb": "folder",
    "getloadavg": "process-state",
    "getpgid": "process-id",
    "getpgrp": "process-id",
    "getpid": "process-id",
    "getppid": "process-id",
    "getpriority": "process-state",
    "getrandom": "entropy",
    "getsid": "process-id",
    "isatty": "terminal",
    "nice": "process-state",
    "sched_getaffinity": "process-state",
    "sched_setaffinity": "process-state",
    "setpriority": "process-state",
    "tcgetpgrp": "terminal",
    "times": "process-state",
    "ttyname": "terminal",
    "umask": "process-state",
    "urandom": "entropy",
    "write": "output",
}
#: environment names that say where or how the caller is: as if the import had asked for that
CALLER_NAMES = {"PWD": "folder", "OLDPWD": "folder", "SHLVL": "process-id", "_": "process-id"}
#: what modules draw at import and a child of a host draws anew (warm/child.py)
RENEWED = ("multiprocessing.process", "numpy.random")
RANDOM_DEVICES = ("/dev/random", "/dev/urandom", "/dev/hwrng")
QUIET_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STANDARD_DESCRIPTORS = ((0,), (1,), (2,))


def judge_event(event: str, arguments: "tuple[object, ...]", *, is_import: bool) -> "Cause | None":
    """What stands against imports ahead after *event*; None if nothing does."""
    reason = EVENTS.get(event) or (IMPORT_EVENTS.get(event) if is_import else None)
    if reason is None:
        return None
    if event == "socket.bind" and has_no_port(arguments[1]):
        return None
    if event == "sqlite3.connect" and arguments[:1] == (":memory:",):
        return None
    if event in {"sys.settrace", "sys.setprofile"}:
        return reason, event
    return reason, describe_event(event, arguments)


def has_no_port(address: object) -> bool:
    """Whether a socket is bound to *address* only to see if it can be: the kernel picks the port."""
    return isinstance(address, tuple) and len(address) > 1 and address[1] == 0


def describe_event(event: str, arguments: "tuple[object, ...]") -> str:
    shown = [describe_argument(argument) for argument in arguments if is_telling(argument)]
    return " ".join([event, *shown[:1]])


def is_telling(argument: object) -> bool:
    return isinstance(argument, str | bytes) and argument != ""


def describe_argument(argument: object) -> str:
    return os.fsdecode(argument) if isinstance(argument, str | bytes) else ""


def judge_opening(path: object, flags: int) -> "Cause | None":
    """What stands against an import that opens *path*; None if it only reads a file."""
    if not isinstance(path, str | bytes):
        return None
    name = os.fsdecode(path)
    if name in QUIET_DEVICES:
        return None
    if name in RANDOM_DEVICES:
        return "entropy", name
    if flags & WRITING:
        return "output", name
    if not name.startswith("/"):
        return "folder", name
    if name == "/dev/tty":
        return "terminal", name
    return ("process-id", name) if is_of_process(name) else None


def is_of_process(path: str) -> bool:
    word = path[len("/proc/") :].partition("/")[0] if path.startswith("/proc/") else ""
    return word in {"self", "thread-self"} or word.isdecimal()


def is_on_record(path: str) -> bool:
    """Whether the file at *path* can be told to be as it was."""
    return not path.startswith(("/proc/", "/sys/", "/dev/"))


def judge_query(name: str, arguments: "tuple[object, ...]", module: str) -> "Cause | None":
    """What stands against *module*, which called the function *name* of `os` when it was imported."""
    reason = QUERIES[name]
    if name in {"isatty", "write"} and (arguments[:1] in STANDARD_DESCRIPTORS) != (name == "write"):
        return None
    if reason == "entropy" and module.startswith(RENEWED):
        return None
    return reason, f"os.{name}"


def judge_reading(name: object) -> "Cause | None":
    """What stands against an import that reads the environment's *name*, or all of it (None)."""
    if name is None:
        return "environment", "reads all of it"
    text = os.fsdecode(name) if isinstance(name, str | bytes) else ""
    if text in CALLER_NAMES:
        return CALLER_NAMES[text], text
    return None if text.isascii() and text.isidentifier() else ("environment", text)


# ---- what can only be told by comparing ---------------------------------------------------------


def observe_process() -> "State":
    """What an import may change without an event: see judge_change."""
    from _signal import NSIG, getsignal

    warnings = sys.modules.get("warnings") or sys.modules.get("_warnings")
    return (
        tuple(sys.path),
        tuple(sys.path_hooks),
        tuple(sys.meta_path),
        tuple(getattr(warnings, "filters", ())),
        (name_locale(),),
        tuple([getsignal(number) for number in range(1, NSIG)]),
        (sys.stdin, sys.stdout, sys.stderr),
    )


#: what observe_process gives, in its order -> reason, and what it is called
OBSERVED = (
    ("import-system", "sys.path"),
    ("import-system", "sys.path_hooks"),
    ("import-system", "sys.meta_path"),
    ("warnings", "warnings.filters"),
    ("locale", "setlocale"),
    ("signals", "signal.signal"),
    ("patch", "sys.stdout"),
)


def judge_change(before: "State", after: "State", *, is_import: bool) -> "Cause | None":
    """What differs between two states, of what matters."""
    for old, new, cause in zip(before, after, OBSERVED, strict=True):
        if old == new or (is_import and is_harmless(old, new, cause[1])):
            continue
        return cause
    return None


def is_harmless(old: "tuple[object, ...]", new: "tuple[object, ...]", what: str) -> bool:
    """Whether a change that an import made does as little before the program as within it.

    A finder behind all others is asked only for names that nobody else finds.  A filter for a category
    of a module's own says nothing about what is warned of before that module is there.
    """
    if what in {"sys.meta_path", "sys.path_hooks"}:
        return new[: len(old)] == old
    if what == "warnings.filters":
        return tuple([row for row in new if row in old or is_for_all(row)]) == old
    return False


def is_for_all(row: object) -> bool:
    """Whether a warning filter is for a category that Python itself knows."""
    category = row[2] if isinstance(row, tuple) and len(row) > 2 else None
    return getattr(category, "__module__", "builtins") == "builtins"
