"""Records are where the grammar says, and mean the same however they are split."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway import wire
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


def test_a_record_has_its_fields_where_the_specification_puts_them() -> None:
    record = fcgi.pack_record(fcgi.STDOUT, 0x1234, b"hello")
    assert record == b"\x01\x06\x12\x34\x00\x05\x03\x00hello\0\0\0"
    assert fcgi.pack_end(1, 143, fcgi.OVERLOADED) == b"\1\3\0\1\0\10\0\0" + b"\0\0\0\x8f\2\0\0\0"
    assert fcgi.pack_unknown(77) == b"\1\x0b\0\0\0\10\0\0" + b"M\0\0\0\0\0\0\0"


def test_a_short_length_has_one_byte_and_a_long_one_four() -> None:
    assert fcgi.pack_pairs({"A": "b" * 127})[:2] == b"\x01\x7f"
    assert fcgi.pack_pairs({"A": "b" * 128})[:5] == b"\x01\x80\x00\x00\x80"


@pytest.mark.parametrize("length", [0, 1, 7, 8, 65_527, 65_528, 65_529, 65_535, 65_536, 200_000])
def test_output_of_any_length_is_whole_records_of_a_multiple_of_8(length: int) -> None:
    part = bytes(range(256)) * 782
    packed = fcgi.pack_stream(fcgi.STDOUT, 9, part[:length])
    records = list(fcgi.RecordReader().feed(packed))
    assert b"".join(record.content for record in records) == part[:length]
    assert all(record.content for record in records)
    assert len(packed) % 8 == 0


def test_a_record_with_all_that_it_can_hold_is_read_a_byte_at_a_time() -> None:
    content = bytes(range(256)) * 256
    packed = wire.pack(wire.STDIN, 65_535, content[:65_535], padding=255) + wire.pack(wire.ABORT, 2)
    reader = fcgi.RecordReader()
    records = [record for at in range(len(packed)) for record in reader.feed(packed[at : at + 1])]
    assert records == [(wire.STDIN, 65_535, content[:65_535]), (wire.ABORT, 2, b"")]


def test_a_reader_holds_no_more_than_a_record() -> None:
    reader = fcgi.RecordReader()
    packed = wire.pack(wire.STDIN, 1, bytes(65_535), padding=255)
    for part in (packed * 40)[:-1], packed[-1:]:
        assert len(list(reader.feed(part))) in {39, 1}
        assert reader.held() < len(packed)


def test_another_version_is_known_by_the_head_alone() -> None:
    for version in (0, 2, 255):
        packed = wire.pack(wire.STDIN, 1, b"ever", version=version)
        with pytest.raises(Breach, match="version"):
            list(fcgi.RecordReader().feed(packed[:8]))


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


@pytest.mark.parametrize("length", [2**31 - 1, 2**31 - 2, 2**30, 65_536])
@pytest.mark.parametrize("place", [0, 1])
def test_a_length_beyond_what_came_is_refused_and_nothing_of_its_size_is_made(
    length: int, place: int
) -> None:
    lengths = [b"\1", b"\1"]
    lengths[place] = (length | 1 << 31).to_bytes(4, "big")
    with pytest.raises(Breach, match="params-malformed"):
        collect_params(b"".join(lengths) + b"AB")


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
    parts = [stream[a:b] for a, b in itertools.pairwise(edges)]
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


def test_nothing_more_comes_of_a_connection_that_is_broken() -> None:
    request = wire.pack_request(wire.ORDINARY)
    broken = wire.pack(wire.PARAMS, 1, version=9)
    receiver = make_receiver()
    assert receiver.feed(broken + request) == [Broken("version")]
    assert receiver.feed(request) == []
