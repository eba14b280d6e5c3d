"""A slow client has its script wait, a slow script its client, and one that has gone is gone at once."""

from __future__ import annotations

import contextlib

import pytest

from gateway.fastcgi.staging import Stage, steps
from gateway.wire import (
    PARAMS,
    PATIENCE,
    STDIN,
    FastCGIClient,
    Wire,
    fetch_fastcgi,
    pack,
    pack_begin,
    pack_pairs,
    pack_stream,
)


def test_a_script_that_does_not_read_has_its_client_wait_and_no_other(staged: Wire, stage: Stage) -> None:
    body = bytes(16 << 20)
    with FastCGIClient(staged.fastcgi) as client:
        client.send(
            pack_begin(keep=True) + pack_stream(PARAMS, 1, pack_pairs(steps("wait read begin end")))
        )
        stage.wait_for("wait")
        client.socket.setblocking(False)
        sent = 0
        with contextlib.suppress(BlockingIOError):
            while sent < len(body):
                sent += client.socket.send(pack(STDIN, 1, bytes(65_528)))
        assert sent < 4 << 20
        stage.go, held = None, stage.go
        assert fetch_fastcgi(staged.fastcgi, steps("begin write end")).body == b"part"
        assert held is not None
        staged.loop.call_soon_threadsafe(held.set)
        client.socket.settimeout(PATIENCE)
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
def test_a_client_that_goes_away_is_gone_at_once(staged: Wire, stage: Stage, family: str) -> None:
    with FastCGIClient(getattr(staged, family)) as client:
        client.ask(steps("begin wait"))
        stage.wait_for("begin", "wait")
    stage.wait_for("gone")


def test_a_client_that_goes_away_while_it_is_not_read_from_is_gone(staged: Wire, stage: Stage) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs(steps("wait"))))
        stage.wait_for("wait")
        client.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            while True:
                client.socket.send(pack(STDIN, 1, bytes(65_528)))
    stage.wait_for("gone")


@pytest.mark.parametrize("family", ["fastcgi", "fastcgi_tcp"])
def test_a_client_that_sends_nothing_more_is_answered(staged: Wire, stage: Stage, family: str) -> None:
    with FastCGIClient(getattr(staged, family)) as client:
        client.ask(steps("begin wait write end"))
        client.half_close()
        stage.wait_for("begin", "wait")
        stage.release(staged)
        answer = client.answer()
        assert (answer.body, answer.errors, answer.app_status) == (b"part", b"", 0)
        assert client.is_closed()


def test_a_client_that_sends_nothing_more_in_the_middle_of_a_body_is_gone(
    staged: Wire, stage: Stage
) -> None:
    with FastCGIClient(staged.fastcgi) as client:
        client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs(steps("begin wait"))))
        client.send(pack(STDIN, 1, b"part"))
        stage.wait_for("begin", "wait")
        client.half_close()
        stage.wait_for("gone")
        assert client.answer().app_status is None
