"""The size that the entries are kept under: what the environment says, else the user's own limit.

    limit := BYTES LF        in a file of the cache's folder

Read where the sweep runs, and by the commands.
"""

import os

from mainspring.codecache.writer import remove_file, replace_file
from mainspring.places import OPEN_FILE, read_file
from mainspring.settings import read_size

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

BOUND_NAME = "%max-size"
SETTING = "MAINSPRING_MAX_SIZE"


def find_bound(root: int, environment: "Mapping[str, str]") -> int:
    """The bound, in bytes, of the cache open at *root*."""
    if SETTING not in environment:
        limit = read_limit(root)
        if limit is not None:
            return limit
    return read_size(environment, SETTING)


def read_limit(root: int) -> int | None:
    """The limit that the user has set, in bytes, or None."""
    try:
        descriptor = os.open(BOUND_NAME, OPEN_FILE, dir_fd=root)
    except OSError:
        return None
    try:
        return int(read_file(descriptor))
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)


def set_limit(root: int, size: int | None) -> None:
    """Keep *size* bytes as the user's limit; None goes back to the default.  Raises OSError."""
    if size is None:
        remove_file(BOUND_NAME, root)
    else:
        replace_file(root, BOUND_NAME, b"%d\n" % size)
