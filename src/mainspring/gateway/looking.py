"""A script on another machine's disk is looked for in a thread: that machine may not answer.

On a disk of this machine's a look takes 25 microseconds, and a thread would add 30 to 85 to them.  So a
look has a thread only where the way to what is served comes past a file system of another machine, or one
is mounted below it.

| what happens | what comes of it |
|---|---|
| a look takes longer than `queue_seconds` | 503, look-timeout; all other requests go on |
| MOST looks take so long | further ones wait for a thread, and no longer than that |
| the machine answers again | so do the threads: nothing is to be done |
| its file system is mounted later | it is known after a reload |
| it does not answer when the gateway starts, or reloads | the gateway waits for it |

What a start asks for again a moment later (the script's stat, its folder) is asked for without a thread,
and so are static files.
"""

from __future__ import annotations

import asyncio
import os
import threading
from queue import SimpleQueue
from typing import TYPE_CHECKING, NamedTuple

from mainspring.codecache.mounts import read_remote_mounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.gateway.site import Target

MOST = 16


class Look(NamedTuple):
    """One that a thread is to take, and who waits for it."""

    loop: asyncio.AbstractEventLoop
    taken: asyncio.Future[Target]
    find: Callable[[], Target]


class Looks:
    """Threads that look for scripts; none waits for them at the end."""

    def __init__(self) -> None:
        self._looks: SimpleQueue[Look | None] = SimpleQueue()
        self._threads = self._open = 0

    async def take(self, find: Callable[[], Target]) -> Target:
        """What *find* finds.  Raises what it raises."""
        loop = asyncio.get_running_loop()
        look = Look(loop, loop.create_future(), find)
        self._open += 1
        self._looks.put(look)
        if self._threads < min(self._open, MOST):
            self._threads += 1
            threading.Thread(target=self._work, name="mainspring-look", daemon=True).start()
        return await look.taken

    def close(self) -> None:
        for _ in range(self._threads):
            self._looks.put(None)

    def _work(self) -> None:
        while (look := self._looks.get()) is not None:
            target, error = None, None
            if not look.taken.done():
                try:
                    target = look.find()
                except Exception as caught:  # noqa: BLE001 - it is raised where it is waited for
                    error = caught
            try:
                look.loop.call_soon_threadsafe(self._end, look, target, error)
            except RuntimeError:
                return  # the loop has ended

    def _end(self, look: Look, target: Target | None, error: Exception | None) -> None:
        self._open -= 1
        if look.taken.done():
            return
        if error is not None:
            look.taken.set_exception(error)
        elif target is not None:
            look.taken.set_result(target)


def may_hang(path: str) -> bool:
    """Whether another machine is asked on the way to *path*, or for what is below it."""
    remote = read_remote_mounts()
    if remote is None:
        return True
    ways = [os.path.abspath(path).rstrip("/") + "/", os.path.realpath(path).rstrip("/") + "/"]
    return any(way.startswith(mount) or mount.startswith(way) for way in ways for mount in remote)
