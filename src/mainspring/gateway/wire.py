"""Connections of FastCGI and SCGI hold, send and lose requests alike.

The bodies of requests are held until they are read.  Where too much is held, the connection is not read
from until some of it was taken.  Output is gathered for the rest of the loop's turn, or until the end
if that is expected, so that a short answer goes out in one piece; a writer waits while the transport
holds more than it likes.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, cast

from mainspring.gateway.exchange import GoneError
from mainspring.gateway.presence import ask_whether_there, find_gone

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.breaches import Word
    from mainspring.gateway.connections import Connections, Standing
    from mainspring.gateway.exchange import Exchange
    from mainspring.gateway.wire_exchange import WireExchange

    Serve = Callable[[Exchange], Awaitable[None]]

#: of bodies that wait to be read, for each request of a connection: a front that sends many at once goes
#: on sending while some wait for their turn
HELD = 256 << 10
#: by all connections; beyond it, each has what is left to the least
MOST_HELD, HELD_OF_LITTLE = 64 << 20, 64 << 10
#: gathered output beyond this goes out at once
GATHERED = 16 << 10
#: what a client may leave unread of answers that cost it nothing to ask for
UNREAD = 1 << 20


class WireConnection(asyncio.BaseProtocol):
    """A connection, in the table of all; its requests are the subclass's affair."""

    _transport: asyncio.Transport

    def __init__(self, serve: Serve, bounds: Bounds, connections: Connections) -> None:
        self._serve, self._bounds, self._connections = serve, bounds, connections
        self._loop = asyncio.get_running_loop()
        self._gathered: list[bytes] = []
        self._size = 0  # of what is gathered
        self._flushing: asyncio.Handle | None = None  # at the end of the loop's turn
        self._drained: asyncio.Future[None] | None = None
        self._held = 0
        self._tasks: dict[WireExchange, asyncio.Task[None]] = {}
        self.choked = False  # the client is slow to read
        self.paused = False  # we are slow to read
        self.leaving = False  # all is answered, and nothing more is read
        self.half_closed = False  # the client sends nothing more

    # ---- what a subclass does -----------------------------------------------------------------

    @abstractmethod
    def take(self, data: bytes) -> None:
        """Take what has come."""

    @abstractmethod
    def take_end(self) -> None:
        """Take note that no more comes: what is incomplete is lost."""

    @abstractmethod
    def standing(self) -> Standing: ...

    @abstractmethod
    def held(self) -> int:
        """How many bytes there are of what has not come completely."""

    @abstractmethod
    def drop(self) -> None:
        """Forget them: nothing more is taken."""

    @abstractmethod
    def shed(self) -> None:
        """Forget them, and answer what they belong to: the table holds too much."""

    @abstractmethod
    def lose(self) -> None:
        """Tell each request that its client has gone."""

    # ---- what asyncio calls -------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are of no class of asyncio's
        if not self._connections.admit(self):
            self.leaving = True
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if not self.leaving:
            self.take(data)
            self.settle()

    def eof_received(self) -> bool:
        """Half-closed is not gone: what was asked completely is answered."""
        self.half_closed = True
        if not self.leaving:
            self.take_end()
            self.settle()
        if self.leaving or self.standing() != "busy":
            return False
        self._connections.mark_deaf(self, True)
        if find_gone({self}):
            self.lose()
            return False
        ask_whether_there(self.descriptor())
        return True

    def connection_lost(self, error: Exception | None) -> None:  # noqa: ARG002 - whatever the reason
        self.leaving = True
        self._connections.release(self)
        self._connections.unfinished.note(self, 0)
        self.lose()
        self.resume_writing()

    def pause_writing(self) -> None:
        self.choked = True

    def resume_writing(self) -> None:
        self.choked = False
        if self._drained is not None and not self._drained.done():
            self._drained.set_result(None)
        self._drained = None

    # ---- what the table of connections calls --------------------------------------------------

    def abort(self) -> None:
        self._transport.abort()

    def descriptor(self) -> int:
        return int(self._transport.get_extra_info("socket").fileno())

    def unsent(self) -> int:
        return self._transport.get_write_buffer_size()

    def wind_down(self) -> None:
        if self.leaving and not self._transport.get_write_buffer_size():
            self.abort()
        elif not self.leaving and self.standing() != "busy":
            self.leave()

    # ---- what an exchange calls ---------------------------------------------------------------

    def hold(self, size: int) -> None:
        self._held += size
        self._connections.held += size
        if self._held > self._allow() and not self.paused and not self.half_closed:
            self.paused = True
            self._transport.pause_reading()
            self._connections.mark_deaf(self, True)

    def release(self, size: int) -> None:
        self._held -= size
        self._connections.held -= size
        if self.paused and self._held <= self._allow() // 2:
            self.paused = False
            self.read_on()

    def read_on(self) -> None:
        """Read again."""
        if not self._transport.is_closing():
            self._transport.resume_reading()
            self._connections.mark_deaf(self, False)
            self.settle()

    def _allow(self) -> int:
        """How much of bodies may be held."""
        return HELD * max(1, len(self._tasks)) if self._connections.held < MOST_HELD else HELD_OF_LITTLE

    async def drain(self) -> None:
        """Wait until the client has read on, or has gone."""
        if self._drained is None:
            self._drained = self._loop.create_future()
        await asyncio.shield(self._drained)

    def send(self, data: bytes) -> None:
        self._gathered.append(data)
        self._size += len(data)
        if self._size >= GATHERED:
            self.flush()
        elif self._flushing is None:
            self._flushing = self._loop.call_soon(self.flush)

    def hold_back(self) -> None:
        """Let what is gathered wait until more is sent."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None

    def send_at_once(self, data: bytes) -> None:
        """Send *data*, and what is gathered before it."""
        self._gathered.append(data)
        self.flush()

    def flush(self) -> None:
        self.hold_back()
        if self._gathered:
            data = self._gathered[0] if len(self._gathered) == 1 else b"".join(self._gathered)
            self._gathered, self._size = [], 0
            if not self._transport.is_closing():
                self._transport.write(data)
            if self._transport.is_closing() and not self.leaving:
                # asyncio tells of it at its next turn, until when a writer would go on
                self.lose()

    def answer(self, data: bytes) -> None:
        """Send what costs the client nothing to ask for; close if it does not read any of it."""
        if self._transport.get_write_buffer_size() > UNREAD:
            self.close_for("no-reader")
        else:
            self.send(data)

    # ---- what becomes of it -------------------------------------------------------------------

    def is_over(self) -> bool:
        """Whether nothing is to be done with what comes: an answer may have found the client gone."""
        return self.leaving or self._transport.is_closing()

    def settle(self) -> None:
        """Note in the table what the connection is doing."""
        if not self.leaving:
            self._connections.mark(self, self.standing())
            self._connections.unfinished.note(self, self.held())

    def close_for(self, word: Word) -> None:
        """Close without an answer."""
        self._connections.note(word)
        self.leaving = True
        self._transport.abort()

    def leave(self, complete: bool = True) -> None:
        """Close, once all that was written is out.

        If more may be on its way to us, only our side is closed, and the rest is thrown away until the
        client closes: the kernel would take back what the client has not read yet.
        """
        self.flush()
        self._connections.mark(self, "idle")
        self.leaving = True
        self.drop()
        self._connections.unfinished.note(self, 0)
        if complete or self.half_closed or not self._transport.can_write_eof():
            self._transport.close()
        elif not self._transport.is_closing():
            self._transport.write_eof()

    def start(self, exchange: WireExchange) -> None:
        self._tasks[exchange] = self._loop.create_task(self._run(exchange))

    async def _run(self, exchange: WireExchange) -> None:
        """Serve a request, and end it if its server has not."""
        try:
            await self._serve(exchange)
        except GoneError:
            pass
        except Exception as error:  # noqa: BLE001 - one request must not be another's end
            context = {"message": "a request could not be served", "exception": error}
            self._loop.call_exception_handler(context)
        finally:
            del self._tasks[exchange]
            if not exchange.ended:
                with suppress(GoneError):
                    await exchange.end_unserved()
