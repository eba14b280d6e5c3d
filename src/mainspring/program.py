"""Finds out what is about to run: a script file that a start may take from the cache, or not.

On a start's path.
"""

import os
import stat
import sys

from mainspring.codecache.lookup import Source
from mainspring.settings import is_off, read_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.reasons import Reason

NOT_SCRIPTS = ("", "-", "-c", "-m")
DEVICE_FOLDERS = ("/dev/", "/proc/")
#: -X options under which the interpreter reports on its own start, and their environment names
OBSERVING = {
    "importtime": "PYTHONPROFILEIMPORTTIME",
    "tracemalloc": "PYTHONTRACEMALLOC",
    "showrefcount": "PYTHONDUMPREFS",
}


class Aside(Exception):
    """This start is left to plain CPython, for a reason."""

    def __init__(self, reason: "Reason") -> None:
        self.reason = reason
        super().__init__(reason)


def name_program() -> str:
    """The absolute path of this start's script, as CPython forms it, or what stands for one."""
    name = sys.argv[0]
    if name in NOT_SCRIPTS or name.startswith("/"):
        return name
    return f"{os.getcwd()}/{name}"


def check_start(environment: "Mapping[str, str]") -> None:
    """Raise Aside for a start that is CPython's own."""
    if is_off(environment):
        raise Aside("off")
    if os.getuid() != os.geteuid() or os.getgid() != os.getegid():
        raise Aside("set-id")
    if sys.argv[0] in NOT_SCRIPTS or sys.orig_argv[-len(sys.argv) :] != sys.argv:
        raise Aside("no-script")
    if sys.flags.inspect or sys.flags.interactive:
        raise Aside("interactive")
    if is_observed(environment):
        raise Aside("observed")
    if skips_first_line(sys.orig_argv[1 : -len(sys.argv)]):
        raise Aside("skips-first-line")


def is_observed(environment: "Mapping[str, str]") -> bool:
    """Whether the interpreter was asked to report on its own start, which ours would be part of."""
    if sys.flags.verbose:
        return True
    heeded = {} if sys.flags.ignore_environment else environment
    return any(option in sys._xoptions or heeded.get(name) for option, name in OBSERVING.items())


def skips_first_line(options: list[str]) -> bool:
    """Whether -x is among the interpreter's *options*: no flag tells."""
    rest = iter(options)
    for option in rest:
        if option == "--check-hash-based-pycs":
            next(rest, None)
        elif not option.startswith("--"):
            letters, value_letter, value = split_option(option)
            if "x" in letters:
                return True
            if value_letter and not value:
                next(rest, None)
    return False


def split_option(option: str) -> tuple[str, str, str]:
    """The letters of a cluster such as `-OxWerror`, the letter that takes a value, and that value."""
    for place, letter in enumerate(option):
        if letter in "WX":
            return option[1:place], letter, option[place + 1 :]
    return option[1:], "", ""


def open_source(script: str, environment: "Mapping[str, str]") -> Source:
    """The source of *script*, if a start of it may use the cache.  Raises Aside."""
    if script.endswith(".pyc"):
        raise Aside("compiled")
    try:
        source = Source(script)
    except (OSError, ValueError):
        raise Aside("no-source") from None
    if not stat.S_ISREG(source.status.st_mode) or script.startswith(DEVICE_FOLDERS):
        raise Aside("not-a-file")
    if source.status.st_size < read_size(environment, "MAINSPRING_MIN_SIZE"):
        raise Aside("small")
    return source
