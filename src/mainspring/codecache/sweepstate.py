"""Where a pass of the sweep stands is kept in a file, so that each slice goes on from the one before.

The file is locked meanwhile and written in place: if that is cut short, a new pass begins.  Its times
say when the next slice is due (schedule.py).

    state    := "2" SP BEGAN SP OLD SP RECENT SP TO_FREE SP TOTAL LF sizes LF folder*
    sizes    := (SIZE SP)*
    folder   := POSITION SP GONE SP FOLDER LF

BEGAN (when the pass did), OLD and RECENT are seconds since the epoch: what was last used before OLD goes,
and of what was between that and RECENT, TO_FREE bytes.  TO_FREE and TOTAL are bytes; the SIZEs are bytes
by age.  Each FOLDER is one still to be read, from POSITION on; GONE is 1 below a build whose interpreter
is gone.  FOLDER is relative to the cache, with control characters percent-encoded.
"""

import os
import stat
import time

from mainspring.codecache.ages import AGE_CLASSES
from mainspring.codecache.schedule import SWEEP_STATE
from mainspring.places import read_file, try_lock, write_file

STATE_VERSION = "2"
POSITIONS = range(1 << 63)
END_OF_TIME = 1e12  # seconds
FORBIDDEN = {"", ".", ".."}


class Folder:
    """A folder still to be read, from a position on."""

    __slots__ = ("gone", "path", "position")

    def __init__(self, path: str, position: int, gone: bool) -> None:
        self.path = path
        self.position = position
        self.gone = gone


class Pass:
    """Where a walk over the whole cache stands."""

    __slots__ = ("began", "folders", "old", "recent", "sizes", "to_free", "total")

    def __init__(self, old: float = 0.0, recent: float = 0.0, to_free: int = 0) -> None:
        self.began = time.time()
        self.old = old
        self.recent = recent
        self.to_free = to_free
        self.total = 0
        self.sizes = [0] * AGE_CLASSES
        self.folders: list[Folder] = []


def lock_state(root: int) -> int | None:
    """A descriptor of the state, made if it is missing, or None if another start holds it.

    Raises OSError.
    """
    if not is_regular(root, SWEEP_STATE):
        # what is in its place is in the user's own folder, and of no use to anybody
        os.unlink(SWEEP_STATE, dir_fd=root)
    return try_lock(root, SWEEP_STATE)


def is_regular(root: int, name: str) -> bool:
    """Whether *name* is a regular file, or may become one."""
    try:
        return stat.S_ISREG(os.lstat(name, dir_fd=root).st_mode)
    except FileNotFoundError:
        return True


def read_state(descriptor: int) -> Pass:
    """Where the sweep stands; a new pass if that is not known."""
    try:
        return parse_state(os.fsdecode(read_file(descriptor)))
    except ValueError:
        return Pass()


def write_state(descriptor: int, state: Pass) -> None:
    """Raises OSError."""
    content = format_state(state)
    os.lseek(descriptor, 0, os.SEEK_SET)
    write_file(descriptor, content)
    os.ftruncate(descriptor, len(content))


def parse_state(text: str) -> Pass:
    """Raises ValueError."""
    first, sizes, *folders = text.removesuffix("\n").split("\n")
    version, began, old, recent, to_free, total = first.split(" ")
    if version != STATE_VERSION:
        raise ValueError(version)
    state = Pass(float(old), float(recent), int(to_free))
    state.began = float(began)
    if not all(abs(at) <= END_OF_TIME for at in (state.began, state.old, state.recent)):
        raise ValueError(first)
    state.total = int(total)
    state.sizes = [int(size) for size in sizes.split()]
    if len(state.sizes) != AGE_CLASSES:
        raise ValueError(sizes)
    for line in folders:
        position, gone, path = line.split(" ", 2)
        if int(position) not in POSITIONS or leads_astray(path):
            raise ValueError(line)
        state.folders.append(Folder(path.replace("%0A", "\n"), int(position), gone == "1"))
    return state


def leads_astray(path: str) -> bool:
    """Whether *path* is not one that a sweep forms: a `/` in front would lead out of the cache."""
    return "\0" in path or (path != "" and not FORBIDDEN.isdisjoint(path.split("/")))


def format_state(state: Pass) -> bytes:
    lines = [
        f"{STATE_VERSION} {state.began} {state.old} {state.recent} {state.to_free} {state.total}",
        " ".join(str(size) for size in state.sizes),
    ]
    for folder in state.folders:
        path = folder.path.replace("\n", "%0A")
        lines.append(f"{folder.position} {int(folder.gone)} {path}")
    return os.fsencode("\n".join(lines) + "\n")
