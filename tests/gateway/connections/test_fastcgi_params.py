"""Parameters are what the front sent, or are refused, and then nothing is run."""

from __future__ import annotations

import struct

import pytest

from gateway.connections.watching import MOST_PARAMS, Watched, assert_still_served
from gateway.wire import (
    COMPLETE,
    ORDINARY,
    PARAMS,
    PATIENCE,
    STDIN,
    FastCGIClient,
    Wire,
    pack,
    pack_begin,
    pack_opening,
    pack_pairs,
    pack_stream,
)


def test_parameters_are_the_same_wherever_their_records_are_cut(
    client: FastCGIClient, watched: Watched
) -> None:
    params = {**ORDINARY, "LONG": "x" * 300, "N" * 200: "", "EMPTY": ""}
    block = pack_pairs(params)
    for size in (*range(1, 20), 127, 128, 129):
        client.send(pack_begin(keep=True) + pack_stream(PARAMS, 1, block, size) + pack(STDIN, 1))
        assert client.answer().status == 200
        assert watched.served.get(timeout=PATIENCE) == params


def assert_refused(client: FastCGIClient, watched: Watched, block: bytes, status: int = 400) -> None:
    client.send(pack_begin(keep=True) + pack_stream(PARAMS, 1, block) + pack(STDIN, 1))
    answer = client.answer()
    assert (answer.status, answer.app_status, answer.protocol_status) == (status, 1, COMPLETE)
    assert_still_served(client, watched)


@pytest.mark.parametrize("length", [2**31 - 1, 2**31 - 2, 2**31 - 16, 2**30, 128])
@pytest.mark.parametrize("place", [0, 1])
def test_a_length_beyond_the_parameters_is_refused(
    client: FastCGIClient, watched: Watched, length: int, place: int
) -> None:
    lengths = [b"\1", b"\1"]
    lengths[place] = struct.pack(">I", length | 1 << 31)
    assert_refused(client, watched, pack_pairs(ORDINARY) + b"".join(lengths) + b"AB")


@pytest.mark.parametrize("cut", range(1, 13))
def test_parameters_that_are_cut_off_are_refused(
    client: FastCGIClient, watched: Watched, cut: int
) -> None:
    assert_refused(client, watched, pack_pairs({b"NAME": b"v" * 130})[:-cut])
    assert_refused(client, watched, pack_pairs({b"NAME": b"v" * 130})[:cut])


@pytest.mark.parametrize("name", [b"", b"=", b"A=B", b"\0", b"A\0B", b"A\0"])
def test_a_name_that_cannot_stand_in_an_environment_is_refused(
    client: FastCGIClient, watched: Watched, name: bytes
) -> None:
    assert_refused(client, watched, pack_pairs({name: b"value"}))


@pytest.mark.parametrize("value", [b"\0", b"a\0", b"\0b"])
def test_a_value_with_nul_is_refused(client: FastCGIClient, watched: Watched, value: bytes) -> None:
    assert_refused(client, watched, pack_pairs({b"NAME": value}))


@pytest.mark.parametrize(
    "length", ["-1", "+1", " 1", "1 ", "0x10", "1e3", "1,1", "1_0", "1\n", "٣", "9" * 19, "9" * 5000]
)
def test_a_content_length_that_is_no_number_is_refused(
    wire: Wire, client: FastCGIClient, watched: Watched, length: str
) -> None:
    assert_refused(client, watched, pack_pairs({**ORDINARY, "CONTENT_LENGTH": length}))
    assert wire.connections.breaches == {"content-length": 1}


def test_an_empty_content_length_says_nothing(client: FastCGIClient) -> None:
    assert client.fetch({**ORDINARY, "CONTENT_LENGTH": ""}).status == 200


def test_too_many_parameters_are_refused_before_they_end_and_dropped(
    wire: Wire, client: FastCGIClient, watched: Watched
) -> None:
    client.send(pack_begin(keep=True) + pack(PARAMS, 1, pack_pairs({b"X": bytes(MOST_PARAMS - 6)})))
    client.send(pack(PARAMS, 1, b"\1"))
    answer = client.answer()
    assert (answer.status, answer.app_status) == (431, 1)
    for _ in range(100):
        client.send(pack(PARAMS, 1, bytes(65_535)))
    assert_still_served(client, watched)
    assert wire.connections.breaches == {"params-too-big": 1}


def test_parameters_up_to_their_bound_are_served(client: FastCGIClient) -> None:
    assert client.fetch({"X": "x" * (MOST_PARAMS - 6)}).status == 200


def test_a_refusal_ends_a_connection_that_is_not_to_be_kept(client: FastCGIClient) -> None:
    client.send(pack_begin() + pack(PARAMS, 1, bytes(MOST_PARAMS + 1)))
    assert client.answer().status == 431
    assert client.is_closed()


def test_a_body_before_the_end_of_the_parameters_is_refused(
    client: FastCGIClient, watched: Watched
) -> None:
    client.send(pack_begin(keep=True) + pack(PARAMS, 1, pack_pairs(ORDINARY)) + pack(STDIN, 1, b"early"))
    assert client.answer().status == 400
    assert_still_served(client, watched)


def test_parameters_after_their_end_are_dropped(client: FastCGIClient, watched: Watched) -> None:
    client.send(pack_opening({"LAST": "1"}, keep=True))
    client.send(pack_stream(PARAMS, 1, pack_pairs({"LAST": "2"})) + pack_stream(STDIN, 1, b"body"))
    assert client.answer().body == b"body"
    assert watched.served.get(timeout=PATIENCE) == {"LAST": "1"}


@pytest.mark.parametrize(("name", "value"), [("X", "2"), ("HTTP_X", "1, 2"), ("HTTP_COOKIE", "1; 2")])
def test_of_a_name_that_comes_twice_the_last_holds_or_headers_are_one_list(
    client: FastCGIClient, watched: Watched, name: str, value: str
) -> None:
    block = pack_pairs({name: "1"}) + pack_pairs({name: "2"})
    client.send(pack_begin() + pack_stream(PARAMS, 1, block) + pack(STDIN, 1))
    assert client.answer().status == 200
    assert watched.served.get(timeout=PATIENCE) == {name: value}
