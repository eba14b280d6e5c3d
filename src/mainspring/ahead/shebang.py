"""Reads which interpreter a script's first line names."""

import os
import re
import sys
from enum import Enum, auto

FIRST_LINE = 512
# what pip and distlib write where the path of the interpreter is too long, or has a space
LONG = re.compile(rb"#!/bin/sh\n'''exec' \"?(?P<path>[^\"\n]+?)\"? \"\$0\"")
PYTHON = re.compile(rb"(?:python|pypy)(?P<version>\d*(?:\.\d+)*)t?")


class NamedInterpreter(Enum):
    """What a first line names: nothing of Python's, this interpreter or any, or another."""

    NONE = auto()
    OURS = auto()
    ANOTHER = auto()


def read_interpreter(path: str) -> NamedInterpreter:
    """What the first line of the file *path* names."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        return NamedInterpreter.NONE
    try:
        start = os.read(descriptor, FIRST_LINE)
    except OSError:
        return NamedInterpreter.NONE
    finally:
        os.close(descriptor)
    return judge_line(start) if start.startswith(b"#!") else NamedInterpreter.NONE


def judge_line(start: bytes) -> NamedInterpreter:
    named = find_interpreter(start)
    name = named.rpartition(b"/")[2]
    if name == b"mainspring":
        return NamedInterpreter.OURS
    python = PYTHON.fullmatch(name)
    if python is None:
        return NamedInterpreter.NONE
    if name.startswith(b"pypy") or not is_version_ours(python["version"].decode()):
        return NamedInterpreter.ANOTHER
    if named.startswith(b"/") and not is_same_interpreter(os.fsdecode(named)):
        return NamedInterpreter.ANOTHER
    return NamedInterpreter.OURS


def find_interpreter(start: bytes) -> bytes:
    """The path or name of the interpreter in the line that *start* begins with."""
    long = LONG.match(start)
    if long is not None:
        return long["path"]
    words = start.split(b"\n", 1)[0][2:].split()
    if not words or words[0].rpartition(b"/")[2] != b"env":
        return words[0] if words else b""
    rest = [word for word in words[1:] if not word.startswith(b"-") and b"=" not in word]
    return rest[0] if rest else b""


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
