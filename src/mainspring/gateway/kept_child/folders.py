"""Folders that modules are looked for in: a fresh process would import what has come, or miss it."""

import _imp
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

#: file systems note times by a clock that ticks less often
TICK_NS = 20000000
SUFFIXES = frozenset([".py", ".pyc", *_imp.extension_suffixes()])
#: what `site` reads, and what an installation leaves beside packages
MARKS = (".pth", ".dist-info", ".egg-info")


class Folders:
    """Those of sys.path, and of each module that was imported: what is in them, and since when."""

    def __init__(self) -> None:
        self.seen: dict[str, tuple[int, frozenset[str]]] = {}

    def note(self, paths: "Iterable[str]", began: int) -> bool:
        """Whether something has come into one of *paths* since *began*, when modules came from there."""
        is_changed = False
        for path in paths:
            if path not in self.seen:
                modified, entries = read_time(path), list_entries(path)
                self.keep(path, modified, entries)
                if modified >= began - TICK_NS:
                    is_changed |= any(is_new(path, entry, began) for entry in entries)
        return is_changed

    def keep(self, path: str, modified: int, entries: "frozenset[str]") -> None:
        """An entry that comes within the tick of the last one leaves the time as it is."""
        is_old = modified < time.time_ns() - TICK_NS
        self.seen[path] = modified if is_old else -1, entries

    def are_as_before(self) -> bool:
        times = {path: read_time(path) for path in self.seen}
        changed = [path for path, (modified, _) in self.seen.items() if times[path] != modified]
        return all(self.is_as_before(path, times[path]) for path in changed)

    def is_as_before(self, path: str, modified: int) -> bool:
        current = list_entries(path)
        if any(is_of_interest(path, entry) for entry in self.seen[path][1] ^ current):
            return False
        self.keep(path, modified, current)
        return True


def read_time(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return 0


def list_entries(path: str) -> "frozenset[str]":
    try:
        return frozenset(os.listdir(path))
    except OSError:
        return frozenset()


def is_new(folder: str, entry: str, began: int) -> bool:
    """Whether *entry* is a file of interest and has come since; a folder is as new as what is in it."""
    try:
        come = os.stat(os.path.join(folder, entry), follow_symlinks=False).st_ctime_ns
    except OSError:
        return False
    return "." in entry and come >= began - TICK_NS and is_of_interest(folder, entry)


def is_of_interest(folder: str, entry: str) -> bool:
    """Whether an import might end otherwise if *entry* is in *folder* or is not."""
    stem, dot, suffix = entry.partition(".")
    if dot:
        return (stem.isidentifier() and dot + suffix in SUFFIXES) or entry.endswith(MARKS)
    is_known = any(name.rpartition(".")[2] == entry for name in list(sys.modules))
    return is_known or os.path.exists(os.path.join(folder, entry, "__init__.py"))
