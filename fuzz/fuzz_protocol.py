"""Mutates what a caller sends, and holds that a host's child reads just what was sent, or refuses it.

    python fuzz/fuzz_protocol.py [--runs N] [--seed N]

Each goes through a socket, as one that a caller has connected.  Whatever the reader makes of a frame: no
error but that it is no request, and what it accepts, written again, is the frame, byte for byte.  The
same seed gives the same mutations.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from campaign import Broken, conduct, make_parser
from mutations import cut, cut_out, flip_bit, insert, mutate, repeat_part, set_number, splice

from mainspring._warm import make_pair, read_start
from mainspring.warm.protocol import Start, pack_frame, pack_start, unpack_start

if TYPE_CHECKING:
    import random

    from mutations import Mutation

START = b"Q"
TIMES = (0, 1, 1, 1, 2, 3)


def make_seed(arguments: list[bytes], environment: list[bytes], numbers: list[int]) -> bytes:
    start = Start()
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


MUTATIONS: tuple[Mutation, ...] = (
    flip_bit, set_number, cut, cut_out, insert, repeat_part, partial(splice, others=SEEDS),
)  # fmt: skip


def read(frame: bytes) -> bool:
    """Whether *frame* is accepted.  Raises Broken."""
    here, there = make_pair()
    try:
        os.write(there, frame)
        os.close(there)
        start, descriptors = unpack_start(read_start(here))
    except ValueError:
        return False
    finally:
        os.close(here)
    if pack_frame(START, pack_start(start)) != frame or descriptors:
        raise Broken("accepted something else than was sent")
    return True


def attempt(chance: random.Random, _run: int) -> int:
    """How many starts were accepted.  Raises Broken."""
    payload = mutate(chance, chance.choice(SEEDS), MUTATIONS, TIMES)
    return read(mutate(chance, pack_frame(START, payload), MUTATIONS, (0, 0, 0, 1)))


def describe(accepted: int) -> str:
    return f"each by a socket; {accepted} accepted, each as it was sent"


if __name__ == "__main__":
    sys.exit(conduct(attempt, make_parser(__doc__).parse_args(), "starts", describe))
