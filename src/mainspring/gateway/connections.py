"""Every open connection of FastCGI and SCGI stands in one table, and those that say nothing leave it.

A connection is idle (no request), receiving (a request has begun and is not complete) or busy (it waits
for its answer).  One that is idle or receiving for too long is closed.  What is run for a busy one has
bounds of its own: it is closed only if its client reads nothing of what waits for it, for as long as it
may be idle.  Where there are too many, the one that has been silent for longest goes,
and if all are busy, the newest.

Idle and receiving connections are ordered by their last byte, so one timer looks at the first of each
order alone, and a byte costs one move to the end.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter, OrderedDict
from typing import TYPE_CHECKING, Literal, Protocol

from mainspring.gateway.presence import find_gone
from mainspring.gateway.unfinished import Unfinished

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.breaches import Word

Standing = Literal["idle", "receiving", "busy"]

#: the timer's pace, in seconds; bounds shorter than four times this are looked at more often
PACE = 1.0


class Connection(Protocol):
    """What the table asks of a connection."""

    def abort(self) -> None:
        """Close it at once, whatever is under way."""

    def wind_down(self) -> None:
        """Close it as soon as it is not busy."""

    def descriptor(self) -> int: ...

    def unsent(self) -> int:
        """How many bytes wait until the client reads."""


class Connections:
    """The open ones.  *tell* hears of each breach, and how often there was one."""

    def __init__(self, bounds: Bounds, tell: Callable[[Word, int], None] | None = None) -> None:
        self._most = bounds.connections
        self._waiting: dict[Standing, OrderedDict[Connection, float]] = {
            "idle": OrderedDict(),
            "receiving": OrderedDict(),
        }
        self._bounds: dict[Standing, float] = {"idle": bounds.idle, "receiving": bounds.silence}
        self._words: dict[Standing, Word] = {"idle": "idle", "receiving": "silent"}
        self._busy: dict[Connection, None] = {}
        self._standing: dict[Connection, Standing] = {}
        self._deaf: set[Connection] = set()
        #: busy ones with unsent bytes: how many there were lately, and since when they have not got fewer
        self._unread: dict[Connection, tuple[int, float]] = {}
        self._pace = min(PACE, bounds.idle / 4, bounds.silence / 4)
        self._timer: asyncio.TimerHandle | None = None
        self._tell = tell
        self._empty: asyncio.Future[None] | None = None
        self.winding_down = False
        #: bytes of bodies that wait to be read
        self.held = 0
        self.unfinished = Unfinished(bounds.unfinished)
        #: how often each breach has been
        self.breaches: Counter[Word] = Counter()

    def count(self) -> dict[Standing, int]:
        """How many there are now of each standing."""
        return {**{name: len(some) for name, some in self._waiting.items()}, "busy": len(self._busy)}

    def note(self, word: Word) -> None:
        self.breaches[word] += 1
        if self._tell is not None:
            self._tell(word, self.breaches[word])

    def admit(self, one: Connection) -> bool:
        """Take in a new connection, and close the longest silent one if that is too many.

        False if all are busy, or if no more are wanted: then it is not taken in.
        """
        if self.winding_down:
            return False
        if len(self._standing) >= self._most and not self._make_room():
            self.note("full")
            return False
        self.mark(one, "idle")
        if self._timer is None:
            self._set_timer()
        return True

    def mark(self, one: Connection, standing: Standing) -> None:
        """Note what a connection is doing now that it was heard of."""
        before = self._standing.get(one)
        if standing != before:
            if before is not None:
                self._orders(before).pop(one)
            self._standing[one] = standing
        if standing == "busy":
            self._busy[one] = None
        else:
            order = self._waiting[standing]
            order[one] = time.monotonic()
            order.move_to_end(one)

    def mark_deaf(self, one: Connection, deaf: bool) -> None:
        """Note whether nothing is read of a connection, so that the timer looks whether it is there."""
        (self._deaf.add if deaf else self._deaf.discard)(one)

    def release(self, one: Connection) -> None:
        standing = self._standing.pop(one, None)
        if standing is not None:
            self._orders(standing).pop(one)
        self._deaf.discard(one)
        if not self._standing and self._empty is not None and not self._empty.done():
            self._empty.set_result(None)

    async def wind_down(self) -> None:
        """Take in no more, close those that are not busy, and wait until the others are answered."""
        self.winding_down = True
        for one in list(self._standing):
            one.wind_down()
        if self._standing:
            self._empty = self._empty or asyncio.get_running_loop().create_future()
            await asyncio.shield(self._empty)

    def abort(self) -> None:
        """Close them all at once."""
        for one in list(self._standing):
            one.abort()

    def _orders(self, standing: Standing) -> dict[Connection, None] | OrderedDict[Connection, float]:
        return self._busy if standing == "busy" else self._waiting[standing]

    def _make_room(self) -> bool:
        firsts = [next(iter(order.items())) for order in self._waiting.values() if order]
        if not firsts:
            return False
        longest, _ = min(firsts, key=lambda item: item[1])
        self._close(longest, "crowded")
        return True

    def _close(self, one: Connection, word: Word) -> None:
        self.note(word)
        self.release(one)
        one.abort()

    def _set_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._pace, self._look)

    def _look(self) -> None:
        self._timer = None
        now = time.monotonic()
        for standing, order in self._waiting.items():
            oldest = now - self._bounds[standing]
            while order and next(iter(order.values())) <= oldest:
                self._close(next(iter(order)), self._words[standing])
        self._close_unread(now)
        for one in find_gone(self._deaf):
            one.abort()
        if self._standing:
            self._set_timer()

    def _close_unread(self, now: float) -> None:
        """Close busy ones whose clients have read nothing for too long."""
        before, self._unread = self._unread, {}
        for one in list(self._busy):
            if unsent := one.unsent():
                last, since = before.get(one, (0, now))
                since = now if unsent < last else since
                self._unread[one] = unsent, since
                if now - since >= self._bounds["idle"]:
                    self._close(one, "no-reader")
