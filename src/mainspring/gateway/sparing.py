"""A connection whose last byte is left unread until its answer is complete, so that a failure shows.

A protocol that ends an answer by closing has no word for one that is broken off.  Over TCP, a reset says
so.  A unix socket is reset if it is closed while something waits to be read, and what was sent before
still arrives (net/unix/af_unix.c, unix_release_sock): so the last byte of a request is only looked at.
Where it comes by itself, later than all others, it is read like them, and a failure does not show.

Nothing else is read meanwhile: the table of connections looks whether the client is there.
"""

from __future__ import annotations

import asyncio
import os
import socket
from abc import abstractmethod
from typing import TYPE_CHECKING

from mainspring.gateway.wire import WireConnection
from mainspring.gateway.wire_exchange import PART

if TYPE_CHECKING:
    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.connections import Connections
    from mainspring.gateway.wire import Serve

#: how often in a row one connection is read from: headers, body, and what came late
READS = 4


class SparingConnection(WireConnection, asyncio.BufferedProtocol):
    """Reads no more than it may, over a unix socket.

    It is no asyncio.Protocol: uvloop would not ask it for a buffer.
    """

    def __init__(self, serve: Serve, bounds: Bounds, connections: Connections) -> None:
        super().__init__(serve, bounds, connections)
        self._buffer = bytearray()
        self._is_unix = False
        self._spared = False  # the last byte is there, and was looked at

    @abstractmethod
    def left(self) -> int:
        """How many bytes of the request are to come, or fewer; 1 for the last one alone."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._is_unix = transport.get_extra_info("socket").family == socket.AF_UNIX
        super().connection_made(transport)

    def get_buffer(self, sizehint: int) -> bytearray:  # noqa: ARG002 - we know better
        self._buffer = bytearray(self._allow_read())
        return self._buffer

    def _allow_read(self) -> int:
        left = self.left() if self._is_unix and not self.leaving else 0
        return max(1, min(left - 1, PART)) if left else PART

    def buffer_updated(self, size: int) -> None:
        self.data_received(bytes(self._buffer[:size]))
        self._buffer = bytearray()
        for _ in range(READS):
            if not self._is_unix or self.paused or self.is_over() or not (left := self.left()):
                return
            if left == 1:
                self._spare()
                return
            part = read_at_once(self.descriptor(), self._allow_read())
            if not part:
                return
            self.data_received(part)

    def _spare(self) -> None:
        last = look_at_once(self.descriptor())
        if last:
            self._spared = True
            self._transport.pause_reading()
            self._connections.mark_deaf(self, True)
            self.data_received(last)

    def read_on(self) -> None:
        if self._is_unix and not self.leaving and not self._spared and self.left() == 1:
            self._spare()
        if not self._spared:
            super().read_on()

    def leave(self, complete: bool = True) -> None:
        """Close, so that nobody takes it for a failure."""
        if self._spared:
            self._spared = False
            read_at_once(self.descriptor(), PART)
            self.read_on()
        super().leave(complete)

    def fail(self) -> None:
        """Close, so that it shows."""
        super().leave()


def read_at_once(descriptor: int, size: int) -> bytes:
    """What is there; whatever is wrong is found when the loop reads."""
    try:
        return os.read(descriptor, size)
    except OSError:
        return b""


def look_at_once(descriptor: int) -> bytes:
    """A byte that stays where it is, if there is one."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)
    try:
        return connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
    except OSError:
        return b""
    finally:
        connection.detach()
