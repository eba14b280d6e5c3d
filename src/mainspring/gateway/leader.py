"""The end of a script's process is told once, to whoever waits for it then or later."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mainspring.gateway.call import Process
from mainspring.gateway.watch import find_watch

if TYPE_CHECKING:
    import asyncio


#: a script that has closed its output has mostly ended by then
LINGER_SECONDS = 0.1
#: for a host to tell how one has ended of which the kernel says that it has
TELL_SECONDS = 10.0
#: of include/linux/sched.h, and where proc(5) has it behind the command's name
PF_EXITING, FLAGS = 4, 6


class GroupLeader(Process):
    """A script whose process leads a group, and whose end others tell of."""

    def __init__(self, loop: asyncio.AbstractEventLoop, ours: tuple[int, int, int]) -> None:
        self.loop = loop
        self.watch = find_watch(loop)
        self.process = 0
        self.stdin, self.stdout, self.stderr = ours
        self.status: int | None = None
        self.waiters: list[asyncio.Future[None]] = []

    async def wait(self) -> int:
        while self.status is None:
            await self.notice()
        return self.status

    async def notice(self) -> None:
        waiter = self.loop.create_future()  # of one's own: who stops waiting cancels it
        self.waiters.append(waiter)
        await waiter

    async def linger(self) -> int | None:
        if self.status is None:
            await self.notice_within(LINGER_SECONDS)
        if self.status is None and is_ending(self.process):
            # the host is busy; without its word, the answer of one that was killed would look whole
            await self.notice_within(TELL_SECONDS)
        return self.status

    async def notice_within(self, seconds: float) -> None:
        deadlines = self.watch.after(seconds)
        deadlines.add(self.wake)
        try:
            await self.notice()
        finally:
            deadlines.discard(self.wake)

    def end(self, status: int) -> None:
        """Note how it ended, as `os.waitstatus_to_exitcode` has it."""
        self.status = status
        self.wake()

    def wake(self) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(None)
        self.waiters.clear()

    def send_signal(self, number: int) -> None:
        if self.status is not None and is_process(self.process):
            return  # the number is another's by now: nobody of the group was left
        try:
            os.killpg(self.process, number)
        except (ProcessLookupError, PermissionError):
            pass  # it has ended; what is not ours to signal is none of our scripts


def is_ending(number: int) -> bool:
    """Whether the process has ended, or begun to: its files are closed before it counts as ended."""
    try:
        with open(f"/proc/{number}/stat", "rb") as file:
            fields = file.read().rpartition(b") ")[2].split()
    except OSError:
        return True
    return fields[0] in (b"Z", b"X") or bool(int(fields[FLAGS]) & PF_EXITING)


def has_ended(number: int) -> bool:
    """Whether the process runs no longer, be it that nobody has taken note of its end."""
    try:
        with open(f"/proc/{number}/stat", "rb") as file:
            return file.read().rpartition(b") ")[2][:1] in (b"Z", b"X")
    except OSError:
        return True


def is_process(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
