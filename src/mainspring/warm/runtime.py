"""The runtime folder is its user's alone, or nothing in it is used.

Hosts, recipes and the records of cold starts lie in it; each is named relative to the descriptor that
was judged.  On a warm start's path: imports nothing that an interpreter has not loaded by itself.
"""

import os
import stat

from mainspring.places import OPEN_FOLDER, Refused
from mainspring.settings import find_runtime_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.reasons import Reason

OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_runtime_folder(environment: "Mapping[str, str]") -> int:
    """A descriptor of the effective user's runtime folder, made first if it is missing.

    Raises Refused, also where the folder that it would lie in does not exist.
    """
    user = os.geteuid()
    path = find_runtime_folder(environment, user)
    try:
        descriptor = open_or_make(path)
    except NotADirectoryError:
        raise Refused("not-a-folder", path) from None
    except OSError:
        raise Refused("no-access", path) from None
    reason = judge_private(os.fstat(descriptor), user)
    if reason is None:
        return descriptor
    os.close(descriptor)
    raise Refused(reason, path)


def open_or_make(path: str) -> int:
    """A descriptor of the folder *path*; the one that it lies in is never made.  Raises OSError."""
    try:
        return os.open(path, OPEN_FOLDER)
    except FileNotFoundError:
        pass
    base = os.stat(os.path.dirname(path))
    is_shared = base.st_uid == 0 and base.st_mode & stat.S_ISVTX
    if base.st_uid != os.geteuid() and not is_shared:
        raise PermissionError(path)  # root would leave a folder there that its owner cannot use
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
    return os.open(path, OPEN_FOLDER)


def judge_private(status: os.stat_result, user: int) -> "Reason | None":
    """Why what *status* describes could have been read or written by somebody else, or None."""
    if status.st_uid != user:
        return "other-owner"
    if status.st_mode & OF_OTHERS:
        return "writable-by-others"
    return None
