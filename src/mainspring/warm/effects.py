"""What counts as an effect of an import, or of the program between two imports: tables and judges.

Kernel files below /proc and /sys are not on record, but for those of a process: what they say of the
machine is not looked at again.
"""

import os

from mainspring._warm import CODESET

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.warm.recipe import Cause

#: audit event -> reason; what follows may depend on it, wherever it is raised
EVENTS = {
    "_thread.start_joinable_thread": "thread",
    "_thread.start_new_thread": "thread",
    "os.chdir": "folder",
    "os.exec": "process",
    "os.fork": "process",
    "os.forkpty": "process",
    "os.kill": "process",
    "os.killpg": "process",
    "pty.spawn": "process",
    "resource.prlimit": "process-state",
    "resource.setrlimit": "process-state",
    "signal.pthread_kill": "process",
    "socket.bind": "network",
    "socket.connect": "network",
    "socket.sendmsg": "network",
    "socket.sendto": "network",
    "socket.sethostname": "network",
    "sys.addaudithook": "audit-hook",
    "sys.monitoring.register_callback": "patch",
    "sys.setprofile": "patch",
    "sys.settrace": "patch",
}
#: audit event -> reason; of consequence in an import alone, which is then left to the program
IMPORT_EVENTS = {
    "fcntl.flock": "output",
    "fcntl.lockf": "output",
    "os.chmod": "output",
    "os.chown": "output",
    "os.link": "output",
    "os.mkdir": "output",
    "os.remove": "output",
    "os.posix_spawn": "process",
    "os.rename": "output",
    "os.rmdir": "output",
    "os.spawn": "process",
    "os.symlink": "output",
    "os.system": "process",
    "os.truncate": "output",
    "os.utime": "output",
    "socket.getaddrinfo": "network",
    "socket.gethostbyaddr": "network",
    "socket.gethostbyname": "network",
    "socket.getnameinfo": "network",
    "sqlite3.connect": "output",
    "subprocess.Popen": "process",
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
#: functions of `os` whose answer is the file itself: it goes on record, also where there is none
ASKING = ("access", "lstat", "readlink", "stat")
#: what an import may ask of sys.argv, since the launcher can tell it (native/launcher/key.c)
ARGUMENT_SELECTORS = ("argument-0", "argument-count")
#: environment names that say where or how the caller is: as if the import had asked for that
CALLER_NAMES = {"PWD": "folder", "OLDPWD": "folder", "SHLVL": "process-id", "_": "process-id"}
#: what modules draw at import and a child of a host draws anew (warm/renewal.py)
RENEWED = {
    "multiprocessing.process": "entropy",
    "numpy.random": "entropy",
    "subprocess": "process-id",  # from 3.15 on: to try whether it may open a process
}
#: module -> the name that it binds to the absolute path of the working directory at import, and nothing
#: else: a child of a host binds it anew
RENEWED_FOLDERS = {
    "multiprocessing.process": "ORIGINAL_DIR",
    "pip._vendor.rich": "_IMPORT_CWD",
    "rich": "_IMPORT_CWD",
}
#: module -> the name that it binds to a list of sys.argv, encoded, and nothing else: a child of a host
#: fills it anew
RENEWED_ARGUMENTS = {"mercurial.pycompat": "sysargv"}
#: module -> the name that it binds to the umask, and nothing else: the same
RENEWED_UMASKS = {"mercurial.posix": "umask", "mercurial.util": "umask"}
#: what modules of Python's own keep of what they have worked out: binding it is no patch
KEPT_RESULTS = {("sysconfig", "_CONFIG_VARS_INITIALIZED")}
#: what reading a device is
DEVICES = {
    "/dev/hwrng": "entropy",
    "/dev/random": "entropy",
    "/dev/tty": "terminal",
    "/dev/urandom": "entropy",
}
#: below /proc and /sys, what is as it is as long as the machine runs
STABLE_PLACES = (
    "/proc/cpuinfo",
    "/proc/filesystems",
    "/proc/sys/kernel/cap_last_cap",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/ostype",
    "/proc/version",
    "/sys/devices/system/cpu",
    "/sys/devices/system/node",
)
RANDOM_PLACES = "/proc/sys/kernel/random/"
QUIET_DEVICES = ("/dev/null", "/dev/zero", "/dev/full")
#: functions of `_locale` and `time` that tell of a locale, once the program has set one
LOCALE_QUERIES = ("localeconv", "nl_langinfo", "setlocale", "strcoll", "strftime", "strxfrm")
#: what taps tell besides functions of `os` -> what that is
TOLD = {
    "arguments": ("arguments", "sys.argv"),
    "getsignal": ("signals", "signal.getsignal"),
    "print": ("output", "standard stream"),
    "reconfigure": ("output", "reconfigure"),
}
#: what the program changed -> the modules and functions through which an import could tell
CHANGE_QUERIES = {
    "locale": (("_locale", "locale", "time"), LOCALE_QUERIES),
    "signals": (("_signal",), ("getsignal",)),
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
STANDARD_DESCRIPTORS = ((0,), (1,), (2,))


#: reasons that leave an import to the program, and nothing else: they tell of what it asked for, or of
#: what no other import looks at
PASSING = {
    "arguments", "clock", "descriptor", "entropy", "environment", "folder", "locale", "needs-other",
    "output", "patched", "process-id", "process-state", "signals", "terminal", "warnings",
}  # fmt: skip
#: a change of the encoding that text is read in
OTHER_ENCODING = ("locale", "LC_CTYPE")
#: not only read: what comes after depends on it, until it is as it was
CHANGED_ENVIRONMENT = ("environment", "os.environ")
#: code in C sees it, and nothing else
C_ENVIRONMENT = ("environment", "os.putenv")
#: a thread that runs no Python looks at no module
NATIVE_THREAD = ("thread", "started by native code")
#: as libffi does, from 3.5 on, for the first function of Python's that C code is to call
LEFT_DESCRIPTOR = ("descriptor", "a file that stays open")
#: a warning that raises changes what an import comes to; any other one is output
RAISING_FILTERS = ("warnings", "error")
LASTING = {OTHER_ENCODING, RAISING_FILTERS, CHANGED_ENVIRONMENT, C_ENVIRONMENT}


def is_passing(cause: "Cause") -> bool:
    """Whether *cause* matters to the import that it was found in, and to no other."""
    if cause[0] == "thread":
        return cause == NATIVE_THREAD
    if cause[0] in {"network", "process"}:
        return cause[1].partition(" ")[0] in {*IMPORT_EVENTS, "os.register_at_fork"}
    return cause[0] in PASSING and cause not in LASTING


def judge_event(event: str, arguments: "tuple[object, ...]") -> "Cause | None":
    """What stands against all imports after *event*; None if nothing does."""
    reason = EVENTS.get(event)
    if reason is None or (event == "socket.bind" and has_no_port(arguments[1])):
        return None
    return reason, describe_event(event, arguments)


def has_no_port(address: object) -> bool:
    """Whether a socket is bound to *address* only to see if it can be: the kernel picks the port."""
    return isinstance(address, tuple) and len(address) > 1 and address[1] == 0


def is_about_encoding(name: str, arguments: "tuple[object, ...]") -> bool:
    """Whether a locale query asks for what no import ahead may have seen changed."""
    return name == "nl_langinfo" and arguments[:1] == (CODESET,)


def describe_effect(detail: str, within: str) -> str:
    """*detail* of an effect, and the module that had it, if that was *within* the one at hand."""
    return f"{detail} in {within}" if within else detail


def describe_event(event: str, arguments: "tuple[object, ...]") -> str:
    shown = [describe_argument(argument) for argument in arguments if has_word(argument)]
    return " ".join([event, *shown[:1]])


def has_word(argument: object) -> bool:
    return isinstance(argument, str | bytes) and argument != ""


def describe_argument(argument: object) -> str:
    return os.fsdecode(argument) if isinstance(argument, str | bytes) else ""


def judge_opening(event: str, path: str, arguments: "tuple[object, ...]") -> "Cause | None":
    """What stands against an import that opens or changes *path*; None if it only reads it."""
    if path in QUIET_DEVICES or (event == "sqlite3.connect" and path == ":memory:"):
        return None
    if event in IMPORT_EVENTS:
        is_quiet = event.startswith("socket.get") and is_number(path)
        return None if is_quiet else (IMPORT_EVENTS[event], describe_event(event, arguments))
    if event == "open" and (not path or is_writing(arguments[2])):
        return ("output", path) if path else None
    return judge_place(path)


def judge_place(path: str) -> "Cause | None":
    """What stands against an import that reads the file or folder at *path*."""
    if path in DEVICES:
        return DEVICES[path], path
    if is_of_process(path):
        return "process-id", path
    if path.startswith(RANDOM_PLACES):
        return "entropy", path
    is_moving = path.startswith(("/proc/", "/sys/")) and not path.startswith(STABLE_PLACES)
    return ("process-state", path) if is_moving else None


def judge_asking(name: str, path: "str | None") -> "Cause | None":
    """What stands against an import that asks for the file at *path* (None: it cannot be told which)."""
    if path is None:
        return "folder", f"os.{name}"
    return ("process-id", path) if is_of_process(path) else None


def find_asked(arguments: "tuple[object, ...]") -> "str | None":
    """The path that a function of ASKING is called with; empty for a descriptor, or for none at all."""
    if not arguments:
        return None
    try:
        asked = os.fspath(arguments[0])  # type: ignore[call-overload]  # whatever the program gives
    except TypeError:
        return ""
    return os.fsdecode(asked)


def is_number(host: str) -> bool:
    """Whether *host* is looked up without asking anybody."""
    return not host or ":" in host or not host.strip("0123456789.")


def is_writing(flags: object) -> bool:
    return isinstance(flags, int) and flags & WRITING != 0


def is_of_process(path: str) -> bool:
    word = path[len("/proc/") :].partition("/")[0] if path.startswith("/proc/") else ""
    return word in {"self", "thread-self"} or word.isdecimal()


def is_on_record(path: str) -> bool:
    """Whether the file at *path* can be told to be as it was."""
    return not path.startswith(("/proc/", "/sys/", "/dev/"))


def judge_query(name: str, arguments: "tuple[object, ...]", module: str) -> "Cause | None":
    """What stands against *module*, which called the function *name* when it was imported."""
    if name in TOLD:
        return None if name == "print" and arguments[:1] in {("",), (b"",)} else TOLD[name]
    if name in LOCALE_QUERIES:
        return None if is_about_encoding(name, arguments) else ("locale", name)
    if name in {"isatty", "write"} and (arguments[:1] in STANDARD_DESCRIPTORS) != (name == "write"):
        return None
    reason = QUERIES[name]
    if (reason == "folder" and module in RENEWED_FOLDERS) or (
        name == "umask" and module in RENEWED_UMASKS
    ):
        return None
    if any(reason == renewed for known, renewed in RENEWED.items() if module.startswith(known)):
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
