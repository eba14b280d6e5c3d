"""Serves requests: each finds its script, waits for a place, and is relayed to a process of its own.

What a script reads, writes and complains of is pumped at once, so that none of the three can hold up
another.  An answer ends with the script's standard output; its place is free when the script has ended.

| what fails | what happens |
|---|---|
| no script, a bad request, no place | an answer of our own (refusals.py); nothing has run |
| the script gives no head, or a bad one | 500, and its output is not shown |
| the script is killed, or ends too early, in the body | the answer is broken off, so that it shows |
| another machine does not answer where its script is | 503, and nothing has run (looking.py) |
| the time is over | 504, or the answer is broken off; SIGTERM and SIGKILL to the process group |
| the client goes away | SIGTERM and SIGKILL to the process group |
| the script closes its output and goes on | the answer ends; the script has the rest of its time |
| the host dies before the script has begun | a start without it (starting.py) |
| anything else | 500, and a line in the error log |
"""

from __future__ import annotations

import asyncio
import itertools
import os
import secrets
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mainspring.gateway.looking import Looks
from mainspring.gateway.refusals import Refusal
from mainspring.gateway.request import Request
from mainspring.gateway.served import Served

if TYPE_CHECKING:
    from collections.abc import Coroutine, Iterator, Mapping

    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.exchange import Exchange
    from mainspring.gateway.journal import Journal
    from mainspring.gateway.keeper import Keeper
    from mainspring.gateway.pool import Pool
    from mainspring.gateway.site import Site, Target
    from mainspring.gateway.starting import Starter
    from mainspring.gateway.variables import Passage


@dataclass(eq=False)
class Gateway:
    """Serves the scripts of one site.  `serve` is all that a front needs."""

    site: Site
    starter: Starter | Keeper
    pool: Pool
    journal: Journal
    bounds: Bounds
    environment: Mapping[str, str]  # what each script gets, whoever asks (variables.choose_base)
    passage: Passage
    prefix: str = field(default_factory=lambda: secrets.token_hex(3))  # of requests' identities
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    nothing: int = field(default_factory=lambda: os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    looks: Looks = field(default_factory=Looks)
    requests: set[asyncio.Task[None]] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)  # what goes on after its answer

    async def find(self, params: Mapping[str, str]) -> Target:
        """The script for *params*.  Raises Refusal."""
        site = self.site
        if not site.may_hang:
            return site.find(params)
        try:
            async with asyncio.timeout(self.bounds.queue_seconds):
                return await self.looks.take(partial(site.find, params))
        except TimeoutError:
            raise Refusal("look-timeout", f"after {self.bounds.queue_seconds:g} seconds") from None

    async def serve(self, exchange: Exchange) -> None:
        """Answer one request, whatever happens.  Raises only CancelledError."""
        served = Served(
            f"{self.prefix}-{next(self.numbers):x}",
            exchange.protocol,
            exchange.params,
            time.time(),
            time.monotonic(),
        )
        task = asyncio.current_task()
        assert task is not None
        self.requests.add(task)
        self.journal.begin(served)
        try:
            await Request(self, exchange, served, task).run()
        finally:
            served.seconds = time.monotonic() - served.clock
            self.journal.end(served)
            self.requests.discard(task)

    def go_on(self, work: Coroutine[object, object, None]) -> None:
        """Have *work* done, which no client waits for."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def finish(self, seconds: float) -> None:
        """Wait for what is under way; a request that has not ended after so many seconds is ended."""
        if self.requests:
            _, late = await asyncio.wait(self.requests, timeout=seconds)
            for task in late:
                task.cancel()
        while under_way := self.requests | self.tasks:
            await asyncio.wait(under_way)
        self.looks.close()
