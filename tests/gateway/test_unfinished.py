"""So much is held of all incomplete requests together; beyond it, the oldest of the large ones go."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from gateway.wire import (
    ORDINARY,
    OVERLOADED,
    PARAMS,
    STDIN,
    Client,
    FastCGIClient,
    fetch_fastcgi,
    fetch_scgi,
    pack,
    pack_begin,
    pack_pairs,
    pack_scgi,
    pack_stream,
    serve_wire,
    wait_until,
)
from mainspring.gateway.bounds import KIB, Bounds
from mainspring.gateway.unfinished import LITTLE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.wire import Wire

MOST, LARGE, CLIENTS = 512 * KIB, 60 * KIB, 20
BOUNDS = Bounds(unfinished=MOST, children=8, queue=8)
WIDE = {**ORDINARY, "HTTP_COOKIE": "x" * LARGE}
BEGUN = pack_begin(keep=True) + pack(PARAMS, 1, pack_pairs(WIDE))
COMPLETE = pack(PARAMS, 1) + pack(STDIN, 1)
#: what is of no request
LOOSE = pack(STDIN, 99, bytes(LARGE))


@pytest.fixture
def wire(tmp_path: Path) -> Iterator[Wire]:
    with serve_wire(tmp_path, bounds=BOUNDS) as running:
        yield running
        assert running.connections.unfinished.held <= MOST
    assert running.connections.unfinished.held == 0


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as made:
        yield made


def crowd(wire: Wire, stack: ExitStack, sent: bytes = BEGUN) -> list[FastCGIClient]:
    """More than may be held of connections of which each has sent so much."""
    clients = [stack.enter_context(FastCGIClient(wire.fastcgi)) for _ in range(CLIENTS)]
    for client in clients:
        client.send(sent)
    return clients


def test_the_oldest_are_told_that_there_is_too_much_and_the_others_go_on(
    wire: Wire, stack: ExitStack
) -> None:
    clients = crowd(wire, stack)
    refused = [client.answer() for client in clients[: CLIENTS - MOST // LARGE]]
    assert {(one.status, one.protocol_status) for one in refused} == {(503, OVERLOADED)}
    assert wire.connections.breaches == {"unfinished": len(refused)}
    for client in clients[len(refused) :]:
        client.send(COMPLETE)
        assert client.answer().status == 200


def test_a_connection_that_was_refused_so_serves_its_next_request(wire: Wire, stack: ExitStack) -> None:
    first, *_ = crowd(wire, stack)
    assert first.answer().status == 503
    first.send(COMPLETE)  # what is still to come of it is nobody's
    assert first.fetch(request=2).status == 200


def test_small_requests_are_never_refused_for_it(wire: Wire, stack: ExitStack) -> None:
    waiting = stack.enter_context(FastCGIClient(wire.fastcgi))
    waiting.send(pack_begin() + pack(PARAMS, 1, pack_pairs({"X": "x" * (LITTLE - 50)})))
    wait_until(lambda: wire.connections.count()["receiving"])
    crowd(wire, stack)
    assert fetch_fastcgi(wire.fastcgi).status == 200
    assert fetch_scgi(wire.scgi).status == 200
    waiting.send(COMPLETE)
    assert waiting.answer().status == 200


def test_a_large_request_that_comes_in_one_piece_is_served_among_them(
    wire: Wire, stack: ExitStack
) -> None:
    crowd(wire, stack)
    assert fetch_fastcgi(wire.fastcgi, WIDE).status == 200
    assert fetch_scgi(wire.scgi, WIDE).status == 200


def test_headers_of_scgi_count_as_well(wire: Wire, stack: ExitStack) -> None:
    clients = [stack.enter_context(Client(wire.scgi)) for _ in range(CLIENTS)]
    for client in clients:
        client.send(pack_scgi(WIDE)[:-2])
    assert clients[0].read().startswith(b"Status: 503 ")
    clients[-1].send(pack_scgi(WIDE)[-2:])
    clients[-1].half_close()
    assert clients[-1].read().startswith(b"Status: 200 ")


def test_half_a_record_that_is_of_no_request_is_let_go_of(wire: Wire, stack: ExitStack) -> None:
    first, *others = crowd(wire, stack, LOOSE[:-1])
    wait_until(lambda: wire.connections.unfinished.held == MOST // LARGE * (len(LOOSE) - 1))
    for client in (first, *others):
        client.send(LOOSE[-1:])
        assert client.fetch().status == 200


def test_other_requests_of_the_connection_go_on(wire: Wire, stack: ExitStack) -> None:
    first = stack.enter_context(FastCGIClient(wire.fastcgi))
    params = pack_pairs({**ORDINARY, "CONTENT_LENGTH": "4"})
    first.send(pack_begin(2, keep=True) + pack_stream(PARAMS, 2, params))
    first.send(BEGUN)
    crowd(wire, stack)
    assert first.answer(1).status == 503
    first.send(pack(STDIN, 2, b"body"))
    assert first.answer(2).body == b"body"


def test_a_request_whose_body_is_cut_so_is_ended(wire: Wire, stack: ExitStack) -> None:
    first = stack.enter_context(FastCGIClient(wire.fastcgi))
    first.send(pack_begin(keep=True) + pack_stream(PARAMS, 1, pack_pairs(ORDINARY)))
    first.send(pack(STDIN, 1, bytes(LARGE))[:-1])
    crowd(wire, stack)
    assert first.answer().protocol_status == OVERLOADED
    first.send(bytes(1))
    assert first.fetch(request=2).status == 200
