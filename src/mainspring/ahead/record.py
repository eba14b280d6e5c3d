"""What a walk found is kept, so that the next one only asks for a stat of each file.

    record    := SUM(8) marshalled (FORMAT: int, {FOLDER: str -> memory})
    memory    := (SIGNATURE: bytes, FILES: bytes, (SUBFOLDER: str, ...), MODULES: int, (SCRIPT: str, ...),
                  ((NAME: str, REASON: str), ...))

FOLDER is relative to the folder that was named, and the other names to FOLDER.  FILES are all files in
it and the `.pyc` files of its modules, each name with a NUL behind it.  SIGNATURE is SipHash-1-3 over the
stats of the folder and of those files; SUM is that of all that follows it.  Only a folder in which
nothing had to be compiled is remembered.

Records lie in the user's cache, one for each tree and way to compile it.
"""

import marshal
import os
import sys
import time
from _imp import source_hash
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from mainspring._native import stat_files
from mainspring.ahead.request import Request
from mainspring.codecache.entry import SIGNATURE_SIZE, SUM_KEY
from mainspring.codecache.key import describe_build, hash_text
from mainspring.codecache.lookup import RACY_NS, Cache
from mainspring.codecache.writer import open_for_writing, remove_file, replace_file
from mainspring.places import Refused, make_folder, open_folder, read_trusted_file
from mainspring.reasons import Reason
from mainspring.settings import find_cache_folder, is_read_only, read_size

FOLDER_NAME = "%trees"
FORMAT = 3
SUM_SIZE = 8
KEPT_SECONDS = 30 * 86400.0
#: two changes this close can have the same time, on file systems that count nanoseconds
TICK_NS = 50_000_000
FINE_NS = 1_000_000


class Memory(NamedTuple):
    """What is remembered of a folder."""

    signature: bytes
    files: bytes
    subfolders: tuple[str, ...]
    modules: int
    scripts: tuple[str, ...]
    left: tuple[tuple[str, Reason], ...]


@dataclass
class Notes:
    """What a walk notes down in a folder; *stats* are those before anything else was asked."""

    stats: bytes
    files: bytes = b""
    subfolders: list[str] = field(default_factory=list)
    modules: int = 0
    scripts: list[str] = field(default_factory=list)
    left: list[tuple[str, Reason]] = field(default_factory=list)


class Record:
    """What earlier walks over the tree *top* remember, and what this one will."""

    def __init__(self, top: str, request: Request) -> None:
        self.top = top
        self._request = request
        self._name = f"{hash_text(describe_walk(top, request)):016x}"
        self._notes: dict[str, Notes] = {}
        self._kept: dict[str, Memory] = {}
        self._cache = Cache(find_cache_folder(os.environ) or "", os.geteuid())
        # what other folders and patterns decide is not remembered
        self._is_kept = not (
            request.exclude or request.symlink_limit or request.legacy or sys.pycache_prefix
        )
        self._known = self._load() if self._is_kept and not request.force else {}

    def recall(self, folder: str) -> Memory | None:
        """What is remembered of *folder*, if all in it is as it was."""
        memory = self._known.get(folder)
        if memory is None or sign_folder(self._join(folder), memory.files) != memory.signature:
            return None
        self._kept[folder] = memory
        return memory

    def begin(self, folder: str) -> Notes:
        """Notes on *folder*, to be filled in by a walk that is about to list it."""
        notes = self._notes[folder] = Notes(stat_files(self._join(folder), b""))
        return notes

    def note_files(self, folder: str, names: Iterable[str]) -> None:
        """Note how the files *names* in *folder* are, before anything else is asked of them."""
        notes = self._notes[folder]
        notes.files = b"".join(os.fsencode(name) + b"\0" for name in names)
        notes.stats += stat_files(self._join(folder), notes.files)[SIGNATURE_SIZE:]

    def drop(self, folder: str) -> None:
        """Remember nothing of *folder*, a path below the tree's top."""
        self._notes.pop(os.path.relpath(folder or ".", self.top), None)

    def _join(self, folder: str) -> str:
        return f"{self.top}/{folder}" if folder != "." else self.top

    # ---- reading and writing ------------------------------------------------------------------

    def _load(self) -> dict[str, Memory]:
        """What was kept; nothing where that cannot be trusted or read."""
        try:
            owners = (self._cache.user,)
            folder = open_folder(FOLDER_NAME, owners, self._cache.open())
            content, _ = read_trusted_file(folder, self._name, owners)
            return decode_record(content)
        except (Refused, OSError):
            return {}

    def keep(self) -> None:
        """Write what is now remembered, best effort."""
        if not self._is_kept:
            return
        for folder, notes in self._notes.items():
            memory = self._settle(folder, notes)
            if memory is not None:
                self._kept[folder] = memory
        if self._kept != self._known and self._cache.path and not is_read_only(os.environ):
            try:
                self._write()
            except (Refused, OSError):
                pass
        self._cache.close()

    def _settle(self, folder: str, notes: Notes) -> Memory | None:
        """What to remember of *folder*, if nothing in it changed since it was listed, or only just."""
        stats = stat_files(self._join(folder), notes.files)
        if stats != notes.stats or has_just_changed(stats):
            return None
        return Memory(
            source_hash(SUM_KEY, stats), notes.files, tuple(notes.subfolders), notes.modules,
            tuple(notes.scripts), tuple(notes.left),
        )  # fmt: skip

    def _write(self) -> None:
        root = open_for_writing(self._cache)
        folder = make_folder(FOLDER_NAME, (self._cache.user,), root)
        try:
            replace_file(folder, self._name, encode_record(self._kept))
            remove_old(folder)
        finally:
            os.close(folder)


def encode_record(kept: dict[str, Memory]) -> bytes:
    body = marshal.dumps((FORMAT, {folder: tuple(memory) for folder, memory in kept.items()}))
    return source_hash(SUM_KEY, body) + body


def decode_record(content: bytes) -> dict[str, Memory]:
    """What encode_record was given; nothing for what it did not make."""
    if source_hash(SUM_KEY, content[SUM_SIZE:]) != content[:SUM_SIZE]:
        return {}
    form, folders = marshal.loads(content[SUM_SIZE:])
    return {folder: Memory(*memory) for folder, memory in folders.items()} if form == FORMAT else {}


def describe_walk(top: str, request: Request) -> str:
    """All that decides what a walk over *top* finds."""
    return repr((
        os.path.abspath(top), describe_build(), request.levels, request.sorted_levels, sys.flags.optimize,
        request.mode.name, request.beside, request.image,
        read_size(os.environ, "MAINSPRING_MIN_SIZE"), os.getuid(),
    ))  # fmt: skip


def sign_folder(folder: str, files: bytes) -> bytes:
    return source_hash(SUM_KEY, stat_files(folder, files))


def has_just_changed(stats: bytes) -> bool:
    """Whether another change could have come to what *stats* are of without them telling."""
    import struct

    now = time.time_ns()
    changes = [max(mtime, ctime) for _, mtime, ctime, _, _ in struct.iter_unpack("<5q", stats)]
    folder, *files = changes
    margin = TICK_NS if folder % FINE_NS else RACY_NS
    return folder > now - margin or max(files, default=0) > now - RACY_NS


def remove_old(folder: int) -> None:
    """Remove the records that no walk has renewed for long."""
    for name in os.listdir(folder):
        if time.time() - os.lstat(name, dir_fd=folder).st_mtime > KEPT_SECONDS:
            remove_file(name, folder)
