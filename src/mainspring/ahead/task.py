"""A source that is to be compiled: reading it, and keeping what came of it in its place."""

import os
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from mainspring.ahead.bytecode import make_header, write_bytecode
from mainspring.ahead.entries import CATEGORIES, EntryKeeper
from mainspring.ahead.request import Request
from mainspring.ahead.way import choose_mode
from mainspring.codecache.compiler import is_well_encoded
from mainspring.codecache.lookup import Source
from mainspring.places import Refused

if TYPE_CHECKING:
    from mainspring.ahead.job import Outcome, Unit

READINGS = 3  # a source that changes while it is read is read again


class WarnedError(Exception):
    """A warning that the filters of this process make an error, in the *line* that gave it."""

    def __init__(self, message: str, line: int) -> None:
        self.line = line
        super().__init__(message)


class Task(Protocol):
    """A source that is to be compiled."""

    path: str
    size: int

    def read(self) -> "Unit":
        """What a job needs.  Raises Refused or OSError."""

    def keep(self, outcome: "Outcome") -> None:
        """Keep the code of *outcome*.  Raises Refused, WarnedError or OSError."""

    @property
    def needs_own_process(self) -> bool:
        """Whether what compiling loads is to be seen, once the source was read."""


@dataclass
class ModuleTask:
    """A module, whose code goes to `.pyc` files as CPython has them."""

    path: str
    size: int
    name_in_code: str
    bytecode_paths: list[str]
    request: Request
    source: Source | None = None
    needs_own_process: bool = False

    def read(self) -> "Unit":
        self.source = read_source(self.path)
        return self.name_in_code, self.source.read(), self.request.sorted_levels

    def keep(self, outcome: "Outcome") -> None:
        assert self.source is not None
        replay_warnings(outcome)
        header = make_header(self.request.mode, self.source.status, self.source.read())
        contents = [header + code for code in outcome[0]]
        write_bytecode(
            self.bytecode_paths,
            contents,
            choose_mode(self.path, self.source.status),
            hardlink=self.request.hardlink,
        )
        self.source = None


@dataclass
class ScriptTask:
    """A script, whose code goes to entries."""

    path: str
    size: int
    name_in_code: str
    keeper: EntryKeeper
    full_path: str
    source: Source | None = None
    needs_own_process: bool = False

    def read(self) -> "Unit":
        self.source = read_source(self.full_path)
        content = self.source.read()
        if b"\0" in content or not is_well_encoded(content):
            raise Refused("does-not-compile", self.path)
        self.needs_own_process = may_load_modules(content)
        return self.name_in_code, content, self.keeper.request.sorted_levels

    def keep(self, outcome: "Outcome") -> None:
        assert self.source is not None
        if not self.path.endswith(".py"):
            replay_warnings(outcome)  # as a module, it was warned of already
        self.keeper.keep(self.source, outcome, self.name_in_code)
        self.source = None


def read_source(path: str) -> Source:
    """The source at *path*, read.  Raises Refused or OSError."""
    source = Source(path)
    for reading in range(READINGS):
        try:
            source.read()
            break
        except Refused as refused:
            if refused.reason != "changing" or reading == READINGS - 1:
                raise
    return source


def may_load_modules(content: bytes) -> bool:
    """Whether compiling *content* might load a module: for a codec, or the names of characters."""
    start = b"".join(content.splitlines()[:2])
    return b"\\N{" in content or b"coding" in start or not content.isascii()


def replay_warnings(outcome: "Outcome") -> None:
    """Give the warnings of a compilation here, through the filters of this process.

    Raises WarnedError.
    """
    for category, text, filename, line in outcome[1]:
        kind = CATEGORIES.get(category, Warning)
        try:
            warnings.warn_explicit(text, kind, filename, line)
        except Warning:
            raise WarnedError(f"{category}: {text}", line) from None


def count_cores() -> int:
    """The processors that this process may run on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
