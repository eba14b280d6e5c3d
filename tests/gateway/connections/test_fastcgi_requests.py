"""A connection serves many requests at once, and ends each as the front has asked."""

from __future__ import annotations

import os
import queue
import socket
from typing import TYPE_CHECKING

import pytest

from gateway.connections.staging import OK, Stage, steps
from gateway.wire import (
    COMPLETE,
    END,
    ORDINARY,
    OVERLOADED,
    STDIN,
    STDOUT,
    FastCGIClient,
    Wire,
    fetch_fastcgi,
    pack,
    pack_opening,
    pack_request,
    serve_wire,
)
from mainspring.gateway.bounds import Bounds

if TYPE_CHECKING:
    from pathlib import Path

    from mainspring.gateway.exchange import Exchange


@pytest.mark.parametrize("family", ["fastcgi", "fastcgi_tcp"])
def test_a_request_is_answered_with_its_body(tmp_path: Path, family: str) -> None:
    with serve_wire(tmp_path) as wire:
        body = os.urandom(300_000)
        answer = fetch_fastcgi(getattr(wire, family), body=body)
    assert (answer.status, answer.body, answer.app_status) == (200, body, 0)
    assert answer.kinds[-2:] == [STDOUT, END]


def test_a_short_answer_goes_out_in_one_piece(staged: Wire) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin write end"))
        assert client.socket.recv(1 << 16).count(b"\1\3\0\1") == 1


def test_an_answer_whose_end_is_expected_waits_for_it(staged: Wire) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin write expect_end turn end"))
        assert client.socket.recv(1 << 16).count(b"\1\3\0\1") == 1


def test_what_waits_for_its_end_goes_out_with_another_request_s_answer(
    staged: Wire, stage: Stage
) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin write expect_end turn wait end"), request=1)
        stage.wait_for("begin", "write", "expect_end", "turn", "wait")
        assert client.fetch(steps("begin write end"), request=2).body == b"part"
        stage.release(staged)
        answer = client.answer(1)
        assert (answer.body, answer.app_status) == (b"part", 0)


@pytest.mark.parametrize(("word", "status"), [("end", 0), ("end_3", 3), ("end_by_15", 143)])
def test_the_exit_status_of_the_script_is_the_application_s(staged: Wire, word: str, status: int) -> None:
    answer = fetch_fastcgi(staged.fastcgi, steps(f"begin write {word}"))
    assert (answer.body, answer.app_status, answer.protocol_status) == (b"part", status, COMPLETE)


def test_a_full_gateway_is_overloaded_in_both_languages(staged: Wire) -> None:
    answer = fetch_fastcgi(staged.fastcgi, steps("overload end"))
    assert (answer.status, answer.protocol_status) == (503, OVERLOADED)


def test_a_connection_is_kept_only_if_it_is_asked_to_be(staged: Wire) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        for _ in range(3):
            assert client.fetch(steps("begin end")).app_status == 0
        client.fetch(steps("begin end"), keep=False)
        assert client.is_closed()


def test_a_hundred_requests_of_a_connection_are_served_at_once(tmp_path: Path) -> None:
    bodies = {request: os.urandom(2000 + request) for request in range(1, 101)}
    with serve_wire(tmp_path) as wire, FastCGIClient(wire.fastcgi) as client:
        for request in bodies:
            client.send(pack_opening(ORDINARY, request, keep=True))
        for part in range(10):
            for request, body in bodies.items():
                client.send(pack(STDIN, request, body[part * 300 : (part + 1) * 300]))
        for request in reversed(bodies):
            client.send(pack(STDIN, request))
        assert {request: client.answer(request).body for request in bodies} == bodies


def test_one_request_s_slow_script_holds_up_no_other_of_the_connection(
    staged: Wire, stage: Stage
) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin wait end"), request=1)
        stage.wait_for("begin", "wait")
        for _ in range(3):
            assert client.fetch(steps("begin write end"), request=2).body == b"part"
        stage.release(staged)
        assert client.answer(1).app_status == 0


