"""Sums up the log of starts, per program and outcome, in a file of its own.

    sums := [SINCE LF] (OUTCOME TAB STARTS TAB SAVED_US TAB SPENT_US TAB PROGRAM LF)*

SINCE is the time of the first start, in seconds since the epoch.  The programs that gained least are
summed under the empty name once there are more than KEPT_PROGRAMS.
"""

import os
import time

from mainspring.codecache.counters import LOG_NAME
from mainspring.codecache.writer import replace_file
from mainspring.places import OPEN_FILE, read_file, try_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    Sums = dict[tuple[str, bytes], list[int]]

SUMS_NAME = "%sums"
TALLY_LOCK_NAME = "%sums-lock"
TAKEN_PREFIX = "%starts-"
KEPT_PROGRAMS = 1000
RIPE_SECONDS = 2.0
MOST_DIGITS = 30  # more than any sum comes to


def sum_up(root: int) -> None:
    """Fold the log into the sums, unless another start is about it; best effort."""
    try:
        lock = try_lock(root, TALLY_LOCK_NAME)
        if lock is None:
            return
        try:
            fold_logs(root)
        finally:
            os.close(lock)
    except OSError:
        pass


def fold_logs(root: int) -> None:
    """Fold the logs that were taken a while ago, and take the one at hand.

    A start may have opened a log and not yet written to it when it is taken.
    """
    ripe = time.time() - RIPE_SECONDS
    names = [name for name in list_taken(root) if os.lstat(name, dir_fd=root).st_mtime < ripe]
    sums = read_sums(root)
    for name in names:
        add_starts(sums, read_lines(root, name))
    replace_file(root, SUMS_NAME, format_sums(limit_programs(sums), read_since(root)))
    for name in names:
        os.unlink(name, dir_fd=root)
    taken = f"{TAKEN_PREFIX}{os.getpid()}-{time.time_ns():x}"
    try:
        os.rename(LOG_NAME, taken, src_dir_fd=root, dst_dir_fd=root)
    except FileNotFoundError:
        pass


def list_taken(root: int) -> list[str]:
    return [name for name in os.listdir(root) if name.startswith(TAKEN_PREFIX)]


def read_totals(root: int) -> "Sums":
    """All starts so far, not summed up or summed: (outcome, program) -> [starts, us, us]."""
    sums = read_sums(root)
    for name in (*list_taken(root), LOG_NAME):
        add_starts(sums, read_lines(root, name))
    return sums


def read_since(root: int) -> float | None:
    """The time of the first start that was counted, in seconds since the epoch, or None."""
    for fields in read_lines(root, SUMS_NAME)[:1]:
        if is_head(fields):
            return float(fields[0])
    times = [
        float(fields[3])
        for name in (*list_taken(root), LOG_NAME)
        for fields in read_lines(root, name)
        if is_counted(fields)
    ]
    return min(times, default=None)


def is_head(fields: "list[bytes]") -> bool:
    return len(fields) == 1 and is_number(fields[0])


def is_counted(fields: "list[bytes]") -> bool:
    """Whether *fields* are those of a line in the log."""
    return len(fields) == 5 and all(is_number(field) for field in fields[1:4])


def is_number(field: bytes) -> bool:
    """Whether *field* is a number that a start may have written; int() refuses longer ones."""
    return field.isdigit() and len(field) <= MOST_DIGITS


def read_lines(root: int, name: str) -> "list[list[bytes]]":
    try:
        descriptor = os.open(name, OPEN_FILE, dir_fd=root)
    except FileNotFoundError:
        return []
    try:
        content = read_file(descriptor)
    finally:
        os.close(descriptor)
    return [line.split(b"\t") for line in content.split(b"\n")]


def read_sums(root: int) -> "Sums":
    sums: Sums = {}
    for fields in read_lines(root, SUMS_NAME):
        if is_counted(fields):
            outcome, program = os.fsdecode(fields[0]), fields[4]
            add_to(sums, (outcome, program), [int(field) for field in fields[1:4]])
    return sums


def count_damaged(root: int) -> int:
    """How many lines of the sums are not as sum_up writes them.  Raises OSError."""
    lines = [fields for fields in read_lines(root, SUMS_NAME) if fields != [b""]]
    has_head = bool(lines) and is_head(lines[0])
    return len(lines) - has_head - len(read_sums(root))


def add_starts(sums: "Sums", lines: "Iterable[list[bytes]]") -> None:
    for fields in lines:
        if is_counted(fields):
            outcome, program = os.fsdecode(fields[0]), fields[4]
            add_to(sums, (outcome, program), [1, int(fields[1]), int(fields[2])])


def add_to(sums: "Sums", key: "tuple[str, bytes]", amounts: "list[int]") -> None:
    before = sums.get(key, [0, 0, 0])
    sums[key] = [old + new for old, new in zip(before, amounts, strict=True)]


def limit_programs(sums: "Sums") -> "Sums":
    if len(sums) <= KEPT_PROGRAMS:
        return sums
    by_gain = sorted(sums.items(), key=lambda item: item[1][1], reverse=True)
    limited = dict(by_gain[:KEPT_PROGRAMS])
    for (outcome, _), amounts in by_gain[KEPT_PROGRAMS:]:
        add_to(limited, (outcome, b""), amounts)
    return limited


def format_sums(sums: "Sums", since: float | None) -> bytes:
    head = b"" if since is None else b"%d\n" % since
    return head + b"".join(
        b"%b\t%d\t%d\t%d\t%b\n" % (os.fsencode(outcome), starts, saved, spent, program)
        for (outcome, program), (starts, saved, spent) in sums.items()
    )
