"""Clients that are silent, slow or too many are closed by their bounds, and stop nobody else."""

from __future__ import annotations

import resource
import select
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from gateway.connections.staging import Stage, steps
from gateway.wire import (
    ORDINARY,
    PARAMS,
    PATIENCE,
    STDIN,
    Client,
    FastCGIClient,
    Wire,
    connect,
    fetch_fastcgi,
    fetch_scgi,
    pack,
    pack_begin,
    pack_opening,
    pack_pairs,
    pack_request,
    pack_scgi,
    pack_stream,
    serve_wire,
    wait_until,
)
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.exchange import Head

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from mainspring.gateway.exchange import Exchange

SHORT = 0.2  # seconds


ASKED = pack_opening({**ORDINARY, "CONTENT_LENGTH": "2"}, keep=True)
SILENT = {
    "in the middle of a record": pack_begin()[:5],
    "begun": pack_begin(),
    "in the middle of the parameters": pack_begin() + pack(PARAMS, 1, pack_pairs(ORDINARY)[:9]),
    "before the body": ASKED,
    "in the middle of the body": ASKED + pack(STDIN, 1, b"a"),
}


@pytest.mark.parametrize("phase", SILENT)
def test_a_request_of_which_no_more_comes_is_closed(tmp_path: Path, phase: str) -> None:
    with (
        serve_wire(tmp_path, bounds=Bounds(silence=SHORT)) as wire,
        FastCGIClient(wire.fastcgi) as client,
    ):
        client.send(SILENT[phase])
        assert client.answer().app_status is None
        assert wire.connections.breaches == {"silent": 1}


@pytest.mark.parametrize("sent", [pack_scgi(ORDINARY)[:1], pack_scgi(ORDINARY, b"body")[:-1]])
def test_an_scgi_request_of_which_no_more_comes_is_closed(tmp_path: Path, sent: bytes) -> None:
    with serve_wire(tmp_path, bounds=Bounds(silence=SHORT)) as wire, Client(wire.scgi) as client:
        client.send(sent)
        assert b"Status: 4" not in client.read()
        assert wire.connections.breaches == {"silent": 1}


def test_a_connection_without_a_request_is_closed(tmp_path: Path) -> None:
    with serve_wire(tmp_path, bounds=Bounds(idle=SHORT)) as wire:
        with FastCGIClient(wire.fastcgi) as fresh, FastCGIClient(wire.fastcgi) as used:
            assert used.fetch(keep=True).app_status == 0
            assert fresh.is_closed()
            assert used.is_closed()
        assert wire.connections.breaches == {"idle": 2}


def test_who_waits_for_an_answer_is_not_silent(tmp_path: Path) -> None:
    stage, bounds = Stage(), Bounds(idle=SHORT, silence=SHORT)
    with serve_wire(tmp_path, stage.serve, bounds) as wire, FastCGIClient(wire.fastcgi) as busy:
        busy.ask(steps("wait begin write end"), b"body")
        stage.wait_for("wait")
        with FastCGIClient(wire.fastcgi) as other:
            assert other.is_closed()
        stage.release(wire)
        assert busy.answer().body == b"part"


def test_who_is_not_read_from_is_not_silent(tmp_path: Path) -> None:
    stage, bounds = Stage(), Bounds(idle=SHORT, silence=SHORT)
    with serve_wire(tmp_path, stage.serve, bounds) as wire, FastCGIClient(wire.fastcgi) as paused:
        paused.send(pack_opening(steps("wait read begin end")))
        paused.send(pack(STDIN, 1, bytes(60_000)) * 5)
        stage.wait_for("wait")
        wait_until(lambda: wire.connections.count()["busy"])
        with FastCGIClient(wire.fastcgi) as other:
            assert other.is_closed()
        stage.release(wire)
        paused.send(pack(STDIN, 1))
        assert paused.answer().app_status == 0


def test_who_is_slow_but_not_silent_is_served(tmp_path: Path) -> None:
    sent, bounds = pack_request({"A": "B"}, b"body", keep=True), Bounds(silence=1)
    with serve_wire(tmp_path, bounds=bounds) as wire, FastCGIClient(wire.fastcgi) as slow:
        began = time.monotonic()
        for byte in sent[:-1]:
            slow.send(bytes([byte]))
            select.select([slow.socket], [], [], 0.02)  # whatever it says, it is not closed
        assert time.monotonic() - began > bounds.silence
        slow.send(sent[-1:])
        assert slow.answer().body == b"body"


@pytest.fixture
def crowded(tmp_path: Path) -> Iterator[tuple[Wire, Stage]]:
    """A server that has room for three connections."""
    stage = Stage()
    with serve_wire(tmp_path, stage.serve, Bounds(connections=3)) as wire:
        yield wire, stage


