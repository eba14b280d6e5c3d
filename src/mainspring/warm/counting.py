"""Warm starts are counted where all starts are, by their host: with the time that it took to come to be.

That is the processor's: a cold start takes at least as long, whatever else the machine was doing.
"""

import os

from mainspring.codecache.counters import LOG_LIMIT, LOG_NAME, count_start
from mainspring.places import Refused, make_cache_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.codecache.lookup import Cache


#: beyond this, nothing is added until it is summed up: where all starts are warm, nobody does that
LONGEST_LOG = 4 * LOG_LIMIT


def count_warm_starts(cache: "Cache | None", number: int, saved_us: int, program: str) -> None:
    """Add *number* starts of *program* to the user's counts; best effort.

    The next start that CPython is to make itself sums up what has become long.
    """
    if cache is None:
        return
    try:
        folder = make_cache_folder(cache.path, cache.user)
    except (OSError, Refused):
        return
    try:
        for _ in range(number):
            if measure_log(folder) < LONGEST_LOG:
                count_start(folder, "warm", saved_us * 1000, 0, program)
    except OSError:
        pass  # full, say
    finally:
        os.close(folder)


def measure_log(folder: int) -> int:
    """Its size.  Raises OSError."""
    try:
        return os.stat(LOG_NAME, dir_fd=folder, follow_symlinks=False).st_size
    except FileNotFoundError:
        return 0
