"""Records are where the grammar says, and mean the same however they are split."""

from __future__ import annotations

import pytest

from gateway import wire
from mainspring.gateway import fastcgi_records as fcgi
from mainspring.gateway.breaches import Breach
from mainspring.gateway.fastcgi_requests import (
    Broken,
    Receiver,
    collect_params,
)

MOST_PARAMS, MOST_REQUESTS = 4096, 3


def make_receiver() -> Receiver:
    return Receiver(MOST_PARAMS, MOST_REQUESTS, 4096)


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
    assert b"".join(content for _, _, content in records) == part[:length]
    assert all(content for _, _, content in records)
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


@pytest.mark.parametrize("length", [2**31 - 1, 2**31 - 2, 2**30, 65_536])
@pytest.mark.parametrize("place", [0, 1])
def test_a_length_beyond_what_came_is_refused_and_nothing_of_its_size_is_made(
    length: int, place: int
) -> None:
    lengths = [b"\1", b"\1"]
    lengths[place] = (length | 1 << 31).to_bytes(4, "big")
    with pytest.raises(Breach, match="params-malformed"):
        collect_params(b"".join(lengths) + b"AB")


def test_nothing_more_comes_of_a_connection_that_is_broken() -> None:
    request = wire.pack_request(wire.ORDINARY)
    broken = wire.pack(wire.PARAMS, 1, version=9)
    receiver = make_receiver()
    assert receiver.feed(broken + request) == [Broken("version")]
    assert receiver.feed(request) == []
