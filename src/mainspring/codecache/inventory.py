"""Lists what the user's cache holds, for the commands that look after it.

Not on a start's path.  Nothing is followed through a link, and a folder that goes away meanwhile, as
the sweep lets empty ones go, is passed over.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from mainspring.codecache.key import ENTRY_SUFFIX
from mainspring.codecache.origin import find_script, read_interpreter


@dataclass(frozen=True)
class Item:
    """An entry in the user's cache.

    *path* is relative to the cache's folder; *size* is in bytes; *used_at*, in seconds since the epoch,
    is the time of its last use, to a day.
    """

    path: str
    build: str
    script: str
    variant: str
    size: int
    used_at: float


def list_builds(root: int) -> dict[str, str | None]:
    """Each build that the cache open at *root* has a folder for, and the interpreter it belongs to.

    The interpreter is None where that is not known.
    """
    with os.scandir(root) as found:
        builds = sorted(
            entry.name
            for entry in found
            if entry.is_dir(follow_symlinks=False) and not entry.name.startswith("%")
        )
    return {build: read_interpreter(root, build) for build in builds}


def list_entries(root: int) -> Iterator[Item]:
    """The entries in the cache open at *root*, of all builds."""
    for build in list_builds(root):
        try:
            yield from list_build(root, build)
        except FileNotFoundError:
            continue  # os.fwalk passes over all folders that go but the first


def list_build(root: int, build: str) -> Iterator[Item]:
    for folder, _, names, descriptor in os.fwalk(build, dir_fd=root):
        for name in names:
            if name.endswith(ENTRY_SUFFIX) and "%" in name:
                item = describe_entry(f"{folder}/{name}", build, descriptor, name)
                if item is not None:
                    yield item


def describe_entry(path: str, build: str, folder: int, name: str) -> Item | None:
    try:
        status = os.lstat(name, dir_fd=folder)
    except OSError:
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    variant = name[name.rindex("%") + 1 : -len(ENTRY_SUFFIX)]
    return Item(path, build, find_script(path), variant, status.st_size, status.st_mtime)
