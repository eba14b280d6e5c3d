"""Whatever a host says is either a start and its end, or nothing of a start."""

from __future__ import annotations

import asyncio
import itertools
import os
import socket
import struct
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from mainspring.gateway.hosted import Hosted

if TYPE_CHECKING:
    from collections.abc import Sequence

NOBODY = (-1, -1, -1)
#: of no process: Linux has at most 2**22
PROCESS = (1 << 22) + 1
STARTED = struct.pack("<IBi", 5, ord("S"), PROCESS)


def ended(status: int) -> bytes:
    return struct.pack("<IBi", 5, ord("X"), status)


def hear(parts: Sequence[bytes]) -> int | None:
    """How the start ended that a host tells of in *parts*; None for none."""

    async def listen() -> int | None:
        here, there = socket.socketpair()
        here.setblocking(False)
        hosted = Hosted(asyncio.get_running_loop(), here.detach(), os.getpid(), b"", NOBODY)
        beginning = asyncio.ensure_future(hosted.begin())
        with there:
            for part in parts:
                await asyncio.sleep(0)
                try:
                    there.sendall(part)
                except BrokenPipeError:
                    break  # enough was heard
        begun = await beginning
        return await hosted.wait() if begun else None

    return asyncio.run(listen())


@law(100)
@given(st.lists(st.binary(max_size=80), max_size=6))
def test_no_bytes_are_too_odd(parts: list[bytes]) -> None:
    """Chance does not make a start: eight of the nine bytes would have to be right."""
    assert hear(parts) is None


@law(100)
@given(st.lists(st.binary(max_size=80), max_size=6))
def test_what_comes_behind_a_start_is_its_end_or_the_loss_of_it(parts: list[bytes]) -> None:
    assert hear([STARTED, *parts]) == -9


@law(100)
@given(st.integers(0, 255), st.lists(st.integers(0, 18), max_size=6))
def test_replies_come_in_any_parts(status: int, cuts: list[int]) -> None:
    whole = STARTED + ended(status << 8)
    places = [0, *sorted(cuts), len(whole)]
    assert hear([whole[start:end] for start, end in itertools.pairwise(places)]) == status


@law(100)
@given(st.sampled_from([b"host-stale", b"x", b"", b"never" * 20, b"\xff"]))
def test_a_refusal_is_no_start(reason: bytes) -> None:
    assert hear([struct.pack("<IB", 1 + len(reason), ord("R")) + reason, STARTED]) is None


@law(100)
@given(st.integers(-(1 << 31), 0))
def test_no_process_has_such_a_number(number: int) -> None:
    assert hear([struct.pack("<IBi", 5, ord("S"), number)]) is None
