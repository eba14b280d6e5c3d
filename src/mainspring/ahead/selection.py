"""What the words of a command stand for: files and folders, or commands by name."""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mainspring.ahead.request import Request
from mainspring.ahead.walk import Finding, walk_path


@dataclass
class Selection:
    """The paths that were named, as they stand for them, and what is found there."""

    named: list[str]
    findings: Iterable[Finding]


def select_named(words: list[str], request: Request) -> Selection:
    """What *words* stand for: paths, or else names of commands."""
    paths = list(dict.fromkeys(path for word in words for path in resolve_word(word)))
    return Selection(paths, walk_paths(paths, request))


def resolve_word(word: str) -> list[str]:
    if "/" in word or os.path.exists(word):
        return [word]
    from mainspring.ahead.distribution import find_command, list_installed

    command = find_command(word)
    if command is None:
        return [word]
    return [command, *list_installed(command, sys.path)]


def walk_paths(paths: list[str], request: Request) -> Iterator[Finding]:
    for path in paths:
        yield from walk_path(path, request)


def select_path(request: Request) -> Selection:
    """The folders in which this interpreter finds modules, without those below them."""
    # the first is that of the command, or the working directory
    folders = sys.path if sys.flags.safe_path else sys.path[1:]
    named = [folder for folder in folders if folder and os.path.isdir(folder)]
    return Selection(named, walk_paths(named, replace(request, levels=0)))
