"""Removes what was learnt of programs, so that their next starts teach it anew."""

import os
import re
from collections.abc import Callable, Iterator, Mapping

from mainspring.observe.coldstarts import find_program
from mainspring.observe.hosts import find_paths, is_meant
from mainspring.places import try_lock
from mainspring.warm.recipe import RECIPE_LOCK

LEARNT_FILE = re.compile(r"([0-9a-f]{32})\.(?:recipe|cold)")
SUFFIXES = ("recipe", "cold")


def list_learnt(folder: int) -> dict[str, str | None]:
    """The ID of each program that something is known of, and its path, if that is."""
    found = filter(None, map(LEARNT_FILE.fullmatch, os.listdir(folder)))
    return {match[1]: find_program(folder, match[1]) for match in found}


def choose_learnt(
    learnt: Mapping[str, str | None], word: str, environment: Mapping[str, str]
) -> set[str]:
    """The IDs of the programs that *word*, a path or the name of a command, means."""
    paths = find_paths(word, environment)
    return {one for one, program in learnt.items() if program and is_meant(program, word, paths)}


def forget(folder: int, program_ids: set[str]) -> None:
    """Remove what is known of each.  Raises OSError."""
    with_lock(folder, lambda: remove_files(folder, program_ids))


def with_lock(folder: int, act: Callable[[], None]) -> None:
    """Act while nobody writes a recipe, if that can be had at once."""
    lock = try_lock(folder, RECIPE_LOCK)
    try:
        act()
    finally:
        if lock is not None:
            os.close(lock)


def remove_files(folder: int, program_ids: set[str]) -> None:
    for name in list_files(program_ids):
        try:
            os.unlink(name, dir_fd=folder)
        except FileNotFoundError:
            pass


def list_files(program_ids: set[str]) -> Iterator[str]:
    for one in sorted(program_ids):
        yield from (f"{one}.{suffix}" for suffix in SUFFIXES)
