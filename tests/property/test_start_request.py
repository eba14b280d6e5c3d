"""A host reads back what a caller's start is made of, and takes nothing else for one."""

from __future__ import annotations

import os

from hypothesis import given
from hypothesis import strategies as st

from mainspring._warm import make_pair, read_start
from mainspring.warm.protocol import Start, pack_frame, pack_start, unpack_start

WORDS = st.lists(st.binary(max_size=20), max_size=6)
FIELDS = Start.__slots__


@st.composite
def starts(draw: st.DrawFn) -> Start:
    start = Start()
    start.key, start.affinity = draw(st.binary(max_size=40)), draw(st.binary(max_size=8))
    start.flags, start.umask = draw(st.integers(0, 1)), draw(st.integers(0, 0o777))
    start.group, start.nice, start.oom_score_adj = draw(st.tuples(*[st.integers(-1000, 1000)] * 3))
    start.mask, start.ignored = draw(st.tuples(*[st.integers(0, (1 << 64) - 1)] * 2))
    limit = st.integers(0, (1 << 64) - 1)
    start.limits = draw(st.lists(st.tuples(limit, limit), max_size=16))
    start.numbers = draw(st.lists(st.integers(0, 1 << 20), max_size=4))
    start.arguments = [b"python", b"script", *draw(WORDS)]
    start.skip = draw(st.integers(1, len(start.arguments) - 1))
    start.environment = draw(WORDS)
    return start


def read(payload: bytes) -> Start | None:
    """What a host's child reads of it; None if it is no start."""
    here, there = make_pair()
    try:
        os.write(there, pack_frame(b"Q", payload))
        os.close(there)
        start, descriptors = unpack_start(read_start(here))
    except ValueError:
        return None
    finally:
        os.close(here)
    assert descriptors == 0
    return start


@given(starts())
def test_what_was_packed_is_read(start: Start) -> None:
    found = read(pack_start(start))
    assert [getattr(found, name) for name in FIELDS] == [getattr(start, name) for name in FIELDS]


@given(starts(), st.data())
def test_a_part_of_it_is_no_start(start: Start, data: st.DataObject) -> None:
    payload = pack_start(start)
    assert read(payload[: data.draw(st.integers(0, len(payload) - 1))]) is None


@given(starts(), st.binary(min_size=1, max_size=9))
def test_with_more_behind_it_it_is_no_start(start: Start, more: bytes) -> None:
    assert read(pack_start(start) + more) is None


@given(starts(), st.data())
def test_whatever_is_changed_of_it_is_read_within_its_bounds(start: Start, data: st.DataObject) -> None:
    payload = bytearray(pack_start(start))
    for _ in range(data.draw(st.integers(1, 6))):
        payload[data.draw(st.integers(0, len(payload) - 1))] = data.draw(st.integers(0, 255))
    found = read(bytes(payload))
    assert found is None or pack_start(found) == payload
