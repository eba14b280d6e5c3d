"""Finds what there is to compile: modules by their name, scripts by their first line.

A file `x.py` is a module; if it can be executed and has a `#!` line, or was named, it is a script as
well.  Links to folders are not followed, as in `compileall`.
"""

import os
import stat
from collections.abc import Iterator
from typing import Literal, NamedTuple

from mainspring.ahead.bytecode import BytecodeFolder
from mainspring.ahead.record import Memory, Notes, Record
from mainspring.ahead.request import Request
from mainspring.ahead.shebang import NamedInterpreter, read_interpreter
from mainspring.reasons import REASONS, Reason

Kind = Literal["module", "script"]
ZIP_MARK = b"PK\x05\x06"  # of the record that ends a zip file, which a comment may follow
ZIP_END = 22 + 65_535
EXECUTABLE = stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH


class Found(NamedTuple):
    """A source; *top* is the folder that was named, through which it was found."""

    path: str
    top: str
    kind: Kind
    status: os.stat_result


class Left(NamedTuple):
    """A program that is left as it is, and why."""

    path: str
    reason: Reason

    @property
    def meaning(self) -> str:
        """The reason in words."""
        return REASONS[self.reason].meaning


class Unlisted(NamedTuple):
    """A folder, or a name, that cannot be listed."""

    path: str
    problem: str


class Settled(NamedTuple):
    """A folder in which all is as an earlier walk left it, with so many modules."""

    folder: str
    modules: int


class Walked(NamedTuple):
    """The end of a walk, and what is to be remembered of it."""

    record: Record


Finding = Found | Left | Unlisted | Settled | Walked


def walk_path(path: str, request: Request) -> Iterator[Finding]:
    """What is to be compiled at *path*, a file or a folder."""
    try:
        status = os.stat(path)
    except OSError as error:
        yield Unlisted(path, error.strerror or str(error))
        return
    if stat.S_ISDIR(status.st_mode):
        yield from Walk(path, request).run()
    elif stat.S_ISREG(status.st_mode):
        yield from classify_named(path, status)
    else:
        yield Left(path, "not-a-file")


class Walk:
    """A walk over the folder *top* and those below it."""

    def __init__(self, top: str, request: Request) -> None:
        self.top = top
        self.levels = request.levels
        self.record = Record(top, request)
        self.bytecode = BytecodeFolder("", request)

    def run(self) -> Iterator[Finding]:
        ahead = [(self.top, ".", self.levels)]
        while ahead:
            path, folder, levels = ahead.pop()
            memory = self.record.recall(folder)
            if memory is not None:
                yield Settled(path, memory.modules)
                yield from self.recall(path, memory)
                subfolders = memory.subfolders
            else:
                notes = self.record.begin(folder)
                yield from self.list(path, folder, notes)
                subfolders = tuple(notes.subfolders)
            if levels > 0:
                base = "" if folder == "." else f"{folder}/"
                ahead += [
                    (os.path.join(path, name), base + name, levels - 1) for name in reversed(subfolders)
                ]
        yield Walked(self.record)

    def locate_bytecode(self, name: str) -> list[str]:
        """The `.pyc` files of the file *name*, if that is a module, as seen from its folder."""
        return self.bytecode.locate(name, name) if name.endswith(".py") else []

    def recall(self, path: str, memory: Memory) -> Iterator[Finding]:
        """What there is in a folder that has not changed.

        The entries of scripts are somewhere else, and so is what their first lines name.
        """
        for name in memory.scripts:
            yield from self.recall_script(os.path.join(path, name))
        for name, reason in memory.left:
            yield Left(os.path.join(path, name), reason)

    def recall_script(self, path: str) -> Iterator[Finding]:
        try:
            status = os.stat(path)
        except OSError:
            return  # it has just gone
        yield from classify_script(path, self.top, status)

    def list(self, path: str, folder: str, notes: Notes) -> Iterator[Finding]:
        """What there is in the folder *path*, which is *folder* below the top, noted down."""
        try:
            with os.scandir(path) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            self.record.drop(path)
            yield Unlisted(path, error.strerror or str(error))
            return
        files = []
        for entry in entries:
            if not entry.is_dir(follow_symlinks=False):
                files.append(entry.name)
            elif entry.name != "__pycache__":
                notes.subfolders.append(entry.name)
        compiled = [place for name in files for place in self.locate_bytecode(name)]
        self.record.note_files(folder, [*files, *compiled])
        for entry in entries:
            for finding in classify_entry(entry, self.top):
                note_finding(notes, entry.name, finding)
                yield finding


def note_finding(notes: Notes, name: str, finding: Finding) -> None:
    match finding:
        case Found(kind="module"):
            notes.modules += 1
        case Found() | Left(reason="other-interpreter"):
            notes.scripts.append(name)
        case Left(reason=reason):
            notes.left.append((name, reason))


def classify_entry(entry: "os.DirEntry[str]", top: str) -> Iterator[Finding]:
    """What a name in a folder is: nothing, a module, a script, or both."""
    try:
        status = entry.stat()
    except OSError:
        return  # a link that leads nowhere, or a file that has just gone
    if not stat.S_ISREG(status.st_mode):
        return
    is_module = entry.name.endswith(".py")
    if is_module:
        yield Found(entry.path, top, "module", status)
    if status.st_mode & EXECUTABLE or (not is_module and "." not in entry.name):
        yield from classify_script(entry.path, top, status)


def classify_script(path: str, top: str, status: os.stat_result) -> Iterator[Finding]:
    """A script by its first line, or nothing."""
    match read_interpreter(path):
        case NamedInterpreter.OURS:
            yield classify_content(path, top, status)
        case NamedInterpreter.ANOTHER:
            yield Left(path, "other-interpreter")


def classify_content(path: str, top: str, status: os.stat_result) -> Found | Left:
    return Left(path, "zip-program") if is_zip(path) else Found(path, top, "script", status)


def classify_named(path: str, status: os.stat_result) -> Iterator[Finding]:
    """What a file is that the user named: a script, whatever its first line says."""
    top = os.path.dirname(path)
    if path.endswith(".pyc"):
        yield Left(path, "compiled")
    elif path.endswith(".py"):
        yield Found(path, top, "module", status)
        yield Found(path, top, "script", status)
    elif is_zip(path):
        yield Left(path, "zip-program")
    elif read_interpreter(path) is NamedInterpreter.NONE:
        yield Left(path, "not-python")
    else:
        yield from classify_script(path, top, status)


def find_module(path: str) -> Iterator[Found]:
    """The file *path* as a module, and as nothing else."""
    try:
        status = os.stat(path)
    except OSError:
        return  # it has just gone
    if stat.S_ISREG(status.st_mode):
        yield Found(path, os.path.dirname(path), "module", status)


def is_zip(path: str) -> bool:
    """Whether *path* is a program in a zip file, which may have a `#!` line in front."""
    try:
        with open(path, "rb") as file:
            if not file.read(4).startswith((b"#!", b"PK\x03\x04")):
                return False
            file.seek(-min(ZIP_END, os.fstat(file.fileno()).st_size), os.SEEK_END)
            if ZIP_MARK not in file.read():
                return False
    except OSError:
        return False
    import zipfile

    return zipfile.is_zipfile(path)
