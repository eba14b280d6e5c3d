"""What a host's imports come past is noted as they do: what is missing has no time of its own.

The time of a file tells whether it was changed since.  Of one that is not there, only that of its folder
would tell, which is the time of all that is in it: a home changes all the time.

What came between the look and the import's own, a moment later, and went again before the watch, is not
seen.
"""

import os

from mainspring._warm import sign_names
from mainspring.warm.watchplan import WatchPlan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


class Sight(WatchPlan):
    """The signatures of paths, and of all on the way to them, as each was when it was first asked for.

    What has a time and was not asked for is to be as it was at *since_ns* by the wall clock.
    """

    def __init__(self, since_ns: int, files: "Iterable[str]" = ()) -> None:
        super().__init__((), (), set(), ())
        self.since_ns = since_ns
        self.signatures: dict[str, bytes] = {}
        self.changed: str | None = None  # a path that was not the same each time
        for path in files:
            self.note(path)

    def note(self, path: str) -> None:
        """Look at *path*, for which somebody is about to ask."""
        is_known = path in self.real
        real = self.follow(path)
        if is_known and self.signatures.get(real, b"") not in {b"", sign_path(real)}:
            self.changed = path

    def come_past(self, folder: str, name: str) -> None:
        path = f"{folder.rstrip('/')}/{name}"
        self.signatures.setdefault(path, sign_path(path))


def sign_path(path: str) -> bytes:
    folder, _, name = path.rpartition("/")
    return sign_names(folder or "/", os.fsencode(name) + b"\0")
