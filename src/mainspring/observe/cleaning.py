"""Removes entries from the user's cache: those asked for, or those that are of no use any more.

Starts may go on meanwhile.  A file is unlinked relative to its judged folder, and a folder goes only
when it is empty: the worst that a start can meet is that it has to compile.
"""

import os
import stat
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from mainspring.codecache.inventory import Item, describe_entry, list_builds
from mainspring.codecache.key import ENTRY_SUFFIX
from mainspring.codecache.origin import is_gone, is_left_over
from mainspring.codecache.writer import INTERPRETER_NOTE, TEMPORARY_PREFIX
from mainspring.observe.beside import list_beside, remove_beside
from mainspring.observe.cachewalk import Folder, remove_empty, walk_cache
from mainspring.observe.scripts import Scripts
from mainspring.observe.usercache import find_obstacle
from mainspring.places import Refused
from mainspring.reasons import Reason

Rule = Callable[[Item], bool]


@dataclass(frozen=True)
class Request:
    """What is to go: *unused_since* is seconds since the epoch, *keep* what may stay, in bytes.

    With neither, and no scripts given, it is what is of no use any more.
    """

    scripts: Scripts = field(default_factory=Scripts)
    unused_since: float | None = None
    keep: int | None = None
    everything: bool = False
    beside: bool = False
    dry_run: bool = False


@dataclass
class Freed:
    """What went, or would go, what is left, and what could not be removed: (path, reason)."""

    entries: int = 0
    temporary_files: int = 0
    size: int = 0
    kept_entries: int = 0
    kept_size: int = 0
    failures: list[tuple[str, Reason]] = field(default_factory=list)


def clean_cache(root: int | None, request: Request) -> Freed:
    """Do what *request* says to the cache open at *root*, and beside scripts."""
    freed = Freed()
    if root is not None:
        Cleaner(root, freed, choose_rules(root, request), request.dry_run).run()
    if request.beside:
        clean_beside(request, freed)
    return freed


# ---- what is to go --------------------------------------------------------------------------


def choose_rules(root: int, request: Request) -> list[Rule]:
    """An entry goes if one of these says so."""
    rules = [choose_rule(root, request)]
    if request.keep is not None:
        survivors = (item for item in list_items(root) if not rules[0](item))
        rules.append(find_excess(survivors, request.keep))
    return rules


def choose_rule(root: int, request: Request) -> Rule:
    if request.everything:
        return lambda _: True
    if request.unused_since is not None:
        limit = request.unused_since
        return lambda item: item.used_at < limit and request.scripts.hold(item.script)
    if not request.scripts.are_all:
        return lambda item: request.scripts.hold(item.script)
    if request.keep is not None:
        return lambda _: False
    return find_useless(root)


def find_useless(root: int) -> Rule:
    """The rule for entries whose script or interpreter has gone.

    File servers are asked as well: the sweep does not, since no start may wait for one.
    """
    builds = {build for build, path in list_builds(root).items() if path is not None and is_gone(path)}
    return lambda item: item.build in builds or is_gone(item.script)


def find_excess(items: Iterable[Item], keep: int) -> Rule:
    """The rule for what has to go, least recently used first, for *keep* bytes to hold the rest."""
    held = 0
    uses = sorted(((item.used_at, item.size) for item in items), reverse=True)
    for used_at, size in uses:
        if held + size > keep:
            return Excess(used_at, keep - sum(size for later, size in uses if later > used_at))
        held += size
    return lambda _: False


class Excess:
    """Entries last used before a time, and those of that very time for which there is no room."""

    def __init__(self, last_use: float, room: int) -> None:
        self.last_use = last_use
        self.room = room

    def __call__(self, item: Item) -> bool:
        if item.used_at != self.last_use:
            return item.used_at < self.last_use
        if item.size > self.room:
            return True
        self.room -= item.size
        return False


def list_items(root: int) -> Iterator[Item]:
    for folder in walk_cache(root, ignore):
        yield from describe_entries(folder)


def ignore(_path: str, _reason: Reason) -> None:
    """Whoever removes things tells of it."""


def describe_entries(folder: Folder) -> Iterator[Item]:
    for name in folder.files:
        item = describe(folder, name)
        if item is not None:
            yield item


def describe(folder: Folder, name: str) -> Item | None:
    """The entry *name*; None if it is none."""
    build = find_build(folder)
    if not build or not name.endswith(ENTRY_SUFFIX) or "%" not in name:
        return None
    return describe_entry(f"{folder.path}/{name}", build, folder.descriptor, name)


def find_build(folder: Folder) -> str:
    """The folder's build; empty for the top, and for what is no build's."""
    build = folder.path.partition("/")[0]
    return "" if build.startswith("%") else build


# ---- letting it go --------------------------------------------------------------------------


class Cleaner:
    """One walk over the cache."""

    def __init__(self, root: int, freed: Freed, rules: list[Rule], dry_run: bool) -> None:
        self.root = root
        self.freed = freed
        self.rules = rules
        self.dry_run = dry_run
        self.now = time.time()

    def run(self) -> None:
        for folder in walk_cache(self.root, self.note_failure):
            for name in folder.files:
                self.visit(folder, name)
            if find_build(folder) and not self.dry_run:
                self.remove_folder(folder)

    def visit(self, folder: Folder, name: str) -> None:
        if name.startswith(TEMPORARY_PREFIX):
            self.visit_temporary(folder, name)
        elif (item := describe(folder, name)) is not None:
            self.visit_entry(folder, name, item)

    def visit_entry(self, folder: Folder, name: str, item: Item) -> None:
        if any(rule(item) for rule in self.rules):
            if self.remove(folder, name):
                self.freed.entries += 1
                self.freed.size += item.size
        else:
            self.freed.kept_entries += 1
            self.freed.kept_size += item.size

    def visit_temporary(self, folder: Folder, name: str) -> None:
        try:
            status = os.lstat(name, dir_fd=folder.descriptor)
        except OSError:
            return
        is_left = stat.S_ISREG(status.st_mode) and is_left_over(name, status, self.now)
        if is_left and self.remove(folder, name):
            self.freed.temporary_files += 1
            self.freed.size += status.st_size

    def remove(self, folder: Folder, name: str) -> bool:
        """Whether *name* is gone by this, or would be."""
        if self.dry_run:
            return True
        try:
            reason = find_obstacle(partial(os.unlink, name, dir_fd=folder.descriptor))
        except FileNotFoundError:
            return False
        if reason is not None:
            self.note_failure(f"{folder.path}/{name}", reason)
        return reason is None

    def remove_folder(self, folder: Folder) -> None:
        """Remove *folder* if it is empty; a build's also with its note, which each write renews."""
        try:
            names = os.listdir(folder.descriptor)
            if names == [INTERPRETER_NOTE] and "/" not in folder.path:
                os.unlink(INTERPRETER_NOTE, dir_fd=folder.descriptor)
                names = []
            if not names:
                remove_empty(self.root, folder.path)
        except (OSError, Refused):
            pass  # a start came first, or may not be disturbed

    def note_failure(self, path: str, reason: Reason) -> None:
        self.freed.failures.append((path, reason))


def clean_beside(request: Request, freed: Freed) -> None:
    for script in request.scripts.paths:
        for entry in list_beside(script):
            try:
                reason = None if request.dry_run else find_obstacle(partial(remove_beside, entry))
            except FileNotFoundError:
                continue
            if reason is None:
                freed.entries += 1
                freed.size += entry.size
            else:
                freed.failures.append((entry.path, reason))
