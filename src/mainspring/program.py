"""Finds out what is about to run: a script file that a start may take from the cache, or not.

On a start's path.
"""

import os
import stat
import sys

from mainspring.codecache.lookup import Source
from mainspring.places import Refused, has_set_id
from mainspring.settings import is_off

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_SCRIPTS = ("", "-", "-c", "-m")
DEVICE_FOLDERS = ("/dev/", "/proc/")
#: -X options under which the interpreter reports on its own start, and their environment names
OBSERVING = {
    "importtime": "PYTHONPROFILEIMPORTTIME",
    "tracemalloc": "PYTHONTRACEMALLOC",
    "showrefcount": "PYTHONDUMPREFS",
}


def name_program() -> str:
    """The absolute path of this start's script, as CPython forms it, or what stands for one."""
    name = sys.argv[0]
    if name in NOT_SCRIPTS or name.startswith("/"):
        return name
    return f"{os.getcwd()}/{name}"


def check_start(environment: "Mapping[str, str]") -> None:
    """Raise Refused for a start that is CPython's own."""
    name = sys.argv[0]
    if is_off(environment):
        raise Refused("off", name)
    if has_set_id():
        raise Refused("set-id", name)
    if name in NOT_SCRIPTS or sys.orig_argv[-len(sys.argv) :] != sys.argv:
        raise Refused("no-script", name)
    if sys.flags.inspect or sys.flags.interactive:
        raise Refused("interactive", name)
    if is_observed(environment):
        raise Refused("observed", name)
    if skips_first_line(sys.orig_argv[1 : -len(sys.argv)]):
        raise Refused("skips-first-line", name)


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


def open_source(script: str, least: int) -> Source:
    """The source of *script*, if a start of it may use the cache: of *least* bytes.  Raises Refused."""
    if script.endswith(".pyc"):
        raise Refused("compiled", script)
    try:
        source = Source(script)
    except (OSError, ValueError):
        raise Refused("no-source", script) from None
    if not stat.S_ISREG(source.status.st_mode) or script.startswith(DEVICE_FOLDERS):
        raise Refused("not-a-file", script)
    if source.status.st_size < least:
        raise Refused("small", script)
    return source
