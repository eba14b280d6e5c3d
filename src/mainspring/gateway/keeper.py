"""Processes are kept for further requests of the script that they have run: its modules stay loaded.

What stays, what is fresh and what ends them is in kept_child/.  A process is for calls of one script by
one interpreter with the same variables of those that select a host (PYTHONPATH, LANG, HOME and the like):
with these it was started.  The one that was used last is used next; one that has had nothing to do for
`kept_idle` ends, and the one that has waited longest makes room for another script's: there are never
more than `children`.

What fails, and what comes of it:

    a kept process is gone, or has found a change of what it   | the next one, or a new one
    has imported, or of what there is to import                |
    a new one cannot be made, or ends before its script begins | the Starter makes a start of its own
    a new one is silent for 20 seconds, or `seconds`, before   | it is killed; StartError
    one that has served is silent for two seconds before       | it is killed; the next one, or a new one
    a copy of the script's standard output is left open        | the process is not used again
    the script ends by an exception, os._exit() or a signal    | its status; the process is not used again
    it is sent a signal (it took too long; its client is gone) | the same
    the process does not end when it is told to                | SIGKILL after `grace`
"""

from __future__ import annotations

import asyncio
import os
from functools import lru_cache
from operator import attrgetter
from pathlib import Path
from socket import AF_UNIX, SOCK_STREAM, socketpair
from typing import TYPE_CHECKING

from mainspring._gateway import spawn
from mainspring.gateway.call import StartError
from mainspring.gateway.keep import Keep, Kept
from mainspring.gateway.starting import list_variables
from mainspring.gateway.streams import open_streams
from mainspring.warm.hostkey import is_selected

if TYPE_CHECKING:
    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.call import Call, Process
    from mainspring.gateway.starting import Starter
    from mainspring.gateway.streams import Streams

PROGRAM = str(Path(__file__).parents[1] / "_kept_child.py")
has_selected_name = lru_cache(maxsize=1024)(is_selected)


class Errand:
    """A call as a kept process is asked for it, and which processes it can be asked of."""

    def __init__(self, call: Call, python: str, options: tuple[str, ...]) -> None:
        """Raises StartError."""
        self.command = [os.fsencode(word) for word in (python, *options)]
        self.folder = os.fsencode(call.folder)
        self.script = os.fsencode(call.script)
        arguments = [*self.command, self.script, *map(os.fsencode, call.arguments)]
        variables = list_variables(call)
        self.selected = [
            variable
            for name, variable in zip(call.environment, variables, strict=True)
            if name == "PATH" or has_selected_name(name)
        ]
        self.count = len(arguments)
        self.words = b"\0".join([self.folder, *arguments, *variables, b""])
        if self.words.count(b"\0") != 1 + len(arguments) + len(variables):
            raise StartError("a NUL in a word")
        self.key = (self.script, *self.command, b"", *self.selected)


class Keeper:
    """All kept processes of a gateway."""

    def __init__(self, starter: Starter, bounds: Bounds) -> None:
        self.starter = starter
        self.bounds = bounds
        self.grace = bounds.grace
        self.nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
        self.keeps: dict[Keep, tuple[bytes, ...]] = {}  # all that have not ended
        self.free: dict[tuple[bytes, ...], list[Keep]] = {}
        self.empty = asyncio.Event()
        self.sweeping: asyncio.TimerHandle | None = None

    async def start(
        self, call: Call, python: str, options: tuple[str, ...], stdin: int | None
    ) -> Process:
        """As Starter.start; Process.kind is "kept" unless there was no way to have one."""
        errand = Errand(call, python, options)
        try:
            streams = open_streams(stdin)
        except OSError as error:
            raise StartError(f"no pipe to the script: {error.strerror}") from error
        kept = None
        try:
            kept = await self.ask(errand, streams)
        except TimeoutError:
            raise StartError("a kept process does not answer") from None
        finally:
            streams.close_theirs()
            if kept is None:
                streams.close_ours()
        return kept or await self.starter.start(call, python, options, stdin)

    async def ask(self, errand: Errand, streams: Streams) -> Kept | None:
        """Raises TimeoutError."""
        is_new = False
        while not is_new:
            keep = self.take_free(errand) or self.make(errand)
            if keep is None:
                return None
            is_new = keep.served == 0
            kept = Kept(keep, streams)
            is_last = keep.served + 1 >= self.bounds.reuse
            most = self.bounds.seconds
            if await kept.begin(errand.words, errand.count, last=is_last, most=most):
                return kept
        return None

    # ---- processes ----------------------------------------------------------------------------

    def make(self, errand: Errand) -> Keep | None:
        """A new process; None if the system has none."""
        self.make_room()
        loop = asyncio.get_running_loop()
        arguments = [*errand.command, os.fsencode(PROGRAM), errand.script]
        try:
            here, there = socketpair(AF_UNIX, SOCK_STREAM)
        except OSError:
            return None
        here.setblocking(False)
        try:
            process = spawn(
                arguments, errand.selected, errand.folder, there.fileno(), self.nothing, self.nothing
            )
            keep = Keep(loop, process, here, self)
        except OSError:
            here.close()  # by which a process ends that cannot be watched
            return None
        finally:
            there.close()
        self.keeps[keep] = errand.key
        return keep

    def make_room(self) -> None:
        while len(self.keeps) >= self.bounds.children and self.free:
            min((keeps[0] for keeps in self.free.values()), key=attrgetter("free_since")).dismiss()

    def take_free(self, errand: Errand) -> Keep | None:
        keeps = self.free.get(errand.key)
        if keeps is None:
            return None
        keep = keeps.pop()
        if not keeps:
            del self.free[errand.key]
        return keep

    def take_back(self, keep: Keep) -> None:
        keep.free_since = keep.loop.time()
        self.free.setdefault(self.keeps[keep], []).append(keep)
        if self.sweeping is None:
            self.sweeping = keep.loop.call_later(self.bounds.kept_idle, self.sweep)

    def withdraw(self, keep: Keep) -> None:
        """Ask nothing more of it."""
        key = self.keeps[keep]
        keeps = self.free.get(key, [])
        if keep in keeps:
            keeps.remove(keep)
            if not keeps:
                del self.free[key]

    def forget(self, keep: Keep) -> None:
        """It has ended."""
        del self.keeps[keep]
        if not self.keeps:
            self.empty.set()

    def sweep(self) -> None:
        """End those that have had nothing to do for long."""
        loop = asyncio.get_running_loop()
        self.sweeping = None
        free = [keep for keeps in self.free.values() for keep in keeps]
        for keep in free:
            if loop.time() - keep.free_since >= self.bounds.kept_idle:
                keep.dismiss()
        if self.free:
            oldest = min(keeps[0].free_since for keeps in self.free.values())
            self.sweeping = loop.call_at(oldest + self.bounds.kept_idle, self.sweep)

    def count_free(self) -> int:
        """How many have nothing to do."""
        return sum(map(len, self.free.values()))

    def renew(self) -> None:
        """Have each end when its request has: whatever comes next gets a new one."""
        for keep in list(self.keeps):
            keep.dismiss()

    async def close(self) -> None:
        """End all of them, and wait until they have."""
        if self.sweeping is not None:
            self.sweeping.cancel()
        for keep in list(self.keeps):
            keep.dismiss()
        if self.keeps:
            self.empty.clear()
            await self.empty.wait()
        os.close(self.nothing)
