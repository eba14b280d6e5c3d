"""A server that does what a request's STEPS say, and notes what it sees."""

from __future__ import annotations

import asyncio
import contextlib
import queue

from gateway.wire import ORDINARY, PATIENCE, Wire
from mainspring.gateway.exchange import Exchange, GoneError, Head

OK = Head(200, "OK", (("Content-Type", "text/plain"),))


class Stage:
    """Serves by what a request's STEPS say, and notes what it sees."""

    def __init__(self) -> None:
        self.seen: queue.Queue[str] = queue.Queue()
        self.go: asyncio.Event | None = None

    async def serve(self, exchange: Exchange) -> None:
        self.go = self.go or asyncio.Event()
        exchange.on_gone(lambda: self.seen.put("gone"))
        for step in exchange.params["STEPS"].split():
            self.seen.put(step)
            await getattr(self, step)(exchange)

    async def begin(self, exchange: Exchange) -> None:
        await exchange.begin(OK)

    async def overload(self, exchange: Exchange) -> None:
        exchange.overloaded = True
        await exchange.begin(Head(503, "Service Unavailable", ()))

    async def write(self, exchange: Exchange) -> None:
        await exchange.write(b"part")

    async def expect_end(self, exchange: Exchange) -> None:
        exchange.expect_end()

    async def turn(self, exchange: Exchange) -> None:  # noqa: ARG002 - as every step
        """Let the loop do whatever it has to do by now."""
        for _ in range(10):
            await asyncio.sleep(0)

    async def flood(self, exchange: Exchange) -> None:
        """Write until somebody else ends it, and count how much was taken."""
        self.flooded = 0
        with contextlib.suppress(GoneError):
            while self.flooded < 16 << 20:
                await exchange.write(bytes(64 << 10))
                self.flooded += 64 << 10

    async def read(self, exchange: Exchange) -> None:
        try:
            while part := await exchange.read():
                self.seen.put(f"read {len(part)}")
        except GoneError as error:
            self.seen.put(f"read {error}")

    async def wait(self, exchange: Exchange) -> None:  # noqa: ARG002 - as every step
        assert self.go is not None
        await self.go.wait()

    async def end(self, exchange: Exchange) -> None:
        await exchange.end(0)

    async def end_3(self, exchange: Exchange) -> None:
        await exchange.end(3)

    async def end_by_15(self, exchange: Exchange) -> None:
        await exchange.end(-15)

    async def break_off(self, exchange: Exchange) -> None:
        await exchange.break_off()

    async def fail(self, exchange: Exchange) -> None:
        raise ZeroDivisionError(exchange.protocol)

    def release(self, wire: Wire) -> None:
        assert self.go is not None
        wire.loop.call_soon_threadsafe(self.go.set)

    def wait_for(self, *words: str) -> None:
        for word in words:
            assert self.seen.get(timeout=PATIENCE) == word


def steps(text: str, **more: str) -> dict[str, str]:
    return {**ORDINARY, "STEPS": text, **more}
