"""What the process has loaded of files, and whether it could load the same again."""

import io
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    Stamp = tuple[int, int, int, int, int]

#: file systems note times by a clock that ticks less often
TICK_NS = 20000000


class Files:
    """The script, and the files of modules: as they were when they were loaded."""

    def __init__(self, script: str) -> None:
        self.script = script
        self.code: CodeType | None = None
        self.known: set[str] = set()
        self.stamps: list[tuple[str, Stamp]] = []
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
        for name in fresh:
            path = find_file(sys.modules.get(name))
            if path is not None:
                self.note(path, began)
        self.known.update(fresh)
        return bool(fresh)

    def note(self, path: str, began: int) -> None:
        """One that changed at the same time may have been read before it did."""
        try:
            stamp = take_stamp(path)
        except OSError:  # within an archive
            if path != os.path.dirname(path):
                self.note(os.path.dirname(path), began)
            return
        self.is_changed |= stamp[1] >= began - TICK_NS
        self.stamps.append((path, stamp))

    def are_as_before(self) -> bool:
        try:
            return not (self.is_changed and self.code) and all(
                take_stamp(path) == stamp for path, stamp in self.stamps
            )
        except OSError:
            return False


def take_stamp(path: str) -> "Stamp":
    found = os.stat(path)
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev


def find_file(module: "Any") -> str | None:
    """What *module* was loaded from; None if it is part of the interpreter."""
    try:
        is_of_interpreter = module.__spec__.origin in {"frozen", "built-in"}
        return None if is_of_interpreter else module.__file__
    except Exception:
        return getattr(module, "__file__", None) if type(module) is type(sys) else None
