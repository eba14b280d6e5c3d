"""An ASGI server's request is read while it is answered; who serves it learns when its client goes.

One task receives what the client sends, until it is gone: first the body, then nothing but its end.

| what happens | what comes of it |
|---|---|
| the client goes away, whenever that is | GoneError, and who asked for it is called |
| the body stops coming for `bounds.silence` | GoneError, and 408 if nothing was answered yet |
| the script reads more slowly than the body comes | the body waits, see spool.py |
| the request waits for a place | no more is received than is kept in memory; that the client goes, |
| | after it has sent so much, is known when the script begins |
| HEAD, 204, 304 | no body is sent |
| the client reads slowly | the server lets `write` wait |
| break_off() | the last part is never sent, so that the server closes the connection |
"""

from __future__ import annotations

import asyncio
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

from mainspring.gateway.asgi_params import make_params
from mainspring.gateway.exchange import NO_BODY, Exchange, GoneError, Head
from mainspring.gateway.spool import IN_MEMORY, Spool

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    from mainspring.gateway.asgi_params import Scope
    from mainspring.gateway.bounds import Bounds

    Message = MutableMapping[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]

SILENT = Head(408, "Request Timeout", (("Connection", "close"), ("Content-Length", "0")))


class HTTPExchange(Exchange):
    """A request of HTTP."""

    protocol = "http"

    def __init__(
        self, scope: Scope, receive: Receive, send: Send, bounds: Bounds, *, adds_date: bool = False
    ) -> None:
        self.params: dict[str, str] = make_params(scope)
        self._receive = receive
        self._send = send
        self._patience = bounds.silence
        self._takes_body = scope["method"] != "HEAD"
        self._adds_date = adds_date
        self._spool = Spool(bounds.body)
        self._came = asyncio.Event()  # something that `read` waits for
        self._is_wanted = asyncio.Event()  # all of the body: it is read, or answered
        self._receiving: asyncio.Task[None] | None = None
        self._is_whole = self._is_gone = self._is_silent = False
        self._has_begun = self._is_over = False
        self._calls: list[Callable[[], None]] = []

    # ---- the request ------------------------------------------------------------------------

    async def read(self) -> bytes:
        self._is_wanted.set()
        while not (part := self._spool.read()):
            if self._is_whole:
                return b""
            await self._wait()
        return part

    async def _wait(self) -> None:
        """Wait for more of the body, or its end.  Raises GoneError."""
        if self._is_gone:
            raise GoneError
        self._begin_to_receive()
        self._came.clear()
        await self._came.wait()

    def _begin_to_receive(self) -> None:
        if self._receiving is None:
            self._receiving = asyncio.ensure_future(self._receive_all())

    async def _receive_all(self) -> None:
        try:
            while not self._is_whole:
                if self._spool.length >= IN_MEMORY:
                    await self._is_wanted.wait()
                async with asyncio.timeout(self._patience):
                    message = await self._receive()
                if not self._take(message):
                    return
            while (await self._receive())["type"] != "http.disconnect":
                pass
            self._leave()
        except TimeoutError:
            self._is_silent = True
            self._leave()

    def _take(self, message: Message) -> bool:
        """Take a part of the body; False if that is its end, before its time."""
        if message["type"] == "http.disconnect":
            self._leave()
            return False
        self._spool.write(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        self._came.set()
        return True

    # ---- the answer -------------------------------------------------------------------------

    async def begin(self, head: Head) -> None:
        self._is_wanted.set()
        self._takes_body = self._takes_body and head.status not in NO_BODY
        headers = [
            (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in head.headers
        ]
        if self._adds_date and not any(name == b"date" for name, _ in headers):
            headers.append((b"date", formatdate(usegmt=True).encode("ascii")))
        await self._tell({"type": "http.response.start", "status": head.status, "headers": headers})
        self._has_begun = True

    async def write(self, part: bytes) -> None:
        if self._takes_body and part:
            await self._tell({"type": "http.response.body", "body": part, "more_body": True})

    async def end(self, status: int) -> None:
        del status
        self._is_over = True
        await self._tell({"type": "http.response.body", "body": b"", "more_body": False})

    async def break_off(self) -> None:
        self._is_over = True

    async def _tell(self, message: Message) -> None:
        if self._is_gone:
            raise GoneError
        try:
            await self._send(message)
        except OSError as error:  # as ASGI 2.4 has it; older servers keep silent
            self._leave()
            raise GoneError from error

    # ---- the client's end -------------------------------------------------------------------

    def on_gone(self, call: Callable[[], None]) -> None:
        if self._is_gone:
            call()
        else:
            self._calls.append(call)
            self._begin_to_receive()

    def _leave(self) -> None:
        if self._is_gone or self._is_over:
            return
        self._is_gone = True
        self._came.set()
        calls, self._calls = self._calls, []
        for call in calls:
            call()

    async def close(self) -> None:
        """Answer a client whose body has stopped coming, and give back what the exchange holds."""
        if self._is_silent and not self._has_begun:
            self._is_gone = False
            await self.begin(SILENT)
            await self.end(0)
        self._is_over = True
        if self._receiving is not None:
            self._receiving.cancel()
        self._spool.close()
