"""What the process has loaded of files, and whether it could load the same again."""

import io
import os
import sys
import time

from mainspring.gateway.kept_child.folders import TICK_NS, Folders

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    Stamp = tuple[int, int, int, int, int, int]


#: places in a stamp
CONTENT, LINKS, CHANGED = slice(4), 4, 5


class Files:
    """The script, and the files of modules: as they were when they were loaded."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.code: CodeType | None = None
        self.known: set[str] = set()
        self.stamps: dict[str, Stamp] = {}
        self.folders = Folders()
        self.is_changed = False

    def compile(self) -> None:
        """Raises whatever is wrong with the script."""
        began = time.time_ns()
        with io.open_code(self.script) as file:
            source = file.read()
        self.note(self.script, began)
        if b"coding" not in b"".join(source.splitlines()[:2]):
            source.decode()  # in a comment, too: compile() is content with less
        self.code = compile(source, self.script, "exec", 0, True)

    def note_modules(self, began: int) -> bool:
        """Remember the files of what was imported since *began*; whether there was any."""
        fresh = sys.modules.keys() - self.known
        paths = [path for path in [find_file(sys.modules.get(name)) for name in fresh] if path]
        for path in paths:
            self.note(path, began)
        if fresh:
            self.note_folders([os.path.dirname(path) for path in paths], began)
        self.known.update(fresh)
        return bool(fresh)

    def note_folders(self, of_modules: "list[str]", began: int) -> None:
        places = [place for place in sys.path if isinstance(place, str)]
        self.is_changed |= self.folders.note([*places, *of_modules], began)

    def note(self, path: str, began: int) -> None:
        """One that changed at the same time may have been read before it did."""
        try:
            stamp = take_stamp(path)
        except OSError:  # within an archive
            if path != os.path.dirname(path):
                self.note(os.path.dirname(path), began)
            return
        self.is_changed |= stamp[CHANGED] >= began - TICK_NS
        self.stamps.setdefault(path, stamp)

    def are_as_before(self) -> bool:
        if self.is_changed and self.code:
            return False
        try:
            current = {path: take_stamp(path) for path in self.stamps}
        except OSError:
            return False
        if current != self.stamps:
            if not all(is_linked(stamp, current[path]) for path, stamp in self.stamps.items()):
                return False
            self.stamps = current
        return self.folders.are_as_before()


def take_stamp(path: str) -> "Stamp":
    found = os.stat(path)
    return (
        found.st_mtime_ns, found.st_size, found.st_ino, found.st_dev, found.st_nlink, found.st_ctime_ns
    )  # fmt: skip


def is_linked(stamp: "Stamp", current: "Stamp") -> bool:
    """Another hard link, or one fewer, changes nothing of a file but its ctime."""
    return current == stamp or (current[CONTENT] == stamp[CONTENT] and current[LINKS] != stamp[LINKS])


def find_file(module: "Any") -> str | None:
    """What *module* was loaded from; None if it is part of the interpreter."""
    try:
        is_of_interpreter = module.__spec__.origin in {"frozen", "built-in"}
        return None if is_of_interpreter else module.__file__
    except Exception:
        return getattr(module, "__file__", None) if type(module) is type(sys) else None
