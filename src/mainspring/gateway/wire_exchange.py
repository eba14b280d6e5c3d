"""A request of FastCGI or SCGI: its body is held until it is read, and its answer goes to its connection.

Whoever serves it is told once that its client has gone, and finds out at whatever it does next.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections import deque
from typing import TYPE_CHECKING

from mainspring.gateway.breaches import BREACHES
from mainspring.gateway.exchange import Exchange, GoneError
from mainspring.gateway.refusals import Refusal, answer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mainspring.gateway import refusals
    from mainspring.gateway.breaches import Word
    from mainspring.gateway.exchange import Head
    from mainspring.gateway.wire import WireConnection

#: of a part of a body that is handed out
PART = 64 << 10


class WireExchange(Exchange):
    """A request whose body is fed by its connection."""

    def __init__(self, connection: WireConnection, params: Mapping[str, str]) -> None:
        self.params = params
        self.begun = self.ended = self.gone = self.body_complete = False
        self.body_word: Word | None = None  # why the body will not be complete
        self._connection = connection
        self._parts: deque[bytes] = deque()
        self._waiter: asyncio.Future[None] | None = None
        self._told: Callable[[], None] | None = None

    # ---- what its connection calls ------------------------------------------------------------

    def feed(self, part: bytes) -> None:
        self._parts.append(part)
        self._connection.hold(len(part))
        self._wake()

    def complete_body(self, word: Word | None = None) -> None:
        """Nothing more comes; *word* if more was promised."""
        self.body_complete, self.body_word = True, word
        self._wake()

    def lose(self) -> None:
        """The client has gone."""
        if self.gone or self.ended:
            return
        self.gone = True
        self.drop_body()
        self._wake()
        if self._told is not None:
            self._told()

    def drop_body(self) -> None:
        self._connection.release(sum(map(len, self._parts)))
        self._parts.clear()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # ---- what its server calls ----------------------------------------------------------------

    async def read(self) -> bytes:
        while not self._parts:
            if self.gone or self.body_word:
                raise GoneError(self.body_word or "the client has gone")
            if self.body_complete or self.ended:
                return b""
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        part = self._parts.popleft()
        self._connection.release(len(part))
        return part

    async def begin(self, head: Head) -> None:
        self._check()
        self.begun = True
        self._send(pack_head(head))
        if self._connection.choked:
            await self._connection.drain()

    async def write(self, part: bytes) -> None:
        self._check()
        self._send(part)
        if self._connection.choked:
            await self._connection.drain()
            self._check()

    def expect_end(self) -> None:
        self._connection.hold_back()

    async def end(self, status: int) -> None:
        self._check()
        self.ended = True
        self.drop_body()
        self._finish(status)

    async def break_off(self) -> None:
        if not self.ended and not self.gone:
            self.ended = True
            self.drop_body()
            self._break()

    def on_gone(self, call: Callable[[], None]) -> None:
        self._told = call
        if self.gone:
            call()

    def _check(self) -> None:
        if self.gone or self.ended:
            raise GoneError("the client has gone" if self.gone else "the answer is complete")

    @abstractmethod
    def _send(self, part: bytes) -> None:
        """Send a part of the answer."""

    @abstractmethod
    def _finish(self, status: int) -> None:
        """Complete the answer, the body of which was dropped."""

    @abstractmethod
    def _break(self) -> None:
        """Show that the answer is not complete."""

    async def end_unserved(self) -> None:
        """End what its server has left.  Raises GoneError."""
        if self.ended or self.gone:
            return
        if self.begun:
            await self.break_off()
            return
        head, text = answer(Refusal(find_refusal(self.body_word) if self.body_word else "failed"))
        await self.begin(head)
        await self.write(text)
        await self.end(1)


def pack_refusal(word: Word) -> bytes:
    """The answer to what is not even handed on to be served."""
    head, text = answer(Refusal(find_refusal(word)))
    return pack_head(head) + text


def find_refusal(word: Word) -> refusals.Word:
    """The word that the client's answer is of."""
    return BREACHES[word].refusal or "bad-request"


def pack_head(head: Head) -> bytes:
    """As a CGI script would write it: that is what these protocols carry."""
    lines = [f"Status: {head.status} {head.phrase}"]
    lines += [f"{name}: {value}" for name, value in head.headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")
