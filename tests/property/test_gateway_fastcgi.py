"""FastCGI means the same however it is split, and gives no more than was announced."""

from __future__ import annotations

from itertools import pairwise

import pytest
from gateway import wire
from hypothesis import given
from hypothesis import strategies as st

from mainspring.gateway import fastcgi_records as fcgi
from mainspring.gateway.breaches import Breach
from mainspring.gateway.fastcgi_requests import (
    Answer,
    Asked,
    Body,
    Broken,
    Ended,
    Event,
    Receiver,
    Refused,
    Short,
    collect_params,
)

MOST_PARAMS, MOST_REQUESTS = 4096, 3


def make_receiver() -> Receiver:
    return Receiver(MOST_PARAMS, MOST_REQUESTS, 4096)


def receive(*parts: bytes) -> list[Event]:
    receiver = make_receiver()
    return [event for part in parts for event in receiver.feed(part)]


TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=300)
NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0="), min_size=1, max_size=300)


@given(st.dictionaries(NAMES, TEXT))
def test_what_another_client_packs_is_what_is_collected(params: dict[str, str]) -> None:
    assert collect_params(wire.pack_pairs(params)) == params
    assert fcgi.pack_pairs(params) == wire.pack_pairs(params)


@given(st.dictionaries(NAMES, TEXT, min_size=1, max_size=3), st.data())
def test_pairs_that_are_cut_off_are_refused_or_end_between_two(
    params: dict[str, str], data: st.DataObject
) -> None:
    packed = wire.pack_pairs(params)
    cut = data.draw(st.integers(0, len(packed) - 1))
    edges = [len(wire.pack_pairs(dict(list(params.items())[:count]))) for count in range(len(params))]
    if cut in edges:
        assert list(collect_params(packed[:cut]).items()) == list(params.items())[: edges.index(cut)]
    else:
        with pytest.raises(Breach, match="params-malformed"):
            collect_params(packed[:cut])


# any stream of records, sensible and not, and its events

IDS = st.integers(0, 3)
KINDS = st.sampled_from([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 255])
CONTENTS = st.one_of(st.just(b""), st.binary(max_size=40), st.just(bytes(MOST_PARAMS + 1)))
VERSIONS = st.sampled_from([1] * 60 + [0, 2])
ANY = st.builds(
    lambda kind, request, content, padding, version: wire.pack(
        kind, request, content, padding=padding, version=version
    ),
    KINDS,
    IDS,
    CONTENTS,
    st.integers(0, 255),
    VERSIONS,
)
BEGINS = st.builds(
    lambda request, keep, role: wire.pack_begin(request, keep=keep, role=role),
    IDS,
    st.booleans(),
    st.sampled_from([1, 1, 1, 2, 3]),
)
LENGTHS = st.sampled_from(["", "0", "3", "12", "-1", "9" * 18, "9" * 19])
WHOLE = st.builds(
    lambda request, length, size, body: (
        wire.pack_begin(request)
        + wire.pack_stream(wire.PARAMS, request, wire.pack_pairs({"CONTENT_LENGTH": length}), size)
        + wire.pack_stream(wire.STDIN, request, body, size)
    ),
    IDS,
    LENGTHS,
    st.integers(1, 30),
    st.binary(max_size=20),
)
STREAMS = st.lists(st.one_of(ANY, BEGINS, WHOLE), max_size=12).map(b"".join)


@given(STREAMS, st.data())
def test_a_stream_means_the_same_wherever_it_is_split(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    edges = [0, *cuts, len(stream)]
    parts = [stream[a:b] for a, b in pairwise(edges)]
    assert receive(*parts) == receive(stream)


@given(STREAMS.filter(lambda stream: len(stream) < 3000))
def test_a_stream_means_the_same_a_byte_at_a_time(stream: bytes) -> None:
    assert receive(*(bytes([byte]) for byte in stream)) == receive(stream)


@given(STREAMS)
def test_what_is_delivered_was_asked_for_first_and_is_no_longer_than_announced(stream: bytes) -> None:
    left: dict[int, int | None] = {}
    for event in receive(stream):
        match event:
            case Asked(request, params, _):
                assert request not in left
                left[request] = int(params["CONTENT_LENGTH"]) if params.get("CONTENT_LENGTH") else None
            case Body(request, content):
                given = left[request]
                assert given is None or len(content) <= given
                left[request] = None if given is None else given - len(content)
            case Short(request):
                assert left[request]
            case Ended(request) | Refused(request):
                left.pop(request, None)
            case Answer() | Broken():
                pass


@given(STREAMS)
def test_no_more_is_held_than_the_bounds_allow(stream: bytes) -> None:
    receiver = make_receiver()
    receiver.feed(stream)
    assert receiver.count() <= MOST_REQUESTS
    assert receiver.held() <= MOST_REQUESTS * MOST_PARAMS + 8 + 65_535 + 255


@given(STREAMS, st.data())
def test_what_is_let_go_of_leaves_the_stream_in_step(stream: bytes, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(stream)))
    receiver = make_receiver()
    events = receiver.feed(stream[:cut]) + receiver.shed()
    assert receiver.held() < fcgi.HEAD.size
    events += receiver.feed(stream[cut:]) + receiver.shed()
    events += receiver.feed(wire.pack_begin(9, role=2))
    is_broken = any(isinstance(event, Broken) for event in events)
    assert is_broken or Ended(9, fcgi.UNKNOWN_ROLE, False, "unknown-role") in events
