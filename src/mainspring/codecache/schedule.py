"""When the sweep is due is kept in the times of its state file: one lstat tells a start.

    mtime := when a start that uses an entry gives the sweep a slice
    atime := when a start that makes one does

On a start's path.
"""

import os

SWEEP_STATE = "%sweep"
# between two slices of a pass: at most 2 % of the time goes to it, however many starts there are
SLICE_PAUSE = 0.05
# between two passes over a cache that is within its bound: what made it grow hastens the next
GROWTH_PAUSE = 10.0
PASS_PAUSE = 60.0
# due this far ahead, the clock was set back
CLOCK_WAS_SET = 3600.0


def is_due(root: int, now: float, *, grew: bool) -> bool:
    """Whether a start at *now* gives the sweep of the cache open at *root* a slice.

    *grew* says that it made an entry.  Raises OSError.
    """
    try:
        status = os.lstat(SWEEP_STATE, dir_fd=root)
    except FileNotFoundError:
        if grew:
            begin_schedule(root, now)
        return False
    due = status.st_atime if grew else status.st_mtime
    return now >= due or due > now + CLOCK_WAS_SET


def begin_schedule(root: int, now: float) -> None:
    """There is nothing to sweep at first.  Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    descriptor = os.open(SWEEP_STATE, flags, 0o600, dir_fd=root)
    try:
        os.utime(descriptor, choose_due(now, is_over=False, is_underway=False))
    finally:
        os.close(descriptor)


def choose_due(now: float, *, is_over: bool, is_underway: bool) -> tuple[float, float]:
    """When the next slice is due, as (atime, mtime), after one at *now*.

    At every start while the cache is over its bound.
    """
    if is_over:
        return 0.0, 0.0
    if is_underway:
        return now + SLICE_PAUSE, now + SLICE_PAUSE
    return now + GROWTH_PAUSE, now + PASS_PAUSE
