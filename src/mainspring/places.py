"""Folders are opened without following a link, and judged by their descriptors.

What was judged is what is then used: every later step names files relative to the descriptor, so
nothing can be exchanged in between.  On a start's path.
"""

import os
import stat

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from mainspring.reasons import Reason

OPEN_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# O_NONBLOCK: opening a FIFO that was put in a file's place must not wait for its other end
OPEN_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
OPEN_LOCK = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
WRITABLE_BY_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class Refused(Exception):
    """A folder or file that is not to be used, for a reason."""

    def __init__(self, reason: "Reason", path: str) -> None:
        self.reason = reason
        self.path = path
        super().__init__(f"{path}: {reason}")


def has_set_id() -> bool:
    """Whether the process runs with the rights of another than who started it."""
    return os.getuid() != os.geteuid() or os.getgid() != os.getegid()


def judge_owner(
    status: os.stat_result, owners: "Collection[int]", modes: int = WRITABLE_BY_OTHERS
) -> "Reason | None":
    """Why what *status* describes could have been written by somebody else, or None."""
    if status.st_uid not in owners:
        return "other-owner"
    if status.st_mode & modes:
        return "writable-by-others"
    return None


def open_folder(
    path: str, owners: "Collection[int]", parent: int | None = None, modes: int = WRITABLE_BY_OTHERS
) -> int:
    """A descriptor of the folder *path*, trusted if its mode has none of *modes*.

    Raises Refused, or FileNotFoundError.
    """
    try:
        descriptor = os.open(path, OPEN_FOLDER, dir_fd=parent)
    except FileNotFoundError:
        raise
    except NotADirectoryError:
        raise Refused("not-a-folder", path) from None
    except OSError:
        raise Refused("no-access", path) from None
    reason = judge_owner(os.fstat(descriptor), owners, modes)
    if reason is None:
        return descriptor
    os.close(descriptor)
    raise Refused(reason, path)


def open_tree(root: int, folders: "Iterable[str]", owners: "Collection[int]") -> int:
    """A descriptor of the folder that *folders* lead to below *root*, each of them judged.

    Raises Refused, or FileNotFoundError.
    """
    current = os.dup(root)
    try:
        for name in folders:
            below = open_folder(name, owners, current)
            os.close(current)
            current = below
    except BaseException:
        os.close(current)
        raise
    return current


def make_tree(root: int, folders: "Iterable[str]", owners: "Collection[int]") -> int:
    """As open_tree, but makes the folders that are missing, for the user alone."""
    current = os.dup(root)
    try:
        for name in folders:
            below = make_folder(name, owners, current)
            os.close(current)
            current = below
    except BaseException:
        os.close(current)
        raise
    return current


def make_folder(path: str, owners: "Collection[int]", parent: int | None = None) -> int:
    """A descriptor of the trusted folder *path*, made first if it is missing."""
    try:
        return open_folder(path, owners, parent)
    except FileNotFoundError:
        try:
            os.mkdir(path, 0o700, dir_fd=parent)
        except FileExistsError:
            pass
        return open_folder(path, owners, parent)


def make_cache_folder(path: str, user: int) -> int:
    """A descriptor of the user's cache folder, made with its parents if it is missing.

    It is only made below a folder that is root's or the user's: root, started with another user's
    HOME, would leave folders there that their owner cannot write to.  Raises Refused or OSError.
    """
    try:
        return open_folder(path, (user,))
    except FileNotFoundError:
        make_parents(os.path.dirname(path), user)
        return make_folder(path, (user,))


def make_parents(path: str, user: int) -> None:
    """Make the folders that lead to a cache folder.  Raises Refused or OSError."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        make_parents(os.path.dirname(path), user)
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
        return
    if status.st_uid not in (0, user):
        raise Refused("other-owner", path)


def try_lock(root: int, name: str) -> int | None:
    """A descriptor that holds the lock file *name*, or None if another process does.

    Raises OSError.
    """
    descriptor = os.open(name, OPEN_LOCK, 0o600, dir_fd=root)
    try:
        os.lockf(descriptor, os.F_TLOCK, 0)
    except BaseException as error:
        os.close(descriptor)
        if isinstance(error, (BlockingIOError, PermissionError)):
            return None
        raise
    return descriptor


def read_trusted_file(
    folder: int, name: str, owners: "Collection[int]"
) -> "tuple[bytes, os.stat_result]":
    """The content and status of the trusted file *name*; closes *folder*.

    Raises Refused, FileNotFoundError, or OSError.
    """
    try:
        descriptor = os.open(name, OPEN_FILE, dir_fd=folder)
    finally:
        os.close(folder)
    try:
        status = os.fstat(descriptor)
        reason = judge_owner(status, owners)
        if not stat.S_ISREG(status.st_mode):
            reason = "not-a-file"
        if reason is not None:
            raise Refused(reason, name)
        return read_file(descriptor), status
    finally:
        os.close(descriptor)


def read_file(descriptor: int) -> bytes:
    """All that the file open at *descriptor* holds, from where it stands."""
    size = os.fstat(descriptor).st_size + 1
    content = os.read(descriptor, size)
    if len(content) < size:
        return content
    parts = [content]
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def write_file(descriptor: int, content: bytes) -> None:
    """Write all of *content*.  Raises OSError."""
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
