"""A FastCGI connection serves many requests at once, ends each as asked, and waits for who is slow."""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import socket
from typing import TYPE_CHECKING

import pytest

from gateway.wire import (
    COMPLETE,
    END,
    ORDINARY,
    OVERLOADED,
    PARAMS,
    PATIENCE,
    STDIN,
    STDOUT,
    FastCGIClient,
    Wire,
    fetch_fastcgi,
    pack,
    pack_begin,
    pack_pairs,
    pack_request,
    pack_stream,
    serve_wire,
)
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.exchange import Exchange, GoneError, Head

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

OK = Head(200, "OK", (("Content-Type", "text/plain"),))


class Stage:
    """Serves by what a request's STEPS say, and notes what it sees."""

    def __init__(self) -> None:
        self.seen: queue.Queue[str] = queue.Queue()
        self.go: asyncio.Event | None = None

    async def serve(self, exchange: Exchange) -> None:
        self.go = self.go or asyncio.Event()
        exchange.on_gone(lambda: self.seen.put("gone"))
        for step in exchange.params["STEPS"].split():
            self.seen.put(step)
            await getattr(self, step)(exchange)

    async def begin(self, exchange: Exchange) -> None:
        await exchange.begin(OK)

    async def overload(self, exchange: Exchange) -> None:
        exchange.overloaded = True
        await exchange.begin(Head(503, "Service Unavailable", ()))

    async def write(self, exchange: Exchange) -> None:
        await exchange.write(b"part")

    async def flood(self, exchange: Exchange) -> None:
        """Write until somebody else ends it, and count how much was taken."""
        self.flooded = 0
        with contextlib.suppress(GoneError):
            while self.flooded < 16 << 20:
                await exchange.write(bytes(64 << 10))
                self.flooded += 64 << 10

    async def read(self, exchange: Exchange) -> None:
        try:
            while part := await exchange.read():
                self.seen.put(f"read {len(part)}")
        except GoneError as error:
            self.seen.put(f"read {error}")

    async def wait(self, exchange: Exchange) -> None:  # noqa: ARG002 - as every step
        assert self.go is not None
        await self.go.wait()

    async def end(self, exchange: Exchange) -> None:
        await exchange.end(0)

    async def end_3(self, exchange: Exchange) -> None:
        await exchange.end(3)

    async def end_by_15(self, exchange: Exchange) -> None:
        await exchange.end(-15)

    async def break_off(self, exchange: Exchange) -> None:
        await exchange.break_off()

    async def fail(self, exchange: Exchange) -> None:
        raise ZeroDivisionError(exchange.protocol)

    def release(self, wire: Wire) -> None:
        assert self.go is not None
        wire.loop.call_soon_threadsafe(self.go.set)

    def wait_for(self, *words: str) -> None:
        for word in words:
            assert self.seen.get(timeout=PATIENCE) == word


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture
def wire(tmp_path: Path, stage: Stage) -> Iterator[Wire]:
    with serve_wire(tmp_path, stage.serve) as running:
        yield running


def steps(text: str, **more: str) -> dict[str, str]:
    return {**ORDINARY, "STEPS": text, **more}


@pytest.mark.parametrize("family", ["fastcgi", "fastcgi_tcp"])
def test_a_request_is_answered_with_its_body(tmp_path: Path, family: str) -> None:
    with serve_wire(tmp_path) as wire:
        body = os.urandom(300_000)
        answer = fetch_fastcgi(getattr(wire, family), body=body)
    assert (answer.status, answer.body, answer.app_status) == (200, body, 0)
    assert answer.kinds[-2:] == [STDOUT, END]


def test_a_short_answer_goes_out_in_one_piece(wire: Wire) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        client.ask(steps("begin write end"))
        assert client.socket.recv(1 << 16).count(b"\1\3\0\1") == 1


