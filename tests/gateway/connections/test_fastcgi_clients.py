"""A slow client has its script wait, a slow script its client, and one that has gone is gone at once."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from gateway.connections.staging import Stage, steps
from gateway.wire import (
    LOOPS,
    ORDINARY,
    PATIENCE,
    STDIN,
    FastCGIClient,
    Wire,
    fetch_fastcgi,
    pack,
    pack_opening,
    serve_wire,
    wait_until,
)
from mainspring.gateway.bounds import Bounds

if TYPE_CHECKING:
    from pathlib import Path


def send_until_blocked(client: FastCGIClient, most: int) -> int:
    """Send records of STDIN until nobody has taken any for a while; how many bytes were taken."""
    part = memoryview(pack(STDIN, 1, bytes(65_528)))
    rest, sent = part, 0
    client.socket.settimeout(0.3)
    with contextlib.suppress(TimeoutError):
        while sent < most:
            taken = client.socket.send(rest)
            rest, sent = rest[taken:] or part, sent + taken
    client.socket.settimeout(PATIENCE)
    return sent


def test_a_script_that_does_not_read_has_its_client_wait_and_no_other(staged: Wire, stage: Stage) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.send(pack_opening(steps("wait read begin end"), keep=True))
        stage.wait_for("wait")
        sent = send_until_blocked(client, 16 << 20)
        assert sent < 4 << 20
        stage.go, held = None, stage.go
        assert fetch_fastcgi(staged.fastcgi, steps("begin write end")).body == b"part"
        assert held is not None
        staged.loop.call_soon_threadsafe(held.set)
        # what was cut off in the middle of a record is completed, and then the stream is
        client.send(bytes(-sent % 65_536) + pack(STDIN, 1))
        assert client.answer().app_status == 0


def test_a_client_that_does_not_read_has_its_script_wait(staged: Wire, stage: Stage) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin flood end"))
        stage.wait_for("begin", "flood")
        assert fetch_fastcgi(staged.fastcgi, steps("begin write end")).body == b"part"
        assert stage.flooded < 4 << 20
        answer = client.answer()
    assert len(answer.body) == 16 << 20


def test_a_script_that_waits_for_its_client_is_told_when_that_goes(staged: Wire, stage: Stage) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.ask(steps("begin flood"))
        stage.wait_for("begin", "flood")
        client.socket.recv(1)
    stage.wait_for("gone")


@pytest.mark.parametrize("family", ["fastcgi", "fastcgi_tcp"])
def test_a_client_that_goes_away_is_gone(staged: Wire, stage: Stage, family: str) -> None:
    with FastCGIClient(getattr(staged, family)) as client:
        client.ask(steps("wait"))  # and no answer that it has not read
        stage.wait_for("wait")
    stage.wait_for("gone")


def test_a_client_that_goes_away_while_it_is_not_read_from_is_gone(staged: Wire, stage: Stage) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.send(pack_opening(steps("wait")))
        stage.wait_for("wait")
        assert send_until_blocked(client, 16 << 20) < 4 << 20
    stage.wait_for("gone")


@pytest.mark.parametrize("family", ["fastcgi", "fastcgi_tcp"])
def test_a_client_that_sends_nothing_more_is_answered(staged: Wire, stage: Stage, family: str) -> None:
    with FastCGIClient(getattr(staged, family)) as client:
        client.ask(steps("begin wait write end"))
        client.half_close()
        stage.wait_for("begin", "wait")
        stage.release(staged)
        answer = client.answer()
        assert (answer.body, answer.app_status) == (b"part", 0)
        assert client.is_closed()
    stage.wait_for("write", "end")
    assert stage.seen.empty()


def test_a_client_that_sends_nothing_more_in_the_middle_of_a_body_is_gone(
    staged: Wire, stage: Stage
) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.send(pack_opening(steps("begin wait")))
        client.send(pack(STDIN, 1, b"part"))
        stage.wait_for("begin", "wait")
        client.half_close()
        stage.wait_for("gone")
        assert client.answer().app_status is None


def test_uploads_that_wait_hold_up_no_other_request_of_their_connection(
    staged: Wire, stage: Stage
) -> None:
    body = bytes(250_000)
    with FastCGIClient(staged.fastcgi) as client:
        for request in range(1, 11):
            client.ask(steps("wait read begin end"), body, request)
        assert client.fetch(steps("begin write end"), request=11).body == b"part"
        stage.release(staged)
        assert [client.answer(request).app_status for request in range(1, 11)] == [0] * 10


def test_all_that_is_held_of_bodies_is_bounded(tmp_path: Path, stage: Stage) -> None:
    bounds = Bounds(queue=1000)
    with serve_wire(tmp_path, stage.serve, bounds) as wire, FastCGIClient(wire.fastcgi) as client:
        for request in range(1, 401):
            client.send(pack_opening(steps("wait"), request, keep=True))
        assert 60 << 20 < send_until_blocked(client, 90 << 20) < 70 << 20
        other = steps("read begin write end")
        assert fetch_fastcgi(wire.fastcgi, other, bytes(1_000_000)).body == b"part"


@pytest.mark.parametrize("loop", LOOPS)
def test_a_client_that_asks_for_much_and_closes_is_no_problem(tmp_path: Path, loop: str) -> None:
    begun = pack_opening(ORDINARY, keep=True)
    asked = begun + (pack(77, 0) * 1500 + pack(STDIN, 1, b"part")) * 3
    with serve_wire(tmp_path, loop=loop) as wire:
        for _ in range(100):
            with FastCGIClient(wire.fastcgi) as client:
                client.send(asked)
        assert fetch_fastcgi(wire.fastcgi).status == 200
        wait_until(lambda: not sum(wire.connections.count().values()))
        assert wire.connections.held == 0
