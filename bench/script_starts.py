"""Measures how a gateway starts a script that says hello: from a host, in a kept process, by a bare fork.

No request is involved: a start, its output to the end, and how it ended.  `--check` ends with status 1
if a bound is not met; `--rounds N` decides how often each is measured, in turn.
"""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from figures import Figure, Figures, run_benchmark
from ground import LAUNCHER

from mainspring.gateway.bounds import Bounds
from mainspring.gateway.call import Call, Process
from mainspring.gateway.keeper import Keeper
from mainspring.gateway.starting import Starter
from mainspring.gateway.streams import open_streams

SCRIPT = 'print("Content-Type: text/plain\\n\\nhello")\n'
ANSWER = b"Content-Type: text/plain\n\nhello\n"
STARTS = 100  # in a row, for one measurement
AT_ONCE = 4
WARM_UP_SECONDS = 30

Start = Callable[[], Awaitable[None]]


@dataclass
class Way:
    """A way of starting, and what it took: milliseconds one at a time, starts a second with four."""

    name: str
    start: Start
    milliseconds: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)

    async def measure(self) -> None:
        began = time.perf_counter()
        for _ in range(STARTS):
            await self.start()
        self.milliseconds.append((time.perf_counter() - began) * 1000 / STARTS)
        began = time.perf_counter()
        await asyncio.gather(*[self.repeat(STARTS // AT_ONCE) for _ in range(AT_ONCE)])
        self.rates.append(STARTS / (time.perf_counter() - began))

    async def repeat(self, times: int) -> None:
        for _ in range(times):
            await self.start()

    def tell(self) -> str:
        alone, rate = statistics.median(self.milliseconds), statistics.median(self.rates)
        return f"{self.name:32} {alone:8.2f} ms {rate:8.0f} /s with {AT_ONCE} at once"


async def read_all(descriptor: int) -> bytes:
    """All that comes; the descriptor is closed then."""
    loop = asyncio.get_running_loop()
    parts: list[bytes] = []
    ended = loop.create_future()

    def read() -> None:
        parts.append(os.read(descriptor, 1 << 16))
        if not parts[-1]:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            ended.set_result(None)

    loop.add_reader(descriptor, read)
    await ended
    return b"".join(parts)


async def finish(process: Process, kind: str) -> None:
    output = asyncio.ensure_future(read_all(process.stdout))
    errors = await read_all(process.stderr)
    assert (await output, errors, await process.wait(), process.kind) == (ANSWER, b"", 0, kind)


class Bare:
    """The client of bare_fork_server.py."""

    def __init__(self, folder: Path, script: Path) -> None:
        self.path = str(folder / "bare.sock")
        program = Path(__file__).with_name("bare_fork_server.py")
        self.server = subprocess.Popen([sys.executable, program, self.path, script])
        while not os.path.exists(self.path):
            time.sleep(0.01)

    async def start(self, stdin: int) -> None:
        loop = asyncio.get_running_loop()
        streams = open_streams(stdin)
        with socket.socket(socket.AF_UNIX) as connection:
            connection.setblocking(False)
            connection.connect(self.path)
            socket.send_fds(connection, [b"!"], streams.theirs)
            streams.close_theirs()
            output = asyncio.ensure_future(read_all(streams.ours[1]))
            errors = await read_all(streams.ours[2])
            status = await loop.sock_recv(connection, 4)
            assert (await output, errors, status) == (ANSWER, b"", bytes(4))

    def close(self) -> None:
        self.server.terminate()
        self.server.wait()


def make_call(folder: Path) -> Call:
    """What a CGI script gets of a browser's request."""
    script = folder / "hello.py"
    script.write_text(SCRIPT)
    (folder / "run").mkdir(mode=0o700)
    environment = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "LANG": "C.UTF-8"}
    environment |= {"XDG_RUNTIME_DIR": str(folder / "run"), "GATEWAY_INTERFACE": "CGI/1.1"}
    environment |= {f"HTTP_HEADER_{number}": "x" * 40 for number in range(20)}
    return Call(str(script), (), environment, str(folder))


async def measure(folder: Path, rounds: int) -> list[Way]:
    call = make_call(folder)
    starter = Starter(str(LAUNCHER))
    keeper = Keeper(starter, Bounds(reuse=1_000_000))
    nothing = os.open(os.devnull, os.O_RDONLY)

    async def start_warm() -> None:
        await finish(await starter.start(call, sys.executable, (), nothing), "warm")

    async def start_kept() -> None:
        await finish(await keeper.start(call, sys.executable, (), nothing), "kept")

    await warm_up(start_warm)
    with closing(Bare(folder, Path(call.script))) as bare:
        ways = [
            Way("from a host", start_warm),
            Way("in a kept process", start_kept),
            Way("by a bare fork", lambda: bare.start(nothing)),
        ]
        for _ in range(rounds):
            for way in ways:
                await way.measure()
    await keeper.close()
    return ways


async def warm_up(start: Start) -> None:
    """Until a host is there."""
    end = time.monotonic() + WARM_UP_SECONDS
    while True:
        try:
            await start()
        except AssertionError:
            assert time.monotonic() < end, "it does not come to start warm"
            await asyncio.sleep(0.1)
        else:
            return


def compare_ways(folder: Path, rounds: int) -> Figures:
    try:
        warm, kept, bare = ways = asyncio.run(measure(folder, rounds))
    finally:
        environment = {"XDG_RUNTIME_DIR": f"{folder}/run", "HOME": str(folder)}
        subprocess.run([LAUNCHER, "hosts", "stop"], env=environment, check=False)
    print(*(way.tell() for way in ways), sep="\n")
    alone = {way.name: min(way.milliseconds) for way in ways}
    yield Figure("a start from a host, to a bare fork", alone[warm.name] / alone[bare.name], 4)
    yield Figure("a kept process, to a bare fork", alone[kept.name] / alone[bare.name], 0.5)


if __name__ == "__main__":
    sys.exit(run_benchmark(compare_ways, __doc__, 5))
