"""Mutates what a caller sends, and holds that a host reads just what was sent, or refuses it.

    python fuzz/fuzz_protocol.py [--runs N] [--seed N]

Whatever the reader makes of a payload: no exception but Malformed, and what it accepts, written again, is
the payload, byte for byte.  One in a hundred goes through a socket as well, once as it is and once in a
frame that is mutated itself: what comes out went in, or it is refused.  The same seed gives the same
mutations.
"""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from campaign import Broken, conduct, make_parser
from mutations import cut, cut_out, flip_bit, insert, mutate, repeat_part, set_number, splice

from mainspring._warm import make_pair
from mainspring.warm.protocol import (
    START,
    Malformed,
    Start,
    pack_frame,
    pack_start,
    read_length,
)
from mainspring.warm.request import read_start

if TYPE_CHECKING:
    import random

    from mutations import Mutation

BY_SOCKET = 100  # one of so many
TIMES = (0, 1, 1, 1, 2, 3)


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


MUTATIONS: tuple[Mutation, ...] = (
    flip_bit, set_number, cut, cut_out, insert, repeat_part, partial(splice, others=SEEDS),
)  # fmt: skip


def read(payload: bytes) -> bool:
    """Whether *payload* is accepted.  Raises Broken."""
    try:
        start = Start(payload)
    except Malformed:
        return False
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


def attempt(chance: random.Random, run: int) -> int:
    """How many starts were accepted.  Raises Broken."""
    payload = mutate(chance, chance.choice(SEEDS), MUTATIONS, TIMES)
    accepted = read(payload)
    read_head(chance.randbytes(4))
    if run % BY_SOCKET == 0:
        frame = pack_frame(START, payload)
        read_by_socket(frame)
        read_by_socket(mutate(chance, frame, MUTATIONS, TIMES))
    return accepted


def describe(accepted: int) -> str:
    return f"one in {BY_SOCKET} by a socket; {accepted} accepted, each as it was sent"


if __name__ == "__main__":
    sys.exit(conduct(attempt, make_parser(__doc__).parse_args(), "starts", describe))
