"""Finds what a program wrote, by looking at the same places before and after."""

import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

MOST_ENTRIES = 50_000
BLOCK = 1 << 20
CACHED = "__pycache__"  # CPython's own, and not the program's doing

State = tuple[int, ...]


@dataclass
class Snapshot:
    """The stat of all that lies in some places, unless there is too much."""

    states: dict[str, State] = field(default_factory=dict)
    is_whole: bool = True


class Places:
    """Where a program is expected to write."""

    def __init__(self, roots: Iterable[str], names: Mapping[str, str], without: str) -> None:
        """Look at *roots*, but not into *without*; what lies below a key of *names* is called so."""
        self._roots = list(dict.fromkeys(roots))
        self._names = names
        self._without = without

    def take_snapshot(self) -> Snapshot:
        snapshot = Snapshot()
        for root in self._roots:
            for path in self._walk(root):
                if len(snapshot.states) >= MOST_ENTRIES:
                    snapshot.is_whole = False
                    return snapshot
                note_state(snapshot.states, path)
        return snapshot

    def list_changes(self, before: Snapshot, after: Snapshot) -> dict[str, str] | None:
        """Path -> what it is now, of all that is not as before; None if there was too much to look at."""
        if not (before.is_whole and after.is_whole):
            return None
        paths = {*before.states, *after.states}
        changed = [path for path in paths if before.states.get(path) != after.states.get(path)]
        return {self._call(path): describe(path) for path in changed}

    def list_replaced(self, before: Snapshot, after: Snapshot) -> tuple[str, ...]:
        """The files that were there before and are not as they were, by their names among the changes."""
        states = before.states
        changed = [path for path in states if states[path] != after.states.get(path)]
        return tuple(self._call(path) for path in changed)

    def _walk(self, root: str) -> Iterator[str]:
        yield root
        for folder, folders, names in os.walk(root):
            kept = [name for name in folders if name != CACHED]
            folders[:] = [name for name in kept if os.path.join(folder, name) != self._without]
            yield from (os.path.join(folder, name) for name in (*folders, *names))

    def _call(self, path: str) -> str:
        for root, name in self._names.items():
            if path == root or path.startswith(f"{root}/"):
                return name + path[len(root) :]
        return path


def note_state(states: dict[str, State], path: str) -> None:
    try:
        found = os.lstat(path)
    except OSError:
        return
    if stat.S_ISDIR(found.st_mode):
        states[path] = (found.st_mode, found.st_ino)  # its times tell only of what lies in it
    else:
        states[path] = (
            found.st_mode,
            found.st_ino,
            found.st_size,
            found.st_mtime_ns,
            found.st_ctime_ns,
        )


def describe(path: str) -> str:
    """What is at *path*: kind, mode, and a hash of the content."""
    try:
        found = os.lstat(path)
        mode = f"{stat.S_IMODE(found.st_mode):o}"
        if stat.S_ISLNK(found.st_mode):
            return f"link to {os.readlink(path)}"
        if stat.S_ISREG(found.st_mode):
            return f"file {mode}, {found.st_size:,} bytes, {hash_file(path)}"
        return f"{'folder' if stat.S_ISDIR(found.st_mode) else 'special'} {mode}"
    except FileNotFoundError:
        return "removed"
    except OSError as error:
        return f"unreadable ({error.strerror})"


def hash_file(path: str) -> str:
    digest = hashlib.blake2b(digest_size=8)
    with open(path, "rb", opener=open_quietly) as file:
        while block := file.read(BLOCK):
            digest.update(block)
    return digest.hexdigest()


def open_quietly(path: str, flags: int) -> int:
    """Open without waiting for whoever is at the other end of what is no file any more."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOFOLLOW)
