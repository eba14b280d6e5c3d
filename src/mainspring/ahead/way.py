"""Goes to the folders that code is written to, though somebody else may have a hand in the way there.

Root may compile what another user owns.  As in `compileall` links are followed, but a link of theirs
leads no further than to folders of theirs: else it could put their code into the standard library.
"""

import os
import stat

from mainspring.places import OPEN_FOLDER

# O_PATH: one may go through a folder that one may not read
OPEN_STEP = OPEN_FOLDER | getattr(os, "O_PATH", 0)
MOST_LINKS = 40


class Way:
    """A way along folders; *current* is the descriptor of the one that was come to."""

    def __init__(self, start: str) -> None:
        self.current = os.open(start, OPEN_STEP)
        self._links = 0
        self._led_by: int | None = None  # whose link was followed, if it is not root's or ours
        self._is_theirs = False

    def check_end(self, path: str) -> None:
        """Raise PermissionError if another user's link has led, on *path*, to what is not theirs."""
        if self._led_by is not None and not self._is_theirs:
            raise PermissionError(f"{path} is behind a link of another user: it is not followed")

    def step(self, part: str, *, make: bool = False, follow: bool = True) -> None:
        """Go to the folder, or along the link, *part*.  Raises OSError."""
        try:
            below = open_below(self.current, part, make=make)
        except NotADirectoryError:
            link = os.lstat(part, dir_fd=self.current)
            if not follow or not stat.S_ISLNK(link.st_mode):
                raise
            self._follow(link, os.readlink(part, dir_fd=self.current))
            return
        is_theirs = self._is_theirs or os.fstat(below).st_uid == self._led_by
        self._is_theirs = is_theirs and part != ".."
        self._move(below)

    def _follow(self, link: os.stat_result, target: str) -> None:
        suspect = find_suspect(os.fstat(self.current), link)
        self._links += 1
        if self._links > MOST_LINKS or (suspect is not None and self._led_by not in {None, suspect}):
            raise PermissionError(f"the link to {target} is not followed")
        if suspect is not None:
            self._led_by, self._is_theirs = suspect, True
        if target.startswith("/"):
            self._is_theirs = False
            self._move(os.open("/", OPEN_STEP))
        for part in split_path(target):
            self.step(part)

    def _move(self, descriptor: int) -> None:
        os.close(self.current)
        self.current = descriptor


def open_way(path: str, *, follow_last: bool = True) -> int:
    """A descriptor of the folder *path*, made first if it is missing.

    *follow_last* says whether that may be a link itself.  Raises OSError.
    """
    way = Way("/" if path.startswith("/") else ".")
    try:
        parts = split_path(path)
        for place, part in enumerate(parts, 1):
            way.step(part, make=True, follow=follow_last or place < len(parts))
        way.check_end(path)
    except BaseException:
        os.close(way.current)
        raise
    return way.current


def open_below(folder: int, name: str, *, make: bool) -> int:
    try:
        return os.open(name, OPEN_STEP, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
    try:
        os.mkdir(name, dir_fd=folder)
    except FileExistsError:
        pass  # another process was faster
    return os.open(name, OPEN_STEP, dir_fd=folder)


def find_suspect(folder: os.stat_result, link: os.stat_result) -> int | None:
    """Who else could have put *link* into *folder*; None if nobody."""
    owners = [status.st_uid for status in (folder, link) if status.st_uid not in {0, os.geteuid()}]
    return owners[0] if owners else None


def choose_mode(path: str, source: os.stat_result) -> int:
    """The mode of the *source* at *path*, from which that of its code is taken.

    Another user's link to what is not theirs gives them nothing to read: what it leads to may lie in a
    folder that they cannot enter.
    """
    owner = os.lstat(path).st_uid
    is_known = owner in {0, os.geteuid(), source.st_uid}
    return source.st_mode if is_known else source.st_mode & stat.S_IRWXU


def split_path(path: str) -> list[str]:
    return [part for part in path.split("/") if part not in {"", "."}]
