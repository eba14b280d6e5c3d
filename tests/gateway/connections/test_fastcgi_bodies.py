"""A body is as long as was announced, and a request can be aborted at each phase."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.connections.watching import Watched, assert_still_served
from gateway.wire import (
    ABORT,
    COMPLETE,
    END,
    ORDINARY,
    PARAMS,
    PATIENCE,
    STDIN,
    Answer,
    FastCGIClient,
    pack,
    pack_begin,
    pack_opening,
    pack_pairs,
    pack_request,
    pack_stream,
    serve_wire,
)

if TYPE_CHECKING:
    from pathlib import Path

    from mainspring.gateway.exchange import Exchange


def send_body(client: FastCGIClient, length: int, *parts: bytes) -> Answer:
    client.send(pack_opening({**ORDINARY, "CONTENT_LENGTH": str(length)}, keep=True))
    for part in parts:
        client.send(pack(STDIN, 1, part))
    return client.answer()


@pytest.mark.parametrize(
    "parts",
    [(b"123456789",), (b"1234", b"56789", b""), (b"12345", b"6", b""), (b"12345", b"", b"6", b"")],
)
def test_a_body_longer_than_announced_is_dropped_beyond_that(
    client: FastCGIClient, watched: Watched, parts: tuple[bytes, ...]
) -> None:
    answer = send_body(client, 5, *parts)
    assert (answer.body, answer.app_status) == (b"12345", 0)
    watched.served.get(timeout=PATIENCE)
    assert_still_served(client, watched)


def test_no_body_was_announced_and_one_comes(client: FastCGIClient) -> None:
    assert send_body(client, 0, b"12345", b"").body == b""


def test_a_body_shorter_than_announced_cannot_be_answered_in_full(client: FastCGIClient) -> None:
    # what serves it has begun to answer when it finds that the client has broken its word
    answer = send_body(client, 5, b"1234", b"")
    assert (answer.body, answer.app_status) == (b"1234", None)


def test_a_body_shorter_than_announced_is_400_as_long_as_nothing_was_answered(tmp_path: Path) -> None:
    async def serve(exchange: Exchange) -> None:
        while await exchange.read():
            pass

    with serve_wire(tmp_path, serve) as wire, FastCGIClient(wire.fastcgi) as client:
        answer = send_body(client, 5, b"1234", b"")
    assert (answer.status, answer.app_status) == (400, 1)


SERVED = ("asked", "in the middle of the body")
PHASES = {
    "begun": b"",
    "in the middle of the parameters": pack(PARAMS, 1, pack_pairs(ORDINARY)[:20]),
    "asked": pack_stream(PARAMS, 1, pack_pairs(ORDINARY)),
    "in the middle of the body": pack_stream(PARAMS, 1, pack_pairs(ORDINARY)) + pack(STDIN, 1, b"part"),
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("keep", [True, False])
def test_a_request_can_be_aborted_at_each_phase(
    client: FastCGIClient, watched: Watched, phase: str, keep: bool
) -> None:
    client.send(pack_begin(keep=keep) + PHASES[phase])
    if phase in SERVED:
        watched.served.get(timeout=PATIENCE)
    client.send(pack(ABORT, 1))
    answer = client.answer()
    assert (answer.kinds[-1], answer.app_status, answer.protocol_status) == (END, 0, COMPLETE)
    if phase in SERVED:
        assert watched.gone.get(timeout=PATIENCE) == "gone"
    if keep:
        assert_still_served(client, watched)
    else:
        assert client.is_closed()


def test_an_abort_after_the_end_is_ignored(client: FastCGIClient, watched: Watched) -> None:
    assert client.fetch().status == 200
    watched.served.get(timeout=PATIENCE)
    client.send(pack(ABORT, 1))
    assert_still_served(client, watched)


def test_an_aborted_id_can_be_used_again_at_once(client: FastCGIClient) -> None:
    client.send(pack_opening(ORDINARY, keep=True) + pack(ABORT, 1))
    client.send(pack_request(ORDINARY, b"again"))
    assert client.answer().app_status == 0
    assert client.answer().body == b"again"
