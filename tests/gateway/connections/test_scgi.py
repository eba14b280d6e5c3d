"""An SCGI request is served as it was sent, or refused, and then nothing is run."""

from __future__ import annotations

import fcntl
import os
import socket
import sys
import termios
from functools import partial

import pytest

from gateway.connections.staging import Stage, steps
from gateway.connections.watching import MOST_PARAMS, Watched
from gateway.wire import (
    ORDINARY,
    PATIENCE,
    Client,
    Wire,
    exchange,
    fetch_scgi,
    pack_fields,
    pack_netstring,
    pack_scgi,
    wait_until,
)
from mainspring.gateway.scgi_requests import Asked, Body, Receiver


@pytest.mark.parametrize("family", ["scgi", "scgi_tcp"])
def test_a_request_is_answered_with_its_body(wire: Wire, watched: Watched, family: str) -> None:
    body = os.urandom(300_000)
    answer = fetch_scgi(getattr(wire, family), body=body)
    assert (answer.status, answer.body) == (200, body)
    assert watched.served.get() == {"CONTENT_LENGTH": "300000", "SCGI": "1", **ORDINARY}


def test_the_answer_begins_as_a_script_s_would(staged: Wire) -> None:
    answer = fetch_scgi(staged.scgi, steps("begin write end"))
    assert answer.out == b"Status: 200 OK\r\nContent-Type: text/plain\r\n\r\npart"


def test_the_example_of_the_specification_is_served(wire: Wire) -> None:
    sent = (
        b"70:CONTENT_LENGTH\x0027\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0,"
        b"What is the answer to life?"
    )
    assert exchange(wire.scgi, sent).body == b"What is the answer to life?"


def test_slow_bytes_make_the_same_request(wire: Wire) -> None:
    with Client(wire.scgi_tcp) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in pack_scgi(ORDINARY, b"0123456789"):
            client.send(bytes([byte]))
        assert client.read().endswith(b"\r\n\r\n0123456789")


LENGTH = (b"CONTENT_LENGTH", b"0")
SCGI = (b"SCGI", b"1")
MALFORMED = {
    "no digit": b":,",
    "no number": b"a1:,",
    "a sign": b"+24:" + b"CONTENT_LENGTH\x000\0SCGI\x001\0,",
    "a space": b" 24:" + b"CONTENT_LENGTH\x000\0SCGI\x001\0,",
    "a leading zero": b"024:" + b"CONTENT_LENGTH\x000\0SCGI\x001\0,",
    "only zeros": b"00:,",
    "digits without an end": b"1" * 11,
    "many digits": b"1" * 5000,
    "a longer block than announced": b"23:CONTENT_LENGTH\x000\0SCGI\x001\0,",
    "another comma": b"24:CONTENT_LENGTH\x000\0SCGI\x001\0;",
    "HTTP": b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    "FastCGI": b"\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0",
    "nothing in it": b"0:,",
    "no NUL": pack_netstring(b"CONTENT_LENGTH"),
    "no NUL at its end": pack_netstring(b"CONTENT_LENGTH\x000\0SCGI\x001"),
    "a name without a value": pack_fields(*LENGTH, *SCGI, b"NAME"),
    "no length": pack_fields(*SCGI, b"A", b"B"),
    "the length not first": pack_fields(*SCGI, *LENGTH),
    "a length twice": pack_fields(*LENGTH, *LENGTH, *SCGI),
    "an empty length": pack_fields(b"CONTENT_LENGTH", b"", *SCGI),
    "a negative length": pack_fields(b"CONTENT_LENGTH", b"-1", *SCGI),
    "a length with a sign": pack_fields(b"CONTENT_LENGTH", b"+1", *SCGI),
    "a length with a space": pack_fields(b"CONTENT_LENGTH", b"1 ", *SCGI),
    "a hexadecimal length": pack_fields(b"CONTENT_LENGTH", b"0x1", *SCGI),
    "a length of other digits": pack_fields(b"CONTENT_LENGTH", "٣".encode(), *SCGI),
    "a length of many digits": pack_fields(b"CONTENT_LENGTH", b"9" * 19, *SCGI),
    "no version": pack_fields(*LENGTH, b"A", b"B"),
    "another version": pack_fields(*LENGTH, b"SCGI", b"2"),
    "a name twice": pack_fields(*LENGTH, *SCGI, b"A", b"1", b"A", b"1"),
    "an empty name": pack_fields(*LENGTH, *SCGI, b"", b"value"),
    "a name with =": pack_fields(*LENGTH, *SCGI, b"A=B", b"value"),
}


