"""The log that MAINSPRING_LOG asks for: one line a start.

    line := PROGRAM TAB OUTCOME TAB MILLISECONDS LF

OUTCOME is a verdict, a reason, or both with a space between.  A PROGRAM's control characters are
escaped, as in counters.py.
"""

import os
import stat

from mainspring.codecache.counters import APPEND_FILE, escape_program
from mainspring.places import has_set_id


def write_line(target: str, program: str, outcome: str, nanoseconds: int) -> None:
    """Append the line to *target*, a path or a descriptor number.  Raises nothing."""
    line = b"%b\t%b\t%.3f\n" % (escape_program(program), outcome.encode(), nanoseconds / 1e6)
    try:
        if target.isdecimal():
            os.write(int(target), line)
        elif not has_set_id():  # who set the variable may not be who could open the file
            append_line(target, line)
    except (OSError, ValueError, OverflowError):
        pass


def append_line(path: str, line: bytes) -> None:
    descriptor = os.open(path, APPEND_FILE | os.O_NONBLOCK, 0o600)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.write(descriptor, line)
    finally:
        os.close(descriptor)