@pytest.mark.parametrize(("word", "status"), [("end", 0), ("end_3", 3), ("end_by_15", 143)])
def test_the_exit_status_of_the_script_is_the_application_s(wire: Wire, word: str, status: int) -> None:
    answer = fetch_fastcgi(wire.fastcgi, steps(f"begin write {word}"))
    assert (answer.body, answer.app_status, answer.protocol_status) == (b"part", status, COMPLETE)


def test_a_full_gateway_is_overloaded_in_both_languages(wire: Wire) -> None:
    answer = fetch_fastcgi(wire.fastcgi, steps("overload end"))
    assert (answer.status, answer.protocol_status) == (503, OVERLOADED)


def test_a_connection_is_kept_only_if_it_is_asked_to_be(wire: Wire) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        for _ in range(3):
            assert client.fetch(steps("begin end")).app_status == 0
        client.fetch(steps("begin end"), keep=False)
        assert client.is_closed()


def test_a_hundred_requests_of_a_connection_are_served_at_once(tmp_path: Path) -> None:
    bodies = {request: os.urandom(2000 + request) for request in range(1, 101)}
    with serve_wire(tmp_path) as wire, FastCGIClient(wire.fastcgi) as client:
        for request in bodies:
            client.send(pack_begin(request, keep=True))
            client.send(pack_stream(PARAMS, request, pack_pairs(ORDINARY)))
        for part in range(10):
            for request, body in bodies.items():
                client.send(pack(STDIN, request, body[part * 300 : (part + 1) * 300]))
        for request in reversed(bodies):
            client.send(pack(STDIN, request))
        assert {request: client.answer(request).body for request in bodies} == bodies


def test_one_request_s_slow_script_holds_up_no_other_of_the_connection(wire: Wire, stage: Stage) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        client.ask(steps("begin wait end"), request=1)
        stage.wait_for("begin", "wait")
        for _ in range(3):
            assert client.fetch(steps("begin write end"), request=2).body == b"part"
        stage.release(wire)
        assert client.answer(1).app_status == 0


def test_a_body_without_a_length_is_delivered_as_it_comes(tmp_path: Path) -> None:
    with serve_wire(tmp_path) as wire, FastCGIClient(wire.fastcgi) as client:
        client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs(ORDINARY)))
        assert client.read_record() is not None  # the head
        for part in (b"one", b"two"):
            client.send(pack(STDIN, 1, part))
            record = client.read_record()
            assert record is not None
            assert record.content == part
        client.send(pack(STDIN, 1))
        assert client.answer().app_status == 0


def test_a_script_that_does_not_read_has_its_client_wait_and_no_other(wire: Wire, stage: Stage) -> None:
    body = bytes(16 << 20)
    with FastCGIClient(wire.fastcgi) as client:
        client.send(pack_begin(keep=True) + pack_stream(PARAMS, 1, pack_pairs(steps("wait read begin end"))))
        stage.wait_for("wait")
        client.socket.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < len(body):
                sent += client.socket.send(pack(STDIN, 1, bytes(65_528)))
        assert sent < 4 << 20
        stage.go, held = None, stage.go
        assert fetch_fastcgi(wire.fastcgi, steps("begin write end")).body == b"part"
        assert held is not None
        wire.loop.call_soon_threadsafe(held.set)
        client.socket.settimeout(PATIENCE)
        # what was cut off in the middle of a record is completed, and then the stream is
        client.send(bytes(-sent % 65_536) + pack(STDIN, 1))
        assert client.answer().app_status == 0


def test_a_client_that_does_not_read_has_its_script_wait(wire: Wire, stage: Stage) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        client.ask(steps("begin flood end"))
        stage.wait_for("begin", "flood")
        assert fetch_fastcgi(wire.fastcgi, steps("begin write end")).body == b"part"
        assert stage.flooded < 4 << 20
        answer = client.answer()
    assert len(answer.body) == 16 << 20


def test_a_script_that_waits_for_its_client_is_told_when_that_goes(wire: Wire, stage: Stage) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        client.ask(steps("begin flood"))
        stage.wait_for("begin", "flood")
        client.socket.recv(1)
    stage.wait_for("gone")


