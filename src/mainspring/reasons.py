"""Every verdict, and every reason to stand aside or not to keep an entry: one table.

The log, `explain`, the documentation and the type checker take their words from here.
"""

from typing import Literal, NamedTuple, get_args

Verdict = Literal["hit", "refreshed", "absent", "stale", "corrupt", "foreign", "untrusted", "warm"]

Reason = Literal[
    "changing",
    "colon-in-path",
    "compiled",
    "disk-full",
    "does-not-compile",
    "environment-too-big",
    "incomplete-install",
    "interactive",
    "internal-error",
    "isolated",
    "main-in-use",
    "moved",
    "name-too-long",
    "no-access",
    "no-cache-folder",
    "no-module",
    "no-native",
    "no-place-beside",
    "no-script",
    "no-site",
    "no-source",
    "not-a-file",
    "not-a-folder",
    "not-python",
    "not-root-s",
    "observed",
    "off",
    "old-python",
    "other-interpreter",
    "other-owner",
    "read-only",
    "read-only-file-system",
    "runpy",
    "set-id",
    "skips-first-line",
    "small",
    "warnings-as-errors",
    "writable-by-others",
    "zip-program",
]

ColdReason = Literal[
    "capabilities",
    "closed-stream",
    "deleted-folder",
    "host-ended",
    "host-full",
    "host-stale",
    "never",
    "no-host",
    "no-runtime-folder",
    "not-a-script",
    "options",
    "other-caller",
    "other-limits",
    "other-terminal",
    "recorded",
    "relative-path",
    "script-interpreter",
    "session-leader",
    "too-much",
    "unknown-caller",
]

Ender = Literal[
    "arguments",
    "audit-hook",
    "checkpoint",
    "clock",
    "descriptor",
    "entropy",
    "environment",
    "failed",
    "folder",
    "import-system",
    "input",
    "locale",
    "needs-other",
    "network",
    "not-always",
    "output",
    "patch",
    "patched",
    "process",
    "process-id",
    "process-state",
    "program-end",
    "signals",
    "site",
    "terminal",
    "thread",
    "warnings",
]

HostEnd = Literal[
    "checkpoint",
    "children",
    "descriptors",
    "effect",
    "environment",
    "error",
    "idle",
    "memory",
    "outdated",
    "second",
    "selection",
    "session",
    "signals",
    "site",
    "stale",
    "stopped",
    "threads",
    "too-many",
    "unplanned",
]


class Row(NamedTuple):
    """What a verdict or reason means, in one line, and what a user can do about it."""

    meaning: str
    remedy: str


NOTHING = "nothing to do"

VERDICTS: dict[str, Row] = {
    "hit": Row("the entry is of the script as it is now", NOTHING),
    "refreshed": Row("the script was touched or copied, its content is the same", NOTHING),
    "absent": Row("there is no entry yet", "the next start has one"),
    "stale": Row("the script was changed since the entry was made", "the next start has a new one"),
    "corrupt": Row("the entry is not what was written", "the next start has a new one"),
    "foreign": Row(
        "the entry was made by another build, or in another format", "the next start has a new one"
    ),
    "untrusted": Row(
        "the entry, or a folder that leads to it, could have been written by somebody else",
        "remove it, or give it to the user and take write access from others",
    ),
}

#: of no look at the cache: the start was forked from a host
VERDICTS["warm"] = Row("the start was forked from a host", NOTHING)

