"""Walks the user's cache from its deepest folders up, each of them opened and judged from the top.

Nothing is followed through a link, and no more than one folder is open at a time, however deep they are.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mainspring.places import Refused, open_tree
from mainspring.reasons import Reason

Report = Callable[[str, Reason], None]


@dataclass(frozen=True)
class Folder:
    """A folder of the cache: its path relative to it, its descriptor, and the files in it."""

    path: str
    descriptor: int
    files: list[str]


def walk_cache(root: int, report: Report) -> Iterator[Folder]:
    """Each folder of the cache open at *root*, after those in it; *report* hears of those refused.

    The folder's descriptor is open until the next is asked for.
    """
    pending = [("", False)]
    while pending:
        path, is_known = pending.pop()
        descriptor = open_judged(root, path, report)
        if descriptor is None:
            continue
        try:
            folders, files = list_names(descriptor)
            if is_known:
                yield Folder(path, descriptor, files)
            else:
                pending.append((path, True))
                pending += [(f"{path}/{name}" if path else name, False) for name in folders]
        finally:
            os.close(descriptor)


def open_judged(root: int, path: str, report: Report) -> int | None:
    try:
        return open_tree(root, split_path(path), (os.geteuid(),))
    except FileNotFoundError:
        return None
    except Refused as refused:
        report(path, refused.reason)
        return None


def split_path(path: str) -> list[str]:
    return path.split("/") if path else []


def list_names(descriptor: int) -> tuple[list[str], list[str]]:
    """The names of the folders, and of all else, in the folder open at *descriptor*."""
    folders: list[str] = []
    files: list[str] = []
    with os.scandir(descriptor) as found:
        for entry in found:
            is_folder = entry.is_dir(follow_symlinks=False)
            (folders if is_folder else files).append(entry.name)
    return folders, files


def remove_empty(root: int, path: str) -> None:
    """Remove the folder *path* of the cache if nothing is in it.  Raises Refused or OSError."""
    with open_parent(root, path) as (parent, name):
        os.rmdir(name, dir_fd=parent)


def remove_file(root: int, path: str) -> None:
    """Remove the file *path* of the cache.  Raises Refused or OSError."""
    with open_parent(root, path) as (parent, name):
        os.unlink(name, dir_fd=parent)


@contextmanager
def open_parent(root: int, path: str) -> Iterator[tuple[int, str]]:
    """A descriptor of the judged folder that *path* is in, and its name there."""
    *parents, name = split_path(path)
    parent = open_tree(root, parents, (os.geteuid(),))
    try:
        yield parent, name
    finally:
        os.close(parent)
