"""So many scripts run at once, and so many requests wait for a place: all others are refused."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from functools import partial
from typing import TYPE_CHECKING

from mainspring.gateway.refusals import Refusal
from mainspring.gateway.watch import find_watch

if TYPE_CHECKING:
    from mainspring.gateway.bounds import Bounds

    Turn = asyncio.Future[bool]  # true once it has come, false once that takes too long


class Pool:
    """The places of a gateway; a place is left when its script has ended, not when its answer has."""

    def __init__(self, bounds: Bounds) -> None:
        self.limit = bounds.children
        self.queue = bounds.queue
        self.patience = bounds.queue_seconds
        self.running = 0
        self.line: deque[Turn] = deque()

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
        began, turn = time.monotonic(), loop.create_future()
        give_up = partial(self.give_up, turn)
        patience = find_watch(loop).after(self.patience)
        patience.add(give_up)
        self.line.append(turn)
        try:
            if not await turn:
                raise Refusal("queue-timeout", f"{self.running} run, {len(self.line)} wait")
        except asyncio.CancelledError:
            self.leave_line(turn)
            raise
        finally:
            patience.discard(give_up)
        return time.monotonic() - began

    def give_up(self, turn: Turn) -> None:
        if not turn.done():
            self.line.remove(turn)
            turn.set_result(False)

    def leave_line(self, turn: Turn) -> None:
        """Whoever goes just when its turn comes hands it on."""
        if turn in self.line:
            self.line.remove(turn)
        elif turn.done() and not turn.cancelled() and turn.result():
            self.leave()

    def leave(self) -> None:
        """Give the place to the first in line."""
        while self.line:
            turn = self.line.popleft()
            if not turn.done():
                turn.set_result(True)
                return
        self.running -= 1
