"""The log that MAINSPRING_LOG asks for: one line a start.

    line := PROGRAM TAB OUTCOME TAB MILLISECONDS LF

OUTCOME is a verdict, a reason, or both with a space between.  A PROGRAM's control characters are
escaped, as in counters.py.
"""

import os
import stat
import time

from mainspring._native import write_line as native_write
from mainspring.codecache.counters import APPEND_FILE, escape_program
from mainspring.places import has_set_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring._native import Log


def read_clock() -> int:
    """When something began, for the log: nanoseconds, as the native module reads them as well."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


def open_log(target: str) -> tuple[int, bool]:
    """The descriptor of the log *target*, a path or a descriptor number, and whether to close it.

    Raises OSError, or ValueError.
    """
    if target.isdecimal():
        return int(target), False
    if has_set_id():
        raise PermissionError(target)  # who set the variable may not be who could open the file
    descriptor = os.open(target, APPEND_FILE, 0o600)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor, True
    os.close(descriptor)
    raise OSError(target)


def prepare_log(target: str, program: str, outcome: str, verdict: str, began: int) -> "Log | None":
    """What the native module needs to write the line; None if the log cannot be opened."""
    try:
        descriptor, is_own = open_log(target)
    except (OSError, ValueError):
        return None
    return descriptor, is_own, escape_program(program), outcome.encode(), verdict.encode(), began


def write_line(target: str, program: str, outcome: str, began: int) -> None:
    """Append the line to *target*, a path or a descriptor number.  Raises nothing."""
    milliseconds = (read_clock() - began) / 1e6
    line = b"%b\t%b\t%.3f\n" % (escape_program(program), outcome.encode(), milliseconds)
    try:
        descriptor, is_own = open_log(target)
        native_write(descriptor, line)
        if is_own:
            os.close(descriptor)
    except (OSError, ValueError, OverflowError):
        pass
