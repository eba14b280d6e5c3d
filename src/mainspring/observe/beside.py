"""Entries beside scripts, in their `__pycache__`, of all builds.

What CPython keeps there itself has no trailer of ours, and is left alone.
"""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from mainspring.codecache.entry import MARK, TRAILER_SIZE
from mainspring.codecache.key import CPYTHON_VARIANTS, ENTRY_SUFFIX
from mainspring.places import OPEN_FILE, OPEN_FOLDER, open_folder

OWN_MARK = MARK[:6]  # of every version of the format


@dataclass(frozen=True)
class BesideEntry:
    """An entry in the `__pycache__` beside *script*; *tag* and *variant* are what its name says."""

    folder: str
    name: str
    script: str
    tag: str
    variant: str
    size: int

    @property
    def path(self) -> str:
        return f"{self.folder}/{self.name}"


def list_beside(script: str) -> Iterator[BesideEntry]:
    """The entries beside *script*, an absolute path, to be trusted or not."""
    folder, _, name = script.rpartition("/")
    stem = name[:-3] if name.endswith(".py") else f"{name}%"
    try:
        descriptor = os.open(f"{folder}/__pycache__", OPEN_FOLDER)
    except OSError:
        return
    try:
        for found in sorted(os.listdir(descriptor)):
            marks = split_marks(found, stem)
            size = measure_entry(found, descriptor) if marks else None
            if marks and size is not None:
                yield BesideEntry(f"{folder}/__pycache__", found, script, *marks, size)
    finally:
        os.close(descriptor)


def open_beside(script: str) -> int:
    """A descriptor of the trusted `__pycache__` beside *script*.  Raises Refused or OSError."""
    return open_folder(f"{script.rpartition('/')[0]}/__pycache__", find_owners(script))


def find_owners(script: str) -> set[int]:
    """Who may own what a start finds beside *script*."""
    owners = {0, os.geteuid()}
    try:
        owners.add(os.stat(script).st_uid)
    except OSError:
        pass
    return owners


def split_marks(name: str, stem: str) -> tuple[str, str] | None:
    """The cache tag and the variant that follow *stem* in an entry's *name*, or None."""
    if not (name.startswith(f"{stem}.") and name.endswith(ENTRY_SUFFIX)):
        return None
    tag, _, variant = name[len(stem) + 1 : -len(ENTRY_SUFFIX)].partition(".")
    return (tag, variant) if tag and variant in CPYTHON_VARIANTS else None


def measure_entry(name: str, folder: int) -> int | None:
    """The size of *name* in bytes, if it is a file of ours: by its trailer, or by its name alone."""
    try:
        descriptor = os.open(name, OPEN_FILE, dir_fd=folder)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
        is_own = stat.S_ISREG(status.st_mode) and ("%" in name or has_trailer(descriptor, status.st_size))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return status.st_size if is_own else None


def has_trailer(descriptor: int, size: int) -> bool:
    if size < TRAILER_SIZE:
        return False
    return os.pread(descriptor, TRAILER_SIZE, size - TRAILER_SIZE)[72:78] == OWN_MARK


def remove_beside(entry: BesideEntry) -> None:
    """Raises Refused or OSError."""
    folder = open_beside(entry.script)
    try:
        os.unlink(entry.name, dir_fd=folder)
    finally:
        os.close(folder)