def test_of_too_many_connections_the_longest_silent_one_goes(crowded: tuple[Wire, Stage]) -> None:
    wire, stage = crowded
    with ExitStack() as stack:
        busy, spoken, silent = (stack.enter_context(FastCGIClient(wire.fastcgi)) for _ in range(3))
        busy.ask(steps("wait begin end"))
        stage.wait_for("wait")
        wait_until(lambda: wire.connections.count() == {"idle": 2, "receiving": 0, "busy": 1})
        spoken.send(pack_begin())
        wait_until(lambda: wire.connections.count()["receiving"])
        fetched = fetch_fastcgi(wire.fastcgi, steps("begin write end"))
        assert fetched.body == b"part"
        assert silent.is_closed()
        assert wire.connections.breaches == {"crowded": 1}
        spoken.send(pack_stream(PARAMS, 1, pack_pairs(steps("begin write end"))) + pack(STDIN, 1))
        assert spoken.answer().body == b"part"
        stage.release(wire)
        assert busy.answer().app_status == 0


def test_where_all_are_busy_one_too_many_is_closed(crowded: tuple[Wire, Stage]) -> None:
    wire, stage = crowded
    with ExitStack() as stack:
        busy = [stack.enter_context(FastCGIClient(wire.fastcgi)) for _ in range(3)]
        for client in busy:
            client.ask(steps("wait begin end"))
        stage.wait_for("wait", "wait", "wait")
        with FastCGIClient(wire.fastcgi) as newest:
            assert newest.is_closed()
        assert wire.connections.breaches == {"full": 1}
        stage.release(wire)
        assert [client.answer().app_status for client in busy] == [0, 0, 0]


def test_winding_down_closes_who_is_idle_and_answers_who_waits(tmp_path: Path) -> None:
    stage = Stage()
    with ExitStack() as stack:
        wire = stack.enter_context(serve_wire(tmp_path, stage.serve))
        idle, busy = (stack.enter_context(FastCGIClient(wire.fastcgi)) for _ in range(2))
        busy.ask(steps("wait begin write end"), keep=True)
        stage.wait_for("wait")
        wait_until(lambda: wire.connections.count() == {"idle": 1, "receiving": 0, "busy": 1})
        ended = wire.start(wire.connections.wind_down)
        assert idle.is_closed()
        with FastCGIClient(wire.fastcgi) as late:
            assert late.is_closed()
        assert not ended.done()
        stage.release(wire)
        assert busy.answer().body == b"part"
        assert busy.is_closed()
        ended.result(PATIENCE)


@pytest.fixture
def many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("many_files")
def test_10_000_silent_clients_and_1_000_slow_ones_do_not_stop_another(tmp_path: Path) -> None:
    request = pack_request(ORDINARY, b"body")
    with ExitStack() as stack:
        wire = stack.enter_context(serve_wire(tmp_path))
        kept = stack.enter_context(FastCGIClient(wire.fastcgi))

        def assert_served() -> None:
            assert kept.fetch(body=b"kept").body == b"kept"
            assert fetch_fastcgi(wire.fastcgi, body=b"new").body == b"new"
            assert fetch_scgi(wire.scgi, body=b"new").body == b"new"

        def connect_many(count: int) -> Iterator[socket.socket]:
            for number in range(count):
                yield stack.enter_context(connect(wire.fastcgi))
                if number % 500 == 0:
                    assert_served()

        silent = list(connect_many(10_000))
        slow = list(connect_many(1_000))
        for byte in request[:30]:
            for one in slow:
                one.send(bytes([byte]))
            assert_served()
        for one in slow:
            one.send(request[30:])
            assert one.recv(1000).startswith(b"\1\6\0\1")
        assert len(silent) + len(slow) == 11_000
        assert wire.connections.breaches.keys() == {"crowded"}
        assert sum(wire.connections.count().values()) <= Bounds().connections


@pytest.mark.parametrize("front", ["fastcgi", "scgi"])
def test_a_client_that_reads_nothing_of_its_answer_is_closed(tmp_path: Path, front: str) -> None:
    async def serve(exchange: Exchange) -> None:
        await exchange.begin(Head(200, "OK", ()))
        while True:
            await exchange.write(bytes(1 << 16))

    with serve_wire(tmp_path, serve, Bounds(idle=SHORT)) as wire, Client(getattr(wire, front)) as client:
        client.send(pack_request(ORDINARY) if front == "fastcgi" else pack_scgi(ORDINARY))
        wait_until(lambda: wire.connections.breaches)
        assert wire.connections.breaches == {"no-reader": 1}
        wait_until(lambda: not any(wire.connections.count().values()))


def test_a_client_that_reads_slowly_is_served(tmp_path: Path) -> None:
    async def serve(exchange: Exchange) -> None:
        await exchange.begin(Head(200, "OK", ()))
        await exchange.write(bytes(4 << 20))
        await exchange.end(0)

    with serve_wire(tmp_path, serve, Bounds(idle=SHORT)) as wire, Client(wire.fastcgi) as client:
        client.send(pack_request(ORDINARY))
        began, size = time.monotonic(), 0
        while part := client.socket.recv(1 << 16):
            size += len(part)
            select.select([], [], [], 0.02)
        assert (size > 4 << 20, time.monotonic() - began > 2 * SHORT) == (True, True)
