"""The runtime folder is its user's alone, or nothing in it is used.

Hosts, recipes and the records of cold starts lie in it; each is named relative to the descriptor that
was judged.  On a warm start's path: imports nothing that an interpreter has not loaded by itself.
"""

import os
import stat

from mainspring.places import Refused, open_folder
from mainspring.settings import find_runtime_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def open_runtime_folder(environment: "Mapping[str, str]", *, make: bool = True) -> int:
    """A descriptor of the effective user's runtime folder, made first if it is missing.

    Raises Refused, also where the folder that it would lie in does not exist; without *make*, also
    FileNotFoundError.
    """
    user = os.geteuid()
    path = find_runtime_folder(environment, user)
    try:
        return open_folder(path, (user,), modes=OF_OTHERS)
    except FileNotFoundError:
        if not make:
            raise
    try:
        make_runtime_folder(path, user)
        return open_folder(path, (user,), modes=OF_OTHERS)
    except OSError:
        raise Refused("no-access", path) from None


def make_runtime_folder(path: str, user: int) -> None:
    """Make the folder *path*; the one that it lies in is never made.  Raises OSError."""
    base = os.stat(os.path.dirname(path))
    is_shared = base.st_uid == 0 and base.st_mode & stat.S_ISVTX
    if base.st_uid != user and not is_shared:
        raise PermissionError(path)  # root would leave a folder there that its owner cannot use
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        pass
