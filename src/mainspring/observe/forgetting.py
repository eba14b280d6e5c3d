"""Removes what was learnt of programs, so that their next starts teach it anew."""

import os
import re
from collections.abc import Mapping

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
    """Remove what is known of each; while nobody writes a recipe, if that can be had at once.

    Raises OSError.
    """
    lock = try_lock(folder, RECIPE_LOCK)
    try:
        for program_id in program_ids:
            for suffix in SUFFIXES:
                remove_file(folder, f"{program_id}.{suffix}")
    finally:
        if lock is not None:
            os.close(lock)


def remove_file(folder: int, name: str) -> None:
    try:
        os.unlink(name, dir_fd=folder)
    except FileNotFoundError:
        pass