REASONS: dict[str, Row] = {
    "changing": Row("the script changed while it was read", "start it again"),
    "colon-in-path": Row(
        "Mainspring's own folder has a colon in its path", "install it in another folder"
    ),
    "compiled": Row("the program is a .pyc file, which CPython runs as it is", NOTHING),
    "disk-full": Row("there is no room to write the entry", "free some space"),
    "does-not-compile": Row("the script does not compile; CPython says why", "mend the script"),
    "environment-too-big": Row(
        "the environment has no room for what the hook needs", "make the environment smaller"
    ),
    "incomplete-install": Row("files of Mainspring are missing", "install it again"),
    "interactive": Row("the interpreter is to stay after the script (-i)", "start without -i"),
    "internal-error": Row("Mainspring failed", "report it, with the line of the log"),
    "isolated": Row(
        "-I or -E, by an interpreter that can be reached neither by PYTHONPATH nor by its loader",
        "use `mainspring enable` for it",
    ),
    "main-in-use": Row("something filled __main__ before the script", NOTHING),
    "moved": Row("CPython announced another path than the command line led to", NOTHING),
    "name-too-long": Row("the file system has no room for the name of the entry", NOTHING),
    "no-access": Row("the file system refused access", "give the user access to its cache folder"),
    "no-cache-folder": Row(
        "neither HOME nor another setting says where the cache is", "set MAINSPRING_CACHE_DIR"
    ),
    "no-module": Row(
        "there is no such module, or nothing of it that can be run; CPython says why", "check its name"
    ),
    "no-native": Row(
        "the native module cannot be loaded into this interpreter", "install Mainspring for it"
    ),
    "no-place-beside": Row(
        "an entry beside its script has no name for these options of the interpreter",
        "leave out --beside",
    ),
    "no-script": Row("no script file: -c, -m, standard input or a prompt", NOTHING),
    "no-site": Row("-S: the interpreter does not run `site`", "start without -S"),
    "no-source": Row("the script cannot be read; CPython says why", "check its path and mode"),
    "not-a-file": Row("the script is a folder, a pipe or a device", NOTHING),
    "not-a-folder": Row(
        "a file or a link is where a folder of the cache belongs", "remove it, or move the cache"
    ),
    "not-python": Row(
        "its first line names no Python",
        "if it starts a Python script in turn, name that one, by its path",
    ),
    "not-root-s": Row(
        "an image's entry, its script, or a folder that leads to one of them is not root's alone",
        "give all of them to root, and take write access from others",
    ),
    "observed": Row(
        "the interpreter was asked to report on its own start (-v, -X importtime, -X tracemalloc)",
        "start without that option",
    ),
    "off": Row("MAINSPRING=off", "unset MAINSPRING"),
    "old-python": Row("the interpreter is older than 3.11", "use a newer one"),
    "other-interpreter": Row(
        "its `#!` line names another interpreter", "give that interpreter with --python"
    ),
    "other-owner": Row("it belongs to somebody else", "check HOME, or set MAINSPRING_CACHE_DIR"),
    "read-only": Row(
        "-B, PYTHONDONTWRITEBYTECODE or MAINSPRING_READONLY forbids writing", "unset it once"
    ),
    "read-only-file-system": Row("the cache is on a read-only file system", "move the cache"),
    "runpy": Row(
        "the program is a folder or a zip file with a `__main__`, which CPython runs as a module", NOTHING
    ),
    "set-id": Row("the process runs with another user's or group's rights", NOTHING),
    "skips-first-line": Row("-x: the script is not what its file says", "start without -x"),
    "small": Row(
        "compiling so small a script costs less than a look",
        "nothing to do; MAINSPRING_MIN_SIZE says what is small",
    ),
    "warnings-as-errors": Row(
        "the script has compile-time warnings, and a filter turns warnings into errors",
        "mend the warnings",
    ),
    "writable-by-others": Row("others than its owner can write to it", "take that right away"),
    "zip-program": Row("a program in a zip file, which CPython reads by itself", NOTHING),
}

#: why a start that could have been warm was cold
COLD: dict[str, Row] = {
    "capabilities": Row("the caller has capabilities that its user has not", NOTHING),
    "closed-stream": Row("standard input, output or error is closed", NOTHING),
    "deleted-folder": Row("the working directory is deleted, or cannot be read", NOTHING),
    "host-ended": Row("the host ended before the program began", NOTHING),
    "host-full": Row("the host has as many children as it may", NOTHING),
    "host-stale": Row(
        "something that the host has imported was changed", "the next start has a new host"
    ),
    "never": Row("nothing of the program can be imported ahead", "`mainspring explain` says why"),
    "no-host": Row("no host was up", "the next start has one"),
    "no-runtime-folder": Row(
        "there is no folder of the user's own for sockets", "set XDG_RUNTIME_DIR to a folder of mode 0700"
    ),
    "not-a-script": Row("-c, -m, standard input or a prompt", NOTHING),
    "options": Row("an option of the interpreter, or a setting, rules a warm start out", NOTHING),
    "other-caller": Row("the caller is not what the host was made for", NOTHING),
    "other-limits": Row(
        "the caller's limits or priority are out of a host's reach, or its time is limited for good",
        NOTHING,
    ),
    "other-terminal": Row(
        "a standard stream is a terminal, and the session that the start is in has none", NOTHING
    ),
    "recorded": Row("the start was recorded, to learn what may be imported ahead", NOTHING),
    "relative-path": Row("PYTHONPATH has a relative part", "make it absolute"),
    "session-leader": Row("the start leads the session of its terminal", NOTHING),
    "too-much": Row("more descriptors, arguments or environment than can be handed over", NOTHING),
    "unknown-caller": Row("/proc does not say who and where the caller is", NOTHING),
    "script-interpreter": Row(
        "what stands for the interpreter is a script, which may choose another one each time",
        "name the interpreter itself",
    ),
}

