"""A site's scripts, in a world of their own, and starts of them from an event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

from mainspring.gateway.call import Call
from mainspring.gateway.watch import find_watch

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from pathlib import Path

    from warm.parity.world import WarmWorld

    from mainspring.gateway.call import Process
    from mainspring.gateway.keeper import Keeper
    from mainspring.gateway.starting import Starter

Result = TypeVar("Result")
#: within which a start, or whatever is waited for, must be done
PATIENCE = 20.0
WARM_UP = 30.0


class Ran(NamedTuple):
    """A start, from its beginning to its end."""

    kind: str
    process: int
    status: int
    stdout: bytes
    stderr: bytes


@dataclass
class Site:
    """Scripts, and what starts them."""

    world: WarmWorld
    starter: Starter | Keeper
    environment: dict[str, str] = field(default_factory=dict)

    def write(self, text: str, name: str = "script.py") -> Path:
        return self.world.write(name, text)

    def call(self, script: Path, *arguments: str, **variables: str) -> Call:
        environment = self.world.environment(MAINSPRING_LOG=None) | self.environment | variables
        return Call(str(script), arguments, environment, str(script.parent))

    async def begin(self, call: Call, stdin: int | None = None, *options: str) -> Process:
        return await self.starter.start(call, str(self.world.plain_python), options, stdin)

    async def run(
        self,
        script: Path,
        *arguments: str,
        body: bytes = b"",
        options: tuple[str, ...] = (),
        **variables: str,
    ) -> Ran:
        """Start *script*, give it *body* to read, and read all that it writes."""
        return await finish(
            await self.begin(self.call(script, *arguments, **variables), None, *options), body
        )

    async def warm_up(self, script: Path, **variables: str) -> Ran:
        """Run *script* until it comes from a host."""
        end = time.monotonic() + WARM_UP
        while (ran := await self.run(script, **variables)).kind != "warm":
            assert time.monotonic() < end, f"{ran} {self.world.explain()}"
        return ran

    async def run_as(self, kind: Literal["cold", "warm"], script: Path, *words: str, **how: Any) -> Ran:
        """Run *script* in the way *kind*."""
        if kind == "warm":
            await self.warm_up(script, **{name: text for name, text in how.items() if name.isupper()})
        ran = await self.run(script, *words, **how)
        assert ran.kind == kind
        return ran


async def finish(process: Process, body: bytes = b"") -> Ran:
    if process.stdin >= 0:
        with contextlib.suppress(BrokenPipeError):  # it has ended by now
            assert os.write(process.stdin, body) == len(body)
        os.close(process.stdin)
    stdout, stderr = await asyncio.gather(read_all(process.stdout), read_all(process.stderr))
    return Ran(process.kind, process.process, await process.wait(), stdout, stderr)


async def read_all(descriptor: int) -> bytes:
    """All that comes until the end; the descriptor is closed then."""
    parts = []
    while part := await read_part(descriptor):
        parts.append(part)
    os.close(descriptor)
    return b"".join(parts)


async def read_part(descriptor: int) -> bytes:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(descriptor, lambda: ready.done() or ready.set_result(None))
    try:
        await ready
        return os.read(descriptor, 1 << 16)
    finally:
        loop.remove_reader(descriptor)


async def read_line(descriptor: int) -> bytes:
    """What the script says first."""
    line = b""
    while not line.endswith(b"\n"):
        part = await read_part(descriptor)
        assert part, line
        line += part
    return line


def let_go(process: Process) -> None:
    """Close the pipes of a process that nobody reads from any more."""
    for descriptor in (process.stdin, process.stdout, process.stderr):
        if descriptor >= 0:
            os.close(descriptor)


def act(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """What *coroutine* returns, in an event loop of its own, in time."""

    async def act_in_time() -> Result:
        find_watch(asyncio.get_running_loop())
        async with asyncio.timeout(PATIENCE + WARM_UP):
            return await coroutine

    return asyncio.run(act_in_time())


def list_descriptors() -> set[str]:
    """The open ones of this process, but for what a gateway keeps: an epoll, and the folder of hosts."""
    found = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found[name] = os.readlink(f"/proc/self/fd/{name}")
    return {name for name, place in found.items() if not place.endswith(("[eventpoll]", "/mainspring"))}
