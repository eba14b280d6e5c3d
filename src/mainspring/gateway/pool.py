"""So many scripts run at once, and so many requests wait for a place: all others are refused."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from mainspring.gateway.refusals import Refusal

if TYPE_CHECKING:
    from mainspring.gateway.bounds import Bounds


class Pool:
    """The places of a gateway; a place is left when its script has ended, not when its answer has."""

    def __init__(self, bounds: Bounds) -> None:
        self.limit = bounds.children
        self.queue = bounds.queue
        self.patience = bounds.queue_seconds
        self.running = 0
        self.line: deque[asyncio.Future[None]] = deque()

    @property
    def waiting(self) -> int:
        return len(self.line)

    async def enter(self) -> float:
        """Wait for a place; returns for how many seconds.  Raises Refusal."""
        if self.running < self.limit:
            self.running += 1
            return 0.0
        if len(self.line) >= self.queue:
            raise Refusal("overloaded", f"{self.running} run, {len(self.line)} wait")
        return await self.stand_in_line()

    async def stand_in_line(self) -> float:
        loop = asyncio.get_running_loop()
        began, turn = loop.time(), loop.create_future()
        self.line.append(turn)
        try:
            async with asyncio.timeout(self.patience):
                await turn
        except TimeoutError:
            self.leave_line(turn)
            raise Refusal("queue-timeout", f"{self.running} run, {len(self.line)} wait") from None
        except BaseException:
            self.leave_line(turn)
            raise
        return loop.time() - began

    def leave_line(self, turn: asyncio.Future[None]) -> None:
        """Whoever goes just when its turn comes hands it on."""
        if turn.done() and not turn.cancelled():
            self.leave()
        elif turn in self.line:
            self.line.remove(turn)

    def leave(self) -> None:
        """Give the place to the first in line."""
        while self.line:
            turn = self.line.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1
