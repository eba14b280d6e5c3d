"""What is to be compiled, and how: the options of a command as one value."""

import os
import re
import sys
from dataclasses import dataclass, field
from enum import Enum

from mainspring.errors import BadArgumentsError


class Invalidation(Enum):
    """How CPython is to find out whether a `.pyc` is of its source: the flags in its header (PEP 552)."""

    TIMESTAMP = 0
    UNCHECKED_HASH = 1
    CHECKED_HASH = 3


@dataclass(frozen=True)
class Request:
    """How to compile.  Raises BadArgumentsError for options that exclude each other.

    *levels* is how many folders deep to go; *optimizations* are 0 to 2, or -1 for the interpreter's own.
    The code of a source is told another file name by *destination* (instead of the folder that was
    named), or by *strip* and *prepend*.  *beside* puts the entries of scripts beside them; *image* makes
    entries that are trusted by their owner.
    """

    force: bool = False
    levels: int = field(default_factory=sys.getrecursionlimit)
    optimizations: tuple[int, ...] = (-1,)
    legacy: bool = False
    invalidation: Invalidation | None = None
    destination: str | None = None
    strip: str | None = None
    prepend: str | None = None
    exclude: re.Pattern[str] | None = None
    symlink_limit: str | None = None
    hardlink: bool = False
    beside: bool = False
    image: bool = False
    workers: int = 0

    def __post_init__(self) -> None:
        if self.hardlink and len(set(self.optimizations)) < 2:
            raise BadArgumentsError("--hardlink-dupes needs two levels", "give -o twice or more")
        if self.destination is not None and (self.strip is not None or self.prepend is not None):
            raise BadArgumentsError("-d excludes -s and -p", "use -s and -p without it")
        if self.image and self.invalidation not in {None, Invalidation.UNCHECKED_HASH}:
            raise BadArgumentsError("--read-only-image means unchecked-hash", "leave out the mode")

    @property
    def sorted_levels(self) -> tuple[int, ...]:
        """The levels of optimisation, each once, as compileall orders them."""
        return tuple(sorted(set(self.optimizations)))

    @property
    def mode(self) -> Invalidation:
        """The mode in force: SOURCE_DATE_EPOCH asks for hashes, as `py_compile` has it."""
        if self.image:
            return Invalidation.UNCHECKED_HASH
        if self.invalidation is not None:
            return self.invalidation
        if os.environ.get("SOURCE_DATE_EPOCH"):
            return Invalidation.CHECKED_HASH
        return Invalidation.TIMESTAMP

    def name_in_code(self, path: str, top: str) -> str:
        """The file name that the code of the source *path*, found below *top*, is given."""
        strip = top if self.destination is not None else self.strip
        prepend = self.destination if self.destination is not None else self.prepend
        name = path if strip is None else strip_folder(path, strip)
        return name if prepend is None else os.path.join(prepend, name)

    def fails_to_strip(self, path: str) -> bool:
        """Whether the source *path* does not lie below the folder that is to be stripped."""
        return self.strip is not None and strip_folder(path, self.strip) == path

    def skips(self, path: str) -> bool:
        """Whether -x or -e leave the source *path* out."""
        if self.exclude is not None and self.exclude.search(path):
            return True
        if not self.symlink_limit or not os.path.islink(path):
            return False
        from pathlib import Path

        return Path(self.symlink_limit).resolve() not in Path(path).resolve().parents


def strip_folder(path: str, folder: str) -> str:
    """*path* without *folder* in front; as it is where it does not lie below it."""
    folder = folder.rstrip("/")
    return path[len(folder) + 1 :] if path.startswith(f"{folder}/") else path
