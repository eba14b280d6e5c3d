"""Mutates what a caller sends, and holds that a host reads just what was sent, or refuses it.

    python fuzz/fuzz_protocol.py [--runs N] [--seed N]

Whatever the reader makes of a payload: no exception but Malformed, and what it accepts, written again, is
the payload, byte for byte.  One in a hundred goes through a socket as well, once as it is and once in a
frame that is mutated itself: what comes out went in, or it is refused.  The same seed gives the same
mutations.
"""

from __future__ import annotations

import argparse
import os
import random
import resource
import sys
import time
from typing import TYPE_CHECKING

from mainspring._warm import make_pair
from mainspring.warm.protocol import (
    START,
    Malformed,
    Start,
    pack_frame,
    pack_number,
    pack_start,
    read_length,
)
from mainspring.warm.request import read_start

if TYPE_CHECKING:
    from collections.abc import Callable

    Mutation = Callable[[random.Random, bytearray], None]

MEMORY = 1 << 31
BY_SOCKET = 100  # one of so many
ODD_NUMBERS = (0, 1, 2, 3, 4, 127, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)


class Broken(AssertionError):
    """The reader did what it must not do."""


def make_seed(arguments: list[bytes], environment: list[bytes], numbers: list[int]) -> bytes:
    start = Start.__new__(Start)
    start.key = b"1\0/usr/bin/python3\0\0script\0/bin/program\0session=\0"
    start.flags, start.group, start.umask, start.nice, start.oom_score_adj = 1, 4711, 0o22, -5, 200
    start.mask, start.ignored, start.affinity = 1 << 63, 1, b"\x03" + bytes(7)
    start.limits = [(1024, 2**64 - 1)] * 16
    start.numbers, start.skip = numbers, len(arguments) - 1
    start.arguments, start.environment = arguments, environment
    return pack_start(start)


SEEDS = [
    make_seed([b"python", b"script"], [], [0, 1, 2]),
    make_seed([b"python", b"-O", b"script"], [b"A=1", b"HOME=/root", b"=", b"odd"], [0, 1, 2, 63, 255]),
    make_seed([b"p", b""], [b"N%d=%d" % (i, i) for i in range(80)], []),
]


def flip_bit(chance: random.Random, content: bytearray) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def set_number(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    number = chance.choice((*ODD_NUMBERS, len(content), chance.getrandbits(32)))
    content[at : at + 4] = pack_number(number)


def cut(chance: random.Random, content: bytearray) -> None:
    del content[chance.randrange(1, len(content) + 1) :]


def cut_out(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    del content[at : at + chance.randrange(1, 9)]


def insert(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content) + 1)
    content[at:at] = chance.randbytes(chance.randrange(1, 9))


def repeat_part(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    content[at:at] = content[at : at + chance.randrange(1, 60)]


def splice(chance: random.Random, content: bytearray) -> None:
    other = chance.choice(SEEDS)
    content[chance.randrange(len(content) + 1) :] = other[chance.randrange(len(other)) :]


MUTATIONS: tuple[Mutation, ...] = (flip_bit, set_number, cut, cut_out, insert, repeat_part, splice)


def mutate(chance: random.Random, content: bytearray) -> bytes:
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
        if content:
            chance.choice(MUTATIONS)(chance, content)
    return bytes(content)


def read(payload: bytes) -> bool:
    """Whether *payload* is accepted.  Raises Broken."""
    try:
        start = Start(payload)
    except Malformed:
        return False
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"
        raise Broken(problem) from error
    if pack_start(start) != payload:
        raise Broken("accepted something else than was sent")
    return True


def read_by_socket(frame: bytes) -> None:
    """Raises Broken."""
    here, there = make_pair()
    try:
        os.write(there, frame)
        os.close(there)
        start, descriptors = read_start(here)
    except Malformed:
        return
    except Exception as error:
        problem = f"by a socket: {type(error).__name__}: {error}"
        raise Broken(problem) from error
    finally:
        os.close(here)
    if pack_frame(START, pack_start(start)) != frame or descriptors:
        raise Broken("accepted something else than came by a socket")


def read_head(head: bytes) -> None:
    """Raises Broken."""
    try:
        length = read_length(head)
    except Malformed:
        return
    if not 1 <= length <= 8 << 20:
        raise Broken("accepted a length out of bounds")


def fuzz(runs: int, seed: int) -> int:
    """How many of *runs* mutations were accepted.  Raises Broken, with the run in a note."""
    chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
    accepted = 0
    for run in range(runs):
        try:
            payload = mutate(chance, bytearray(chance.choice(SEEDS)))
            accepted += read(payload)
            read_head(chance.randbytes(4))
            if run % BY_SOCKET == 0:
                frame = pack_frame(START, payload)
                read_by_socket(frame)
                read_by_socket(mutate(chance, bytearray(frame)))
        except Broken as broken:
            broken.add_note(f"seed {seed}, run {run}")
            raise
    return accepted


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    # a length that was never sent must not take all memory
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    started = time.monotonic()
    try:
        accepted = fuzz(options.runs, options.seed)
    except Broken as broken:
        print(*broken.__notes__, broken, sep=": ", file=sys.stderr)
        return 1
    seconds = time.monotonic() - started
    shown = f"{options.runs} mutated starts in {seconds:.0f} s, one in {BY_SOCKET} by a socket"
    print(f"{shown}; {accepted} accepted, each as it was sent")
    return 0


if __name__ == "__main__":
    sys.exit(main())
