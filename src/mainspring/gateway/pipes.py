"""Ends of pipes that never block the event loop: one coroutine waits at each.

What a script writes is read when somebody wants it, and no sooner: so a client that is slow stops the
script, and nothing is held in between.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from mainspring.gateway.watch import Watch

PART = 1 << 16


class End:
    """One end of a pipe; closed once, by whoever made it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        self.loop = loop
        self.descriptor = descriptor
        self.waiter: asyncio.Future[None] | None = None
        self.is_registered = False

    def wake(self) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)


class Source(End):
    """What a script writes."""

    def __init__(self, loop: asyncio.AbstractEventLoop, watch: Watch, descriptor: int) -> None:
        super().__init__(loop, descriptor)
        self.watch = watch

    async def read(self) -> bytes:
        """Return the next part; nothing at the end."""
        while True:
            try:
                return os.read(self.descriptor, PART)
            except BlockingIOError:
                await self.ready()

    async def ready(self) -> None:
        """Wait until there is more to be read, or will never be."""
        self.waiter = self.loop.create_future()
        if not self.is_registered:
            self.is_registered = True
            self.watch.add_changes(self.descriptor, self.wake)
        await self.waiter

    def close(self) -> None:
        if self.descriptor >= 0:
            self.watch.forget(self.descriptor)
            os.close(self.descriptor)
            self.descriptor = -1


class Sink(End):
    """What a script reads."""

    async def write(self, part: bytes) -> None:
        """Write all of *part*.  Raises BrokenPipeError if the script reads no more."""
        rest = memoryview(part)
        while rest:
            try:
                rest = rest[os.write(self.descriptor, rest) :]
            except BlockingIOError:
                await self.ready()

    async def ready(self) -> None:
        """Wait until there is room, or nobody reads any more."""
        self.waiter = self.loop.create_future()
        if not self.is_registered:
            self.is_registered = True
            self.loop.add_writer(self.descriptor, self.wake)
        await self.waiter

    def wake(self) -> None:
        if self.waiter is None:
            self.leave_loop()
        super().wake()

    def leave_loop(self) -> None:
        if self.is_registered:
            self.is_registered = False
            self.loop.remove_writer(self.descriptor)

    def close(self) -> None:
        if self.descriptor >= 0:
            self.leave_loop()
            os.close(self.descriptor)
            self.descriptor = -1
