"""Scripts cost the event loop one descriptor and one timer, however many of them there are.

An event loop does much for each descriptor and each timer that it is given, and a request would have
three of both, for a millisecond or two.  Here a descriptor is one call to the kernel (epoll in an epoll),
is taken off by closing it, and a time that is over before it is due is a look into a table.
"""

from __future__ import annotations

import asyncio
import select
import time
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable

    Call = Callable[[], None]

ALWAYS = select.EPOLLIN
ONCE = select.EPOLLIN | select.EPOLLET
MOST_AT_ONCE = 256


class Deadlines:
    """Calls that are due after the same number of seconds, and so in the order in which they came."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._due: dict[Call, float] = {}
        self._timer: asyncio.TimerHandle | None = None

    def add(self, call: Call) -> None:
        """Have *call* called, unless it is discarded before."""
        self._due[call] = time.monotonic() + self._seconds
        if self._timer is None:
            self._set_timer(self._seconds)

    def discard(self, call: Call) -> bool:
        """Whether it would still have been called."""
        return self._due.pop(call, None) is not None

    def _set_timer(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _look(self) -> None:
        self._timer = None
        while self._due:
            call, due = next(iter(self._due.items()))
            left = due - time.monotonic()
            if left > 0:
                self._set_timer(left)
                return
            del self._due[call]
            call_safely(call)


class Watch:
    """What an event loop watches for scripts.

    Whoever closes a descriptor has it forgotten before.  A call may come when there is nothing to be
    read: what was closed may have another's number by then.
    """

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}
        self._deadlines: dict[float, Deadlines] = {}
        self._epoll = select.epoll()

    def add(self, descriptor: int, call: Call) -> None:
        """Have *call* called as long as there is something to be read."""
        self._calls[descriptor] = call
        self._epoll.register(descriptor, ALWAYS)

    def add_changes(self, descriptor: int, call: Call) -> None:
        """Have *call* called when there is more to be read than there was."""
        self._calls[descriptor] = call
        self._epoll.register(descriptor, ONCE)

    def forget(self, descriptor: int) -> None:
        self._calls.pop(descriptor, None)

    def after(self, seconds: float) -> Deadlines:
        """The calls that are due after so many *seconds*, one of few numbers."""
        found = self._deadlines.get(seconds)
        if found is None:
            found = self._deadlines[seconds] = Deadlines(seconds)
        return found

    def look(self) -> None:
        for descriptor, _ in self._epoll.poll(0, MOST_AT_ONCE):
            call = self._calls.get(descriptor)
            if call is not None:
                call_safely(call)

    def fileno(self) -> int:
        return self._epoll.fileno()


def call_safely(call: Call) -> None:
    """Whatever one call fails with, the others are called."""
    try:
        call()
    except Exception as error:  # noqa: BLE001 - as an event loop does
        context = {"message": "a script could not be watched", "exception": error}
        asyncio.get_running_loop().call_exception_handler(context)


WATCHES: WeakKeyDictionary[asyncio.AbstractEventLoop, Watch] = WeakKeyDictionary()


def find_watch(loop: asyncio.AbstractEventLoop) -> Watch:
    watch = WATCHES.get(loop)
    if watch is None:
        watch = WATCHES[loop] = Watch()
        loop.add_reader(watch.fileno(), watch.look)
    return watch
