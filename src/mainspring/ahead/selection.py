"""What the words of a command stand for: files and folders, or commands by name."""

import os
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mainspring.ahead.request import Request
from mainspring.ahead.walk import Finding, find_module, walk_path


@dataclass
class Selection:
    """The paths that were named, as they stand for them, and what is found there."""

    named: list[str]
    findings: Iterable[Finding]


def select_named(words: list[str], request: Request) -> Selection:
    """What *words* stand for: paths, or else names of commands, and the modules that those need."""
    commands = [find_command(word) for word in words]
    paths = list(dict.fromkeys(command or word for word, command in zip(words, commands, strict=True)))
    modules = dict.fromkeys(module for path in commands if path for module in list_installed(path))
    return Selection(paths, find_all(paths, modules, request))


def find_command(word: str) -> str | None:
    """The path of the command that *word* names, unless it is a path, or no command."""
    if "/" in word or os.path.exists(word):
        return None
    from shutil import which

    from mainspring.warm.targets import see_through

    command = which(word)
    return None if command is None else see_through(command, os.environ)


def list_installed(command: str) -> list[str]:
    from mainspring.ahead import distribution

    return distribution.list_installed(command, sys.path)


def find_all(paths: Iterable[str], modules: Iterable[str], request: Request) -> Iterator[Finding]:
    yield from walk_paths(paths, request)
    for module in modules:
        yield from find_module(module)


def walk_paths(paths: Iterable[str], request: Request) -> Iterator[Finding]:
    for path in paths:
        yield from walk_path(path, request)


def select_path(request: Request) -> Selection:
    """The folders in which this interpreter finds modules, without those below them."""
    # the first is that of the command, or the working directory
    folders = sys.path if sys.flags.safe_path else sys.path[1:]
    named = [folder for folder in folders if folder and os.path.isdir(folder)]
    return Selection(named, walk_paths(named, replace(request, levels=0)))
