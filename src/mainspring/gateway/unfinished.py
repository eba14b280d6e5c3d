"""What has come of requests that are not complete is bounded over all connections, not for each alone.

A front sends parameters in one piece, mostly, and what is complete counts no more.  A connection may hold
LITTLE, whatever others do; what it holds beyond that counts.  Where that is too much in all, the one
that has held so much for longest lets go, and its incomplete requests are answered 503.  So no small
request is refused for others' sake, and a large one only if it comes more slowly than all that crowd it.

At most, `unfinished` bytes are held, and LITTLE for each of `connections`.
"""

from __future__ import annotations

from typing import Protocol

LITTLE = 16 << 10


class Holder(Protocol):
    """Who holds what has not come completely."""

    def shed(self) -> None:
        """Let go of it, and answer what it belongs to."""


class Unfinished:
    """What all hold."""

    def __init__(self, most: int) -> None:
        self.held = 0  # by those that hold more than LITTLE
        self._most = most
        self._much: dict[Holder, int] = {}  # the longest first

    def note(self, one: Holder, size: int) -> None:
        """*one* holds so many bytes now."""
        if size <= LITTLE and one not in self._much:
            return
        self._count(one, size)
        while self.held > self._most:
            longest = next(iter(self._much))
            self._count(longest, 0)
            longest.shed()

    def _count(self, one: Holder, size: int) -> None:
        self.held -= self._much.get(one, 0)
        if size > LITTLE:
            self.held += size
            self._much[one] = size  # where it was, if it was there
        else:
            self._much.pop(one, None)
