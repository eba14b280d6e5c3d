"""What `explain` is asked about: a script, a module, a command, a folder or a zip file."""

import os
import shutil
import zipfile
from dataclasses import dataclass
from typing import Literal

from mainspring.shebang import parse_line, read_start
from mainspring.warm.targets import see_through

Kind = Literal["script", "module", "command", "folder", "zip"]

#: what the first line of a Python script names, after `#!`
PYTHON_NAMES = ("python", "pypy", "mainspring")


@dataclass(frozen=True)
class Program:
    """A program: *name* as it was typed, *target* as the interpreter gets it."""

    kind: Kind
    name: str
    target: str

    @property
    def arguments(self) -> list[str]:
        return ["-m", self.target] if self.kind == "module" else [self.target]

    @property
    def path(self) -> str:
        """What the explanation calls it: an absolute path, or a module's name."""
        return self.target if self.kind == "module" else os.path.abspath(self.target)


def find_program(word: str) -> Program:
    """The program that *word* means: a path, if there is something at it, else a command on PATH."""
    if os.path.exists(word) or "/" in word:
        return Program(classify_path(word), word, word)
    command = shutil.which(word)
    if command is None:
        return Program("script", word, word)
    return Program("command", word, see_through(command, os.environ))


def classify_path(path: str) -> Kind:
    if os.path.isdir(path):
        return "folder"
    return "zip" if os.path.isfile(path) and is_zip(path) else "script"


def is_zip(path: str) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except OSError:
        return False


def is_python(path: str) -> bool:
    """Whether the first line of the command at *path* makes it a Python script."""
    try:
        line = parse_line(read_start(path))
    except OSError:
        return False
    return line is not None and any(name in word for word in line.words for name in PYTHON_NAMES)
