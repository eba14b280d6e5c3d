"""Each record that a front can send in the wrong place has its answer, and harms no other request."""

from __future__ import annotations

import struct

import pytest

from gateway.connections.watching import Watched, assert_still_served
from gateway.wire import (
    ABORT,
    BEGIN,
    END,
    GET_VALUES,
    GET_VALUES_RESULT,
    ORDINARY,
    PARAMS,
    PATIENCE,
    STDERR,
    STDIN,
    STDOUT,
    UNKNOWN_ROLE,
    UNKNOWN_TYPE,
    FastCGIClient,
    Wire,
    fetch_fastcgi,
    pack,
    pack_begin,
    pack_opening,
    pack_pairs,
    pack_request,
    pack_stream,
)
from mainspring.gateway.bounds import Bounds


@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_closes_the_connection(
    wire: Wire, client: FastCGIClient, watched: Watched, version: int
) -> None:
    client.send(pack(BEGIN, 1, bytes(8), version=version) + pack_request(ORDINARY))
    assert client.is_closed()
    assert wire.connections.breaches == {"version": 1}
    assert watched.served.empty()
    assert fetch_fastcgi(wire.fastcgi).status == 200


@pytest.mark.parametrize("kind", [0, 8, 12, 77, 255])
def test_an_unknown_type_about_the_connection_is_unknown(
    client: FastCGIClient, watched: Watched, kind: int
) -> None:
    client.send(pack(kind, 0, b"whatever", padding=3))
    assert client.read_record() == (UNKNOWN_TYPE, 0, bytes([kind]) + bytes(7), 0)
    assert_still_served(client, watched)


@pytest.mark.parametrize("kind", [BEGIN, ABORT, PARAMS, STDIN])
def test_a_request_s_type_with_id_0_is_no_request(
    client: FastCGIClient, watched: Watched, kind: int
) -> None:
    client.send(pack(kind, 0, struct.pack(">HB5x", 1, 1)))
    assert client.read_record() == (UNKNOWN_TYPE, 0, bytes([kind]) + bytes(7), 0)
    assert_still_served(client, watched)


@pytest.mark.parametrize("kind", [0, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, 8, 11, 12, 255])
def test_a_record_for_an_unknown_request_is_ignored(
    client: FastCGIClient, watched: Watched, kind: int
) -> None:
    client.send(pack(kind, 7, b"whatever") + pack(kind, 65_535))
    assert_still_served(client, watched)


@pytest.mark.parametrize("kind", [0, END, STDOUT, STDERR, 8, 9, 11, 12, 255])
def test_a_type_that_no_front_sends_is_ignored_within_a_request(client: FastCGIClient, kind: int) -> None:
    odd = pack(kind, 1, b"whatever") + pack(kind, 1)
    client.send(
        odd.join((pack_begin(), pack_stream(PARAMS, 1, pack_pairs(ORDINARY)), pack(STDIN, 1, b"a")))
    )
    client.send(odd + pack(STDIN, 1))
    assert client.answer().body == b"a"


@pytest.mark.parametrize("sent", [b"", pack_stream(PARAMS, 1, pack_pairs(ORDINARY))])
def test_a_second_begin_for_a_live_request_closes_the_connection(
    wire: Wire, client: FastCGIClient, sent: bytes
) -> None:
    client.send(pack_begin(keep=True) + sent + pack_begin(keep=True))
    assert client.answer().app_status is None
    assert wire.connections.breaches == {"begin-twice": 1}


def test_a_second_begin_takes_away_the_client_of_the_first(
    client: FastCGIClient, watched: Watched
) -> None:
    client.send(pack_opening(ORDINARY))
    assert client.read_record() is not None
    client.send(pack_begin())
    assert watched.gone.get(timeout=PATIENCE) == "gone"


@pytest.mark.parametrize("length", [0, 7, 9, 65_535])
def test_a_begin_of_another_length_closes_the_connection(
    wire: Wire, client: FastCGIClient, length: int
) -> None:
    client.send(pack(BEGIN, 1, bytes(length)))
    assert client.is_closed()
    assert wire.connections.breaches == {"begin-malformed": 1}


@pytest.mark.parametrize("role", [0, 2, 3, 4, 65_535])
def test_an_unknown_role_is_told_so(client: FastCGIClient, watched: Watched, role: int) -> None:
    client.send(pack_begin(keep=True, role=role))
    client.send(pack_stream(PARAMS, 1, pack_pairs(ORDINARY)) + pack(STDIN, 1))
    answer = client.answer()
    assert (answer.kinds, answer.app_status, answer.protocol_status) == ([END], 0, UNKNOWN_ROLE)
    assert_still_served(client, watched)


def test_an_unknown_role_ends_a_connection_that_is_not_to_be_kept(client: FastCGIClient) -> None:
    client.send(pack_begin(role=3))
    assert client.answer().protocol_status == UNKNOWN_ROLE
    assert client.is_closed()


def ask_values(client: FastCGIClient, *names: str) -> dict[str, str]:
    client.send(pack(GET_VALUES, 0, pack_pairs(dict.fromkeys(names, "")), padding=5))
    record = client.read_record()
    assert record is not None
    assert record[:2] == (GET_VALUES_RESULT, 0)
    found, at = {}, 0
    while at < len(record.content):
        name, value = record.content[at], record.content[at + 1]
        middle = at + 2 + name
        found[record.content[at + 2 : middle].decode()] = record.content[middle : middle + value].decode()
        at = middle + value
    return found


def test_a_fresh_connection_tells_its_values(client: FastCGIClient, watched: Watched) -> None:
    bounds = Bounds()
    assert ask_values(client, "FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "OTHER") == {
        "FCGI_MAX_CONNS": str(bounds.connections),
        "FCGI_MAX_REQS": str(bounds.children + bounds.queue),
        "FCGI_MPXS_CONNS": "1",
    }
    assert_still_served(client, watched)


def test_only_values_that_are_asked_for_are_told(client: FastCGIClient) -> None:
    assert ask_values(client, "FCGI_MPXS_CONNS") == {"FCGI_MPXS_CONNS": "1"}
    assert ask_values(client, "OTHER") == {}
    assert ask_values(client) == {}


def test_values_can_be_asked_for_in_the_middle_of_a_request(client: FastCGIClient) -> None:
    client.send(pack_begin(keep=True) + pack(PARAMS, 1, pack_pairs(ORDINARY)))
    assert ask_values(client, "FCGI_MPXS_CONNS") == {"FCGI_MPXS_CONNS": "1"}
    client.send(pack(PARAMS, 1) + pack(STDIN, 1))
    assert client.answer().app_status == 0


def test_names_of_values_that_are_cut_off_are_told_nothing(
    client: FastCGIClient, watched: Watched
) -> None:
    client.send(pack(GET_VALUES, 0, b"\x0fFCGI_MPXS"))
    assert client.read_record() == (GET_VALUES_RESULT, 0, b"", 0)
    assert_still_served(client, watched)


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 100, b"\xff" * 100])
def test_what_is_no_fastcgi_is_closed(wire: Wire, client: FastCGIClient, noise: bytes) -> None:
    client.send(noise)
    assert client.is_closed()
    assert fetch_fastcgi(wire.fastcgi).status == 200
