"""An SCGI connection: one request, and then it is closed.

    answer     = "Status: " status SP phrase CRLF *(name ": " value CRLF) CRLF body

The grammar of requests, and what is refused, is in scgi_requests.py.  Who closes the connection before
the end of the body is gone, and is answered nothing.

An answer that cannot be completed ends with a reset, also over a unix socket (sparing.py).
"""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, ClassVar

from mainspring.gateway.scgi_requests import Asked, Body, Receiver, Refused
from mainspring.gateway.sparing import SparingConnection
from mainspring.gateway.wire_exchange import WireExchange, pack_refusal

if TYPE_CHECKING:
    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.breaches import Word
    from mainspring.gateway.connections import Connections, Standing
    from mainspring.gateway.wire import Serve

#: what has the kernel reset a connection instead of closing it
LINGER = struct.pack("ii", 1, 0)


class SCGIExchange(WireExchange):
    """The request of a connection."""

    protocol: ClassVar[str] = "scgi"
    _connection: SCGIConnection

    def _send(self, part: bytes) -> None:
        self._connection.send(part)

    def _finish(self, status: int) -> None:  # noqa: ARG002 - SCGI has no place for it
        self._connection.leave(self.body_complete)

    def _break(self) -> None:
        self._connection.break_off()


class SCGIConnection(SparingConnection):
    """Serves the request of a connection by a task."""

    def __init__(self, serve: Serve, bounds: Bounds, connections: Connections) -> None:
        super().__init__(serve, bounds, connections)
        self._receiver = Receiver(bounds.params)
        self._exchange: SCGIExchange | None = None

    def left(self) -> int:
        return self._receiver.left()

    def take(self, data: bytes) -> None:
        for event in self._receiver.feed(data):
            if self.is_over():
                return
            match event:
                case Asked(params):
                    self._exchange = SCGIExchange(self, params)
                    self.start(self._exchange)
                case Refused(word):
                    self._refuse(word)
                case Body(content) if self._exchange is not None:
                    if content:
                        self._exchange.feed(content)
                    else:
                        self._exchange.complete_body()

    def _refuse(self, word: Word) -> None:
        self._connections.note(word)
        self.send(pack_refusal(word))
        self.leave(complete=False)

    def take_end(self) -> None:
        if self._exchange is not None and not self._exchange.body_complete:
            self._exchange.lose()

    def standing(self) -> Standing:
        if self._exchange is None:
            return "receiving" if self._receiver.held() else "idle"
        if self._exchange.gone:
            return "idle"
        return "busy" if self.paused or self._exchange.body_complete else "receiving"

    def held(self) -> int:
        return self._receiver.held()

    def drop(self) -> None:
        self._receiver.drop()

    def shed(self) -> None:
        self._refuse("unfinished")

    def lose(self) -> None:
        if self._exchange is not None:
            self._exchange.lose()

    def break_off(self) -> None:
        self.flush()
        with socket.socket(fileno=os.dup(self.descriptor())) as connection:
            if connection.family != socket.AF_UNIX:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER)
        self.fail()
