"""A path leads to the first regular file on it, and never out of the tree it is looked up in.

The kernel resolves the path, links and all, to a descriptor (O_PATH, which opens nothing), and says
where that is (/proc/self/fd); the answer is compared with where the tree's root is.  What remains:
whoever may write to the tree can put a link into the file's place after this look, and the start, which
goes by the path, follows it.  That one could as well change the script.

A hot script costs five system calls: open, fstat, readlink and close of it, and stat of the root.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from typing import NamedTuple

from mainspring.gateway.refusals import Refusal

OPEN_PATH = os.O_PATH | os.O_CLOEXEC
SEGMENT_END = re.compile(r"(?<=[^/])(?=/|$)")


class Place(NamedTuple):
    """An open file or folder, and where on the path it was."""

    descriptor: int
    status: os.stat_result
    path: str  # with no link in it
    end: int  # of its name, on the path that led here

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.status.st_mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.status.st_mode)


def open_first(path: str, start: int, likely_end: int) -> Place:
    """Open the first regular file on *path*, which has a folder's name up to *start*; else its end.

    If a file is at *likely_end*, all before it are folders, and none of them has to be looked at.
    The caller closes its descriptor.  Raises Refusal.
    """
    try:
        return open_likely(path, likely_end) or open_place(path, find_first_file(path, start))
    except (OSError, ValueError) as error:
        raise judge_error(error) from None


def open_likely(path: str, end: int) -> Place | None:
    """The file whose name ends there; None if what is there is none."""
    if not end:
        return None
    try:
        place = open_place(path, end)
    except NotADirectoryError:
        return None
    if place.is_file:
        return place
    os.close(place.descriptor)
    return None


def open_place(path: str, end: int) -> Place:
    descriptor = os.open(path[:end], OPEN_PATH)
    try:
        status = os.fstat(descriptor)
        if status.st_nlink == 0:
            raise FileNotFoundError(path[:end])  # noqa: TRY301 -- it is closed below
        return Place(descriptor, status, os.readlink(f"/proc/self/fd/{descriptor}"), end)
    except BaseException:
        os.close(descriptor)
        raise


def find_first_file(path: str, start: int) -> int:
    """Where the name of the first file that is no folder ends; the path's end if all are folders."""
    for end in SEGMENT_END.finditer(path, start + 1):
        if not stat.S_ISDIR(os.stat(path[: end.start()]).st_mode):
            return end.start()
    return len(path)


def judge_error(error: OSError | ValueError) -> Refusal:
    """Whether there is no such file, or whether it is out of reach."""
    if isinstance(error, PermissionError):
        return Refusal("not-readable", str(error))
    if isinstance(error, OSError) and error.errno in {
        errno.EMFILE,
        errno.ENFILE,
        errno.ENOMEM,
        errno.EIO,
    }:
        return Refusal("failed", str(error))
    return Refusal("no-script", str(error))


class Root:
    """A folder, or a script, by its name; what that leads to may be exchanged at any time."""

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        self._identity: tuple[int, int] | None = None
        self._real = ""

    def resolve(self) -> str:
        """Where it is now, with no link in it.  Raises Refusal."""
        try:
            status = os.stat(self.path)
            if (status.st_dev, status.st_ino) != self._identity:
                self._real = os.path.realpath(self.path, strict=True)
                self._identity = status.st_dev, status.st_ino
        except OSError as error:
            raise judge_error(error) from None
        return self._real

    def locate(self, path: str) -> str | None:
        """*path* as it is below this root, with a slash first; None if it is not below it."""
        real = self.resolve()
        return path[len(real.rstrip("/")) :] if path.startswith(real.rstrip("/") + "/") else None
