"""Ends of pipes that never block the event loop: one coroutine waits at each.

An end stays registered with the loop while it is waited for now and then, and is taken off when something
is ready that nobody wants: so a client that is slow stops the script, and nothing is held in between.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

PART = 1 << 16


class End:
    """One end of a pipe; closed once, by whoever made it."""

    def __init__(self, loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
        self.loop = loop
        self.descriptor = descriptor
        self.waiter: asyncio.Future[None] | None = None
        self.is_registered = False

    def register(self, call: Callable[[], None]) -> None:
        raise NotImplementedError

    def unregister(self) -> None:
        raise NotImplementedError

    def wake(self) -> None:
        waiter, self.waiter = self.waiter, None
        if waiter is None:
            self.leave_loop()
        elif not waiter.done():
            waiter.set_result(None)

    def leave_loop(self) -> None:
        if self.is_registered:
            self.is_registered = False
            self.unregister()

    async def ready(self) -> None:
        """Wait until the end can be used, or is of no more use."""
        self.waiter = self.loop.create_future()
        if not self.is_registered:
            self.is_registered = True
            self.register(self.wake)
        await self.waiter

    def close(self) -> None:
        if self.descriptor >= 0:
            self.leave_loop()
            os.close(self.descriptor)
            self.descriptor = -1


class Source(End):
    """What a script writes."""

    def register(self, call: Callable[[], None]) -> None:
        self.loop.add_reader(self.descriptor, call)

    def unregister(self) -> None:
        self.loop.remove_reader(self.descriptor)

    async def read(self) -> bytes:
        """Return the next part; nothing at the end."""
        while True:
            try:
                return os.read(self.descriptor, PART)
            except BlockingIOError:
                await self.ready()

    def read_at_once(self) -> bytes | None:
        """Return what is there; None if there is nothing yet."""
        try:
            return os.read(self.descriptor, PART)
        except BlockingIOError:
            return None


class Sink(End):
    """What a script reads."""

    def register(self, call: Callable[[], None]) -> None:
        self.loop.add_writer(self.descriptor, call)

    def unregister(self) -> None:
        self.loop.remove_writer(self.descriptor)

    async def write(self, part: bytes) -> None:
        """Write all of *part*.  Raises BrokenPipeError if the script reads no more."""
        rest = memoryview(part)
        while rest:
            try:
                rest = rest[os.write(self.descriptor, rest) :]
            except BlockingIOError:
                await self.ready()