@pytest.mark.parametrize("form", MALFORMED)
def test_what_is_malformed_is_400_and_runs_nothing(wire: Wire, watched: Watched, form: str) -> None:
    assert exchange(wire.scgi, MALFORMED[form]).status == 400
    assert fetch_scgi(wire.scgi, {**ORDINARY, "LAST": "1"}).status == 200
    assert watched.served.get(timeout=PATIENCE)["LAST"] == "1"
    assert sum(wire.connections.breaches.values()) == 1


@pytest.mark.parametrize("length", [MOST_PARAMS + 1, 2**31 - 1, 2**31, 2**32, 9_999_999_999])
def test_too_large_headers_are_431_before_they_have_come(wire: Wire, length: int) -> None:
    assert exchange(wire.scgi, b"%d:" % length).status == 431
    assert wire.connections.breaches == {"params-too-big": 1}


def test_headers_up_to_their_bound_are_served(wire: Wire) -> None:
    rest = MOST_PARAMS - len(b"CONTENT_LENGTH\x000\0SCGI\x001\0X\0\0")
    assert exchange(wire.scgi, pack_fields(*LENGTH, *SCGI, b"X", b"x" * rest)).status == 200
    assert exchange(wire.scgi, pack_fields(*LENGTH, *SCGI, b"X", b"x" * (rest + 1))).status == 431


def test_a_refusal_is_read_though_the_client_sends_on(wire: Wire) -> None:
    assert exchange(wire.scgi, b"10000000:" + bytes(8 << 20)).status == 431


def test_headers_of_a_client_that_come_twice_are_one_list(wire: Wire, watched: Watched) -> None:
    fields = (*LENGTH, *SCGI, b"HTTP_VIA", b"a", b"HTTP_COOKIE", b"c=1", b"HTTP_VIA", b"b")
    assert exchange(wire.scgi, pack_fields(*fields, b"HTTP_COOKIE", b"d=2")).status == 200
    found = watched.served.get(timeout=PATIENCE)
    assert (found["HTTP_VIA"], found["HTTP_COOKIE"]) == ("a, b", "c=1; d=2")


def test_bytes_that_are_no_text_come_as_they_are(wire: Wire, watched: Watched) -> None:
    assert exchange(wire.scgi, pack_fields(*LENGTH, *SCGI, b"X", b"\xff/\xc3\xa9")).status == 200
    assert os.fsencode(watched.served.get(timeout=PATIENCE)["X"]) == b"\xff/\xc3\xa9"


def test_what_comes_after_the_body_is_dropped(wire: Wire) -> None:
    assert exchange(wire.scgi, pack_scgi(ORDINARY, b"body") + b"more").body == b"body"


@pytest.mark.parametrize("sent", [b"", b"7", b"70:CONTENT_LENGTH", pack_scgi(ORDINARY)[:-1]])
def test_a_client_that_ends_before_its_headers_do_is_closed(wire: Wire, sent: bytes) -> None:
    with Client(wire.scgi) as client:
        client.send(sent)
        client.half_close()
        assert client.read() == b""
    assert fetch_scgi(wire.scgi).status == 200


def test_a_client_that_ends_before_its_body_does_is_gone(staged: Wire, stage: Stage) -> None:
    with Client(staged.scgi) as client:
        client.send(pack_scgi(steps("read"), b"body")[:-1])
        stage.wait_for("read", "read 3")
        client.half_close()
        assert {stage.seen.get(timeout=PATIENCE) for _ in range(2)} == {
            "gone",
            "read the client has gone",
        }
        assert client.read() == b""


@pytest.mark.parametrize("family", ["scgi", "scgi_tcp"])
def test_a_client_that_sends_nothing_more_is_answered(staged: Wire, stage: Stage, family: str) -> None:
    with Client(getattr(staged, family)) as client:
        client.send(pack_scgi(steps("begin wait write end"), b"body"))
        client.half_close()
        stage.wait_for("begin", "wait")
        stage.release(staged)
        assert client.read().endswith(b"\r\n\r\npart")
    stage.wait_for("write", "end")
    assert stage.seen.empty()