#: what ends the run of imports ahead, or keeps a module out of it
ENDERS: dict[str, Row] = {
    "arguments": Row("reads or changes sys.argv", NOTHING),
    "audit-hook": Row("adds an audit hook", NOTHING),
    "checkpoint": Row("calls mainspring.checkpoint()", NOTHING),
    "clock": Row("asks for the time", NOTHING),
    "descriptor": Row("leaves a descriptor open", NOTHING),
    "entropy": Row("draws random numbers that are not drawn anew in each start", NOTHING),
    "environment": Row("changes the environment, or reads all of it", NOTHING),
    "failed": Row("raises an exception", NOTHING),
    "folder": Row("changes the working directory, or asks for it", NOTHING),
    "import-system": Row("changes sys.path, or how modules are found", NOTHING),
    "input": Row("reads standard input", NOTHING),
    "locale": Row("changes the locale", NOTHING),
    "needs-other": Row("is part of, or needs, a module that is left to the program", NOTHING),
    "network": Row("connects or listens", NOTHING),
    "not-always": Row("is not imported, at this place, by every recorded start", NOTHING),
    "output": Row("writes to a file or to a standard stream", NOTHING),
    "patch": Row("replaces a function, class or value of a module that was imported before", NOTHING),
    "patched": Row("may use what the program itself puts into a module", NOTHING),
    "process": Row("starts a process, or is to be told when one is forked", NOTHING),
    "process-state": Row("asks for the process's limits, priority or umask, or changes them", NOTHING),
    "process-id": Row("asks for the number of the process, or of its parent", NOTHING),
    "program-end": Row("the program ended", NOTHING),
    "signals": Row("changes how signals are handled", NOTHING),
    "site": Row("has a sitecustomize or a `.pth` line that asks who starts it, how or where", NOTHING),
    "terminal": Row("asks about a terminal", NOTHING),
    "thread": Row("starts a thread", NOTHING),
    "warnings": Row("changes the filters of warnings", NOTHING),
}

#: why a host ended
HOST_ENDS: dict[str, Row] = {
    "checkpoint": Row("the program did not come to its checkpoint", NOTHING),
    "children": Row("imports ahead left a child process", NOTHING),
    "descriptors": Row("imports ahead left a descriptor open", NOTHING),
    "effect": Row("an import ahead did what no recorded start had shown", "the recipe leaves it out now"),
    "environment": Row("imports ahead changed the environment", NOTHING),
    "error": Row("Mainspring failed", "report it, with the lines of `mainspring hosts log`"),
    "idle": Row("nobody started the program", NOTHING),
    "memory": Row("all hosts together took too much memory", "see MAINSPRING_MAX_HOST_MEMORY"),
    "outdated": Row("programs imported much that no recorded start had", "the next starts are recorded"),
    "second": Row("there is a host for this already", NOTHING),
    "selection": Row(
        "imports ahead read of their caller what had not been read before", "the next host knows it"
    ),
    "session": Row("its terminal session ended", NOTHING),
    "signals": Row("imports ahead changed how signals are handled", NOTHING),
    "site": Row("a sitecustomize or a `.pth` line asks who starts the program, how or where", NOTHING),
    "stale": Row("something that it imported, or the program, was changed", "the next start is recorded"),
    "stopped": Row("`mainspring hosts stop`", NOTHING),
    "threads": Row("imports ahead left a thread", NOTHING),
    "too-many": Row("there were more hosts than may be", "see MAINSPRING_MAX_HOSTS"),
    "unplanned": Row("the start of the program is left to CPython", "`mainspring explain` says why"),
}

assert set(VERDICTS) == set(get_args(Verdict))
assert set(REASONS) == set(get_args(Reason))
assert set(COLD) == set(get_args(ColdReason))
assert set(ENDERS) == set(get_args(Ender))
assert set(HOST_ENDS) == set(get_args(HostEnd))