def test_a_body_without_a_length_is_delivered_as_it_comes(tmp_path: Path) -> None:
    with serve_wire(tmp_path) as wire, FastCGIClient(wire.fastcgi) as client:
        client.send(pack_opening(ORDINARY))
        assert client.read_record() is not None  # the head
        for part in (b"one", b"two"):
            client.send(pack(STDIN, 1, part))
            record = client.read_record()
            assert record is not None
            assert record.content == part
        client.send(pack(STDIN, 1))
        assert client.answer().app_status == 0


def test_an_answer_that_cannot_be_completed_has_no_end(staged: Wire) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin write break_off"))
        records = client.read()
    # nginx takes the end of the connection for the answer's, if it is not kept; but not what is no record
    assert records.endswith(pack(STDOUT, 1, b"part", padding=4).replace(b"\xaa", b"\0") + bytes(8))


def test_an_answer_that_cannot_be_completed_ends_the_connection_for_others_too(
    staged: Wire, stage: Stage
) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin wait write end"), request=1)
        stage.wait_for("begin", "wait")
        client.ask(steps("begin write break_off"), request=2)
        records = client.read()
    # HAProxy takes an END_REQUEST for the end of a whole answer, and is ended by a broken one
    assert records.endswith(pack(STDOUT, 2, b"part", padding=4).replace(b"\xaa", b"\0") + bytes(8))
    stage.wait_for("begin", "write", "break_off", "gone")


def test_a_request_that_cannot_be_served_is_500_and_reported(staged: Wire) -> None:
    answer = fetch_fastcgi(staged.fastcgi, steps("fail"))
    assert (answer.status, answer.app_status) == (500, 1)
    assert fetch_fastcgi(staged.fastcgi, steps("begin write fail")).app_status is None
    assert staged.problems == ["a request could not be served: ZeroDivisionError('fastcgi')"] * 2
    staged.problems.clear()


def test_a_refused_upload_is_answered_though_nobody_reads_it(staged: Wire) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin write end"), body=bytes(8 << 20), keep=False)
        answer = client.answer()
        assert (answer.body, answer.app_status) == (b"part", 0)
        assert client.is_closed()


def test_what_is_left_of_a_body_is_dropped_and_the_connection_goes_on(staged: Wire) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        for _ in range(3):
            assert client.fetch(steps("begin write end"), body=bytes(2 << 20)).body == b"part"


def test_a_client_that_asks_on_and_on_and_does_not_read_is_closed(tmp_path: Path) -> None:
    with serve_wire(tmp_path) as wire, FastCGIClient(wire.fastcgi) as client:
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            client.send(pack(77, 0) * 2_000_000)
        assert wire.connections.breaches == {"no-reader": 1}


def test_slow_bytes_make_the_same_request(staged: Wire) -> None:
    with FastCGIClient(staged.fastcgi_tcp) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in pack_request(steps("begin read write end"), b"0123456789"):
            client.send(bytes([byte]))
        assert client.answer().body == b"part"


def test_bytes_that_are_no_text_come_as_they_are(tmp_path: Path) -> None:
    found: queue.Queue[str] = queue.Queue()

    async def serve(exchange: Exchange) -> None:
        found.put(exchange.params["X"])
        await exchange.begin(OK)
        await exchange.end(0)

    with serve_wire(tmp_path, serve) as wire, FastCGIClient(wire.fastcgi) as client:
        client.send(pack_opening({b"X": b"\xff\xfe/\xc3\xa9"}))
        client.answer()
    assert os.fsencode(found.get()) == b"\xff\xfe/\xc3\xa9"


def test_more_requests_at_once_than_could_wait_are_overload(tmp_path: Path, stage: Stage) -> None:
    bounds = Bounds(children=2, queue=1)
    with serve_wire(tmp_path, stage.serve, bounds) as wire, FastCGIClient(wire.fastcgi) as client:
        for request in (1, 2, 3):
            client.ask(steps("wait begin end"), request=request)
        answer = client.fetch(request=4)
        assert (answer.kinds, answer.protocol_status) == ([END], OVERLOADED)
        stage.wait_for("wait", "wait", "wait")
        stage.release(wire)
        assert [client.answer(request).protocol_status for request in (1, 2, 3)] == [COMPLETE] * 3
        assert client.fetch(steps("begin end"), request=4).protocol_status == COMPLETE