@pytest.mark.parametrize("family", ["fastcgi", "fastcgi_tcp"])
def test_a_client_that_goes_away_is_gone_at_once(wire: Wire, stage: Stage, family: str) -> None:
    with FastCGIClient(getattr(wire, family)) as client:
        client.ask(steps("begin wait"))
        stage.wait_for("begin", "wait")
    stage.wait_for("gone")


def test_a_client_that_goes_away_while_it_is_not_read_from_is_gone(wire: Wire, stage: Stage) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs(steps("wait"))))
        stage.wait_for("wait")
        client.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                client.socket.send(pack(STDIN, 1, bytes(65_528)))
    stage.wait_for("gone")


@pytest.mark.parametrize("family", ["fastcgi", "fastcgi_tcp"])
def test_a_client_that_sends_nothing_more_is_answered(wire: Wire, stage: Stage, family: str) -> None:
    with FastCGIClient(getattr(wire, family)) as client:
        client.ask(steps("begin wait write end"))
        client.half_close()
        stage.wait_for("begin", "wait")
        stage.release(wire)
        answer = client.answer()
        assert (answer.body, answer.errors, answer.app_status) == (b"part", b"", 0)
        assert client.is_closed()


def test_a_client_that_sends_nothing_more_in_the_middle_of_a_body_is_gone(wire: Wire, stage: Stage) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs(steps("begin wait"))))
        client.send(pack(STDIN, 1, b"part"))
        stage.wait_for("begin", "wait")
        client.half_close()
        stage.wait_for("gone")
        assert client.answer().app_status is None


def test_an_answer_that_cannot_be_completed_has_no_end(wire: Wire) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        answer = client.fetch(steps("begin write break_off"))
    assert (answer.body, answer.app_status, answer.kinds) == (b"part", None, [STDOUT, STDOUT])


def test_an_answer_that_cannot_be_completed_leaves_others_of_the_connection_alone(
    wire: Wire, stage: Stage
) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        client.ask(steps("begin wait write end"), request=1)
        stage.wait_for("begin", "wait")
        answer = client.fetch(steps("begin write break_off"), request=2)
        assert (answer.body, answer.kinds[-2:], answer.app_status) == (b"part", [STDOUT, END], 1)
        stage.release(wire)
        assert client.answer(1).body == b"part"


def test_a_request_that_cannot_be_served_is_500_and_reported(wire: Wire) -> None:
    answer = fetch_fastcgi(wire.fastcgi, steps("fail"))
    assert (answer.status, answer.app_status) == (500, 1)
    assert fetch_fastcgi(wire.fastcgi, steps("begin write fail")).app_status is None
    assert wire.problems == ["a request could not be served: ZeroDivisionError('fastcgi')"] * 2
    wire.problems.clear()


def test_a_refused_upload_is_answered_though_nobody_reads_it(wire: Wire) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        client.ask(steps("begin write end"), body=bytes(8 << 20), keep=False)
        answer = client.answer()
        assert (answer.body, answer.app_status) == (b"part", 0)
        assert client.is_closed()


def test_what_is_left_of_a_body_is_dropped_and_the_connection_goes_on(wire: Wire) -> None:
    with FastCGIClient(wire.fastcgi) as client:
        for _ in range(3):
            assert client.fetch(steps("begin write end"), body=bytes(2 << 20)).body == b"part"


def test_a_client_that_asks_on_and_on_and_does_not_read_is_closed(tmp_path: Path) -> None:
    with serve_wire(tmp_path) as wire, FastCGIClient(wire.fastcgi) as client:
        ask = pack(77, 0) * 1000
        with pytest.raises((BrokenPipeError, ConnectionResetError)):
            for _ in range(10_000):
                client.send(ask)
        assert wire.connections.breaches == {"no-reader": 1}


def test_slow_bytes_make_the_same_request(wire: Wire) -> None:
    with FastCGIClient(wire.fastcgi_tcp) as client:
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
        client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs({b"X": b"\xff\xfe/\xc3\xa9"})))
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
