"""Tells whether a script's first line names this interpreter, another, or none of Python's."""

import os
import re
import sys
from enum import Enum, auto

from mainspring.shebang import parse_line, read_start

PYTHON = re.compile(r"(?:python|pypy)(?P<version>\d*(?:\.\d+)*)t?")


class NamedInterpreter(Enum):
    """What a first line names: nothing of Python's, this interpreter or any, or another."""

    NONE = auto()
    OURS = auto()
    ANOTHER = auto()


def read_interpreter(path: str) -> NamedInterpreter:
    """What the first line of the file *path* names."""
    try:
        line = parse_line(read_start(path))
    except OSError:
        return NamedInterpreter.NONE
    return judge_interpreter(line.words[0]) if line and line.words else NamedInterpreter.NONE


def judge_interpreter(named: str) -> NamedInterpreter:
    """What *named* is, the path of an interpreter or its name on PATH."""
    name = os.path.basename(named)
    if name == "mainspring":
        return NamedInterpreter.OURS
    python = PYTHON.fullmatch(name)
    if python is None:
        return NamedInterpreter.NONE
    if name.startswith("pypy") or not is_version_ours(python["version"]):
        return NamedInterpreter.ANOTHER
    if named.startswith("/") and not is_same_interpreter(named):
        return NamedInterpreter.ANOTHER
    return NamedInterpreter.OURS


def is_version_ours(version: str) -> bool:
    """Whether a name such as `python3.11` may mean this interpreter."""
    ours = [str(part) for part in sys.version_info[:3]]
    parts = version.split(".") if version else []
    return parts == ours[: len(parts)]


def is_same_interpreter(path: str) -> bool:
    """Whether *path* leads to the executable that this process runs."""
    try:
        return os.path.samefile(path, sys.executable)
    except OSError:
        return False
