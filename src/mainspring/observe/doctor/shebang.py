"""Finds the interpreter that starts a script, by its `#!` line."""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from mainspring.errors import NotPythonError, UnreadableScriptError
from mainspring.shebang import FirstLine, parse_line, read_start

NAME_PATTERN = re.compile(r"(python|pypy)w?[0-9.]*t?d?(-dbg)?")


@dataclass(frozen=True)
class Command:
    """An interpreter's path, None if there is none of that name, and the options that come with it."""

    path: str | None
    options: tuple[str, ...] = ()


def read_command(script: str, environment: Mapping[str, str]) -> Command:
    """The command that starts *script*; python3 on PATH where it has no `#!` line.

    Raises NotPythonError, or UnreadableScriptError.
    """
    line = read_line(script)
    if line is None or not (line.words or line.by_env):
        return Command(find_on_path("python3", environment))
    first, *options = line.words or [""]
    if line.by_env:
        first = find_on_path(first, environment) or first
    name = os.path.basename(first)
    if name == "mainspring" or NAME_PATTERN.fullmatch(name):
        found = os.path.isabs(first) and os.path.isfile(first)
        return Command(first if found else None, tuple(options))
    raise NotPythonError(script, first)


def read_line(script: str) -> FirstLine | None:
    """The `#!` line of *script*, if it has one.  Raises UnreadableScriptError."""
    try:
        # a FIFO would already lose something
        if not os.path.isfile(script):
            raise UnreadableScriptError(script, "it is no file")
        return parse_line(read_start(script))
    except OSError as error:
        raise UnreadableScriptError(script, error.strerror or str(error)) from None


def find_on_path(name: str, environment: Mapping[str, str]) -> str | None:
    """The program *name* on PATH; what is in relative folders there is not looked at."""
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    absolute = os.pathsep.join(folder for folder in folders if os.path.isabs(folder))
    return shutil.which(name, path=absolute) if name and absolute else None
