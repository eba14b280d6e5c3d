"""Reads which interpreter a script's `#!` line names: what the kernel, and then `env`, would start.

    line     = "#!" blank* path [blank+ words]
    env      = path ".../env" [options] (NAME "=" value)* name words
    wrapped  = "#!/bin/sh" newline "'''exec' " path words '"$0" "$@"'     as installers write it

The launcher reads `#!` lines too, by a rule of its own: `env` names no place to it.
"""

import os
import re
import shlex
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from mainspring.errors import NotPythonError, UnreadableScriptError

FIRST_BYTES = 4096
WRAPPER = "'''exec' "
NAME_PATTERN = re.compile(r"(python|pypy)w?[0-9.]*t?d?(-dbg)?")
ENV_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")


@dataclass(frozen=True)
class Command:
    """An interpreter's path, None if there is none of that name, and the options that come with it."""

    path: str | None
    options: tuple[str, ...] = ()


def read_command(script: str, environment: Mapping[str, str]) -> Command:
    """The command that starts *script*; python3 on PATH where it has no `#!` line.

    Raises NotPythonError, or UnreadableScriptError.
    """
    words = read_words(script)
    if words and os.path.basename(words[0]) == "env":
        words = skip_env(words[1:])
        name = words[0] if words else ""
        words[:1] = [find_on_path(name, environment) or name]
    elif not words:
        return Command(find_on_path("python3", environment))
    name = os.path.basename(words[0])
    if name == "mainspring" or NAME_PATTERN.fullmatch(name):
        found = os.path.isabs(words[0]) and os.path.isfile(words[0])
        return Command(words[0] if found else None, tuple(words[1:]))
    raise NotPythonError(script, words[0])


def read_words(script: str) -> list[str]:
    """The words of the line that names the interpreter.  Raises UnreadableScriptError."""
    try:
        # a FIFO would already lose something
        if not os.path.isfile(script):
            raise UnreadableScriptError(script, "it is no file")
        with open(script, "rb") as file:
            lines = os.fsdecode(file.read(FIRST_BYTES)).split("\n")
    except OSError as error:
        raise UnreadableScriptError(script, error.strerror or str(error)) from None
    if not lines[0].startswith("#!"):
        return []
    words = lines[0].removeprefix("#!").strip(" \t").split(None, 1)
    if words == ["/bin/sh"] and len(lines) > 1 and lines[1].startswith(WRAPPER):
        return split_words(lines[1].removeprefix(WRAPPER).partition(' "$0"')[0])
    return words


def split_words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()


def skip_env(words: list[str]) -> list[str]:
    """What `env` starts: the kernel hands it the rest of the line as one word, which -S splits."""
    words = [part for word in words for part in split_words(word)]
    while words and (words[0].startswith("-") or ENV_ASSIGNMENT.match(words[0])):
        words = words[1:]
    return words


def find_on_path(name: str, environment: Mapping[str, str]) -> str | None:
    """The program *name* on PATH; what is in relative folders there is not looked at."""
    folders = environment.get("PATH", os.defpath).split(os.pathsep)
    absolute = os.pathsep.join(folder for folder in folders if os.path.isabs(folder))
    return shutil.which(name, path=absolute) if name and absolute else None
