"""A case is a program and how it is started.  What it should do is what its plain start does."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypedDict

import pytest

#: what a file holds, or what makes it
Content = str | bytes | Callable[[bytes], object]
#: what the log says of the first start and of the cached one; None: no line at all
Outcomes = tuple[str | None, str | None]
Version = tuple[int, ...]

CACHED: Final[Outcomes] = ("absent", "hit")
UNSEEN: Final[Outcomes] = (None, None)


def unchanged(output: bytes) -> bytes:
    return output


def cut_addresses(output: bytes) -> bytes:
    return re.sub(rb"0x[0-9a-f]+", b"0x", output)


@dataclass(frozen=True)
class Case:
    """A program, how it is started, and what the log must say of the starts.

    `{work}` in *options*, *program*, *arguments* and *env* stands for the folder that it runs in.
    """

    name: str
    script: Content | None = ""
    options: tuple[str, ...] = ()
    arguments: tuple[str, ...] = ()
    stdin: bytes = b""
    typed_in: bytes | None = None  # standard input is a terminal, at which this is typed
    env: Mapping[str, str | None] = field(default_factory=dict)
    files: Mapping[str, Content] = field(default_factory=dict)
    script_name: str | bytes = "main.py"
    program: str | bytes | None = None  # what is typed, if that is not the script's name
    prefix: tuple[str, ...] = ()  # a command that starts the command given after it
    cwd: str = "."
    stdout: str | None = None  # a file that standard output goes to
    status: int | None = 0  # how the plain start must end; None where versions differ
    shows: bytes = b""  # what the plain start must write, for the same reason
    run: Outcomes = CACHED
    enabled: Outcomes = CACHED
    kept_by: tuple[str, ...] | None = None  # options of a start that makes the entry in between
    normalise: Callable[[bytes], bytes] = unchanged
    varying_files: tuple[str, ...] = ()  # files that two plain starts do not leave alike
    since: Version = (0,)
    before: Version = (99,)

    @property
    def is_for_this_version(self) -> bool:
        return self.since <= sys.version_info[:3] < self.before

    @property
    def typed(self) -> str | bytes:
        return self.script_name if self.program is None else self.program


#: Makes a script as long as one that is worth an entry.
PADDING: Final = "# a comment\n" * 200
#: Where a user's site-packages are, below PYTHONUSERBASE.
USER_SITE: Final = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"


class OutcomeFields(TypedDict, total=False):
    """The fields of a case that say what becomes of its starts."""

    run: Outcomes
    enabled: Outcomes


def stands_aside(reason: str) -> OutcomeFields:
    """Every kind of start is left to CPython, for *reason*."""
    return {"run": (reason, reason), "enabled": (reason, reason)}


def each(*cases: Case) -> pytest.MarkDecorator:
    """Run a test with each of the *cases* that the interpreter at hand can show."""
    names = [case.name for case in cases]
    assert len(set(names)) == len(names), "two cases have the same name"
    able = [case for case in cases if case.is_for_this_version]
    return pytest.mark.parametrize("case", able, ids=[case.name for case in able])


def link_to(target: str) -> Content:
    return lambda path: os.symlink(target, path)


def fifo(path: bytes) -> None:
    os.mkfifo(path)


def folder(path: bytes) -> None:
    os.mkdir(path)
