"""Whether a client is there is known of its socket, whatever the server has still to read."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from mainspring.gateway.presence import has_closed

from .hosting import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable


def connect_by_tcp() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


@pytest.mark.parametrize("connect", [connect_by_tcp, socket.socketpair])
def test_a_client_has_closed_or_is_there_whatever_is_to_be_read(
    connect: Callable[[], tuple[socket.socket, socket.socket]],
) -> None:
    client, ours = connect()
    with client, ours:
        client.sendall(b"more")
        assert not has_closed(ours)
        client.close()
        wait_until(lambda: has_closed(ours), "its end")
        assert ours.recv(8) == b"more"
        ours.close()
        assert has_closed(ours)


def test_a_front_on_this_machine_may_have_said_all_and_be_there() -> None:
    client, ours = socket.socketpair()
    with client, ours:
        client.shutdown(socket.SHUT_WR)
        assert not has_closed(ours)