@pytest.mark.parametrize("family", ["scgi", "scgi_tcp"])
def test_a_client_that_goes_away_is_gone(staged: Wire, stage: Stage, family: str) -> None:
    with Client(getattr(staged, family)) as client:
        client.send(pack_scgi(steps("wait")))  # and no answer that it has not read
        stage.wait_for("wait")
    stage.wait_for("gone")


def test_a_client_that_goes_away_over_tcp_is_gone_once_it_is_written_to(
    staged: Wire, stage: Stage
) -> None:
    with Client(staged.scgi_tcp) as client:
        client.send(pack_scgi(steps("wait begin flood")))
        stage.wait_for("wait")
    stage.release(staged)
    stage.wait_for("begin", "flood", "gone")


@pytest.mark.parametrize("family", ["scgi", "scgi_tcp"])
@pytest.mark.parametrize("size", [0, 1, 2, 100, 300_000, 8 << 20])
def test_an_answer_that_cannot_be_completed_is_reset(staged: Wire, family: str, size: int) -> None:
    with Client(getattr(staged, family)) as client:
        client.send(pack_scgi(steps("read begin write break_off"), bytes(size)))
        assert read_until_reset(client).endswith(b"\r\n\r\npart")


def read_until_reset(client: Client) -> bytes:
    """What came before."""
    parts: list[bytes] = []
    with pytest.raises(ConnectionResetError):
        parts.extend(iter(partial(client.socket.recv, 1 << 16), b""))
    return b"".join(parts)


@pytest.mark.parametrize("size", [0, 1, 2, 100, 300_000, 8 << 20])
@pytest.mark.parametrize("more", [b"", b"more than the body"])
def test_an_answer_that_is_complete_is_not(staged: Wire, size: int, more: bytes) -> None:
    with Client(staged.scgi) as client:
        client.send(pack_scgi(steps("read begin write end"), bytes(size)) + more)
        assert b"".join(iter(partial(client.socket.recv, 1 << 16), b"")).endswith(b"\r\n\r\npart")


def test_a_request_that_comes_in_two_parts_is_answered_wherever_it_is_cut(staged: Wire) -> None:
    request = pack_scgi(steps("read begin write end"), b"body")
    for cut in range(1, len(request)):
        with Client(staged.scgi) as client:
            client.send(request[:cut])
            wait_until(lambda client=client: count_unread(client) == 0)
            client.send(request[cut:])
            assert client.socket.recv(1 << 16).endswith(b"\r\n\r\npart"), cut
            assert client.socket.recv(1) == b"", cut


def count_unread(client: Client) -> int:
    """How many bytes the other side has not read yet."""
    unread = fcntl.ioctl(client.socket, termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(unread, sys.byteorder)


def test_a_request_that_cannot_be_served_is_500(staged: Wire) -> None:
    assert fetch_scgi(staged.scgi, steps("fail")).status == 500
    assert len(staged.problems) == 1
    staged.problems.clear()


def test_a_body_that_nobody_reads_does_not_take_the_answer_away(staged: Wire) -> None:
    with Client(staged.scgi) as client:
        client.send(pack_scgi(steps("begin write end"), bytes(8 << 20)))
        assert client.read().endswith(b"\r\n\r\npart")


def test_a_long_body_comes_in_parts_that_a_reader_may_have() -> None:
    (asked, *parts) = Receiver(1000).feed(pack_scgi({}, bytes(200_000)))
    assert isinstance(asked, Asked)
    assert [len(part.content) for part in parts if isinstance(part, Body)] == [65_536] * 3 + [3392, 0]


@pytest.mark.parametrize("size", [0, 1, 2, 500])
def test_it_is_known_when_the_last_byte_alone_is_missing(size: int) -> None:
    request = pack_scgi(ORDINARY, bytes(size))
    for cut in range(len(request)):
        receiver = Receiver(1000)
        receiver.feed(request[:cut])
        missing = len(request) - cut
        assert receiver.left() == 1 if missing == 1 else 1 < receiver.left() <= missing, cut
    receiver.feed(request[-1:])
    assert receiver.left() == 0
