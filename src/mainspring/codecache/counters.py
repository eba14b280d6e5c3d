"""Each start leaves one line in a log beside the entries; the log is summed up now and then.

    line := OUTCOME TAB SAVED_US TAB SPENT_US TAB SECONDS TAB PROGRAM LF

OUTCOME is a verdict, a reason, or both.  SECONDS is the time of the start, since the epoch.  SAVED_US
is what compiling the script once took, where a start did without; SPENT_US what Mainspring took of this
start.  A PROGRAM's control characters are escaped.  One write with O_APPEND keeps lines whole.  On a
start's path; summing up is in tally.py.
"""

import os
import time

LOG_NAME = "%starts"
# O_NONBLOCK: a FIFO in the log's place must not make a start wait for a reader
APPEND_FILE = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# a log this long is summed up by the start that finds it so: about a millisecond, for 800 starts
LOG_LIMIT = 64 * 1024
ESCAPES = {92: "\\\\", 9: "\\t", 10: "\\n", 13: "\\r"}


def escape_program(program: str) -> bytes:
    """*program* on one line, without tabs; bytes that are not text stay as they are."""
    if not program.isprintable() or "\\" in program:
        program = program.translate(ESCAPES)
        program = "".join(
            f"\\x{ord(character):02x}" if ord(character) < 32 or ord(character) == 127 else character
            for character in program
        )
    return os.fsencode(program)


def count_start(root: int, outcome: str, saved_ns: int, spent_ns: int, program: str) -> bool:
    """Add a start to the log in the cache open at *root*; whether it is time to sum up.

    Raises OSError.
    """
    line = b"%b\t%d\t%d\t%d\t%b\n" % (
        outcome.encode(), saved_ns // 1000, spent_ns // 1000, time.time(), escape_program(program)
    )  # fmt: skip
    descriptor = os.open(LOG_NAME, APPEND_FILE, 0o600, dir_fd=root)
    try:
        os.write(descriptor, line)
        return os.lseek(descriptor, 0, os.SEEK_CUR) > LOG_LIMIT
    finally:
        os.close(descriptor)
