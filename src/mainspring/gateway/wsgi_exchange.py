"""One request of a WSGI server: its body is whole before it is served, its answer crosses in a few parts.

A WSGI server has one thread for a request, which cannot read the body and write the answer at once. So
the body is read first, see spool.py: a script may answer before it reads.

    event loop                                server's thread
    begin(head), write(part), end()  --put--> take()      at most PARTS parts lie between them
    room                            <--free-- next take()
    gone                            <--close- the server gives up

| what happens | what comes of it |
|---|---|
| CONTENT_LENGTH beyond the bound, or no number | the body is left alone; the engine refuses it |
| the body ends before its CONTENT_LENGTH | 400; no script is started |
| a chunked body | it is read to its end, if the server says that it has one |
| the client is slow | `write` waits for a place |
| the client goes away, under a server that shows its socket (gunicorn) | known within PACE: GoneError |
| the client goes away, under any other (mod_wsgi) | known once the server writes to it: GoneError |
| the answer is broken off | an exception in the server, which closes the connection |
"""

from __future__ import annotations

import asyncio
import errno
import socket
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

from mainspring.gateway.exchange import Exchange, GoneError, Head
from mainspring.gateway.params import is_length
from mainspring.gateway.presence import has_closed
from mainspring.gateway.spool import PART, Spool

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.gateway.wsgi_params import Environ

#: of an answer, between the event loop and the server's thread
PARTS = 4
#: seconds from one look at the client to the next
PACE = 1.0
#: where a server shows the client's socket; PEP 3333 has no place for it
SOCKET = "gunicorn.socket"


class ShortBodyError(Exception):
    """A client that has sent less than it said."""


class BrokenOffError(Exception):
    """An answer that cannot be completed: the server is to close the connection."""


class ClientGoneError(BrokenOffError, ConnectionResetError):
    """Nobody waits for the answer; a server takes it for what its own socket would have said."""


def find_client(environ: Environ) -> socket.socket | None:
    """The client's socket, where the server shows it."""
    shown = environ.get(SOCKET)
    return shown if isinstance(shown, socket.socket) else None


def read_body(environ: Environ, params: dict[str, str], bound: int) -> Spool:
    """All of the body, and its length in *params*.  Raises ShortBodyError, or what the server raises."""
    spool = Spool(bound)
    stream = environ["wsgi.input"]
    length = params.get("CONTENT_LENGTH") or ""
    if is_length(length) and int(length) <= bound:
        copy_body(stream, spool, int(length))
        if spool.length < int(length):
            raise ShortBodyError
    elif not length and environ.get("wsgi.input_terminated"):
        copy_body(stream, spool, bound + 1)
        if spool.length:
            params["CONTENT_LENGTH"] = str(spool.length)
    return spool


def copy_body(stream: Any, spool: Spool, length: int) -> None:
    while spool.length < length and (part := stream.read(min(PART, length - spool.length))):
        spool.write(part)


class WSGIExchange(Exchange):
    """A request whose body is whole, in the event loop *loop*."""

    protocol = "http"

    def __init__(
        self,
        params: dict[str, str],
        spool: Spool,
        loop: asyncio.AbstractEventLoop,
        client: socket.socket | None = None,
    ) -> None:
        self.params = params
        self._client = client
        self._timer: asyncio.TimerHandle | None = None
        self._spool = spool
        self._loop = loop
        self._room = asyncio.Semaphore(PARTS)
        self._parts: SimpleQueue[Head | bytes | BrokenOffError] = SimpleQueue()
        self._is_gone = False
        self._is_over = False
        self._calls: list[Callable[[], None]] = []

    # ---- in the event loop ------------------------------------------------------------------

    async def read(self) -> bytes:
        return self._spool.read()

    async def begin(self, head: Head) -> None:
        if self._is_gone:
            raise GoneError
        self._parts.put(head)

    async def write(self, part: bytes) -> None:
        if not part:
            return
        await self._room.acquire()
        if self._is_gone:
            raise GoneError
        self._parts.put(part)

    async def end(self, status: int) -> None:
        del status
        self._finish(b"")

    async def break_off(self) -> None:
        self._finish(BrokenOffError())

    def _finish(self, last: bytes | BrokenOffError) -> None:
        if not self._is_over:
            self._is_over = True
            self._parts.put(last)

    def on_gone(self, call: Callable[[], None]) -> None:
        if self._is_gone:
            call()
            return
        self._calls.append(call)
        if self._client is not None and self._timer is None:
            self._look(self._client)

    def _look(self, client: socket.socket) -> None:
        """Look now and then: whatever else can be read there is the server's."""
        if self._is_gone or self._is_over:
            return
        if has_closed(client):
            self._leave()
        else:
            self._timer = self._loop.call_later(PACE, self._look, client)

    def close(self) -> None:
        """Whatever has become of the answer: nobody waits for more of it."""
        self._finish(ClientGoneError(errno.ECONNRESET, "gone") if self._is_gone else BrokenOffError())
        self._spool.close()
        if self._timer is not None:
            self._timer.cancel()

    def _leave(self) -> None:
        if self._is_gone or self._is_over:
            return
        self._is_gone = True
        self._room.release()  # who waits to write learns of it
        calls, self._calls = self._calls, []
        for call in calls:
            call()

    # ---- in the server's thread -------------------------------------------------------------

    def take(self) -> Head | bytes:
        """Wait for what comes next: the head, parts, and nothing at the end.  Raises BrokenOffError."""
        part = self._parts.get()
        if isinstance(part, BrokenOffError):
            raise part
        return part

    def free(self) -> None:
        """Tell that a part has been sent."""
        self._call(self._room.release)

    def give_up(self) -> None:
        """Tell that the client is gone, or that the server wants no more."""
        self._call(self._leave)

    def _call(self, call: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(call)
        except RuntimeError:
            pass  # the loop has ended, and with it all that waited there
