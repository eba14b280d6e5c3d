"""Reads the `#!` line of a script: what the kernel, and then `env`, would start.

    line     = "#!" blank* path [blank+ words]
    env      = path ".../env" [options] (NAME "=" value)* name words
    wrapped  = "#!/bin/sh" newline "'''exec' " path words '"$0" "$@"'     as installers write it

The launcher reads `#!` lines too, by a rule of its own: `env` names no place to it.
"""

import os
import re
from typing import NamedTuple

FIRST_BYTES = 4096
WRAPPER = "'''exec' "
ENV_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
OPEN_START = os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC


class FirstLine(NamedTuple):
    """The command that a `#!` line stands for; *by_env* says that its first word is looked up on PATH."""

    words: list[str]
    by_env: bool


def read_start(path: str) -> bytes:
    """What the file *path* begins with.  Raises OSError."""
    descriptor = os.open(path, OPEN_START)
    try:
        return os.read(descriptor, FIRST_BYTES)
    finally:
        os.close(descriptor)


def parse_line(start: bytes) -> FirstLine | None:
    """The command that starts a script which begins with *start*; None if it has no `#!` line."""
    lines = os.fsdecode(start).split("\n", 2)
    if not lines[0].startswith("#!"):
        return None
    words = lines[0].removeprefix("#!").strip(" \t").split(None, 1)
    if words == ["/bin/sh"] and len(lines) > 1 and lines[1].startswith(WRAPPER):
        words = split_words(lines[1].removeprefix(WRAPPER).partition(' "$0"')[0])
    if words and os.path.basename(words[0]) == "env":
        return FirstLine(skip_env(words[1:]), by_env=True)
    return FirstLine(words, by_env=False)


def split_words(text: str) -> list[str]:
    import shlex

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
