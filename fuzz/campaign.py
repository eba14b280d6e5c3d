"""A campaign tries mutation after mutation, and can be repeated: its seed decides them all."""

from __future__ import annotations

import argparse
import random
import resource
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    #: makes the run of that number, and tells how many things were accepted in it
    Attempt = Callable[[random.Random, int], int]

MEMORY = 1 << 31


class Broken(AssertionError):
    """A reader did what it must not do."""


def make_parser(about: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=about.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    return parser


def try_all(attempt: Attempt, runs: int, seed: int) -> int:
    """How many things were accepted.  Raises Broken, with the run in a note, for whatever is raised."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    accepted = 0
    for run in range(runs):
        try:
            accepted += attempt(chance, run)
        except Exception as error:
            broken = error if isinstance(error, Broken) else Broken(f"{type(error).__name__}: {error}")
            broken.add_note(f"seed {seed}, run {run}")
            raise broken from error
    return accepted


def conduct(
    attempt: Attempt, options: argparse.Namespace, things: str, describe: Callable[[int], str]
) -> int:
    """Try as often as *options* say, and print what became of the *things*; the exit status."""
    # a length that was never sent, or written, must not take all memory
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    started = time.monotonic()
    try:
        accepted = try_all(attempt, options.runs, options.seed)
    except Broken as broken:
        print(*broken.__notes__, broken, sep=": ", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    print(f"{options.runs} mutated {things} in {seconds:.0f} s, {describe(accepted)}")
    return 0
