"""Between a script and the client: what each says is handed on as fast as the other takes it.

Nothing is held but what one read gives; a client that is slow stops the script.
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from mainspring.gateway.output import LocalRedirect, OutputReader
from mainspring.gateway.pipes import PART, Sink, Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.gateway.call import Process
    from mainspring.gateway.errorlog import ErrorLines
    from mainspring.gateway.exchange import Exchange, Head
    from mainspring.gateway.served import Served
    from mainspring.gateway.watch import Watch

#: so long a script may be before what it complains of is heard
MOMENT_SECONDS = 0.02


class Relay:
    """One script's three pipes, and the exchange that it answers."""

    def __init__(
        self,
        exchange: Exchange,
        process: Process,
        served: Served,
        open_lines: Callable[[], ErrorLines],
        *,
        most_of_head: int,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.loop = loop
        self.exchange = exchange
        self.process = process
        self.served = served
        self.source = Source(loop, process.watch, process.stdout)
        self.complaints = Complaints(process.watch, process.stderr, open_lines)
        self.sink = Sink(loop, process.stdin) if process.stdin >= 0 else None
        self.feeding: asyncio.Task[None] | None = None
        self.reader = OutputReader(most_of_head, exchange.params.get("REQUEST_METHOD", "GET"))

    async def run(self, length: int, fail: Callable[[BaseException], None]) -> LocalRedirect | None:
        """Relay until the script's output ends; *length* of the request's body is the script's.

        *fail* is called if the client breaks off its body.  Raises Refusal, or GoneError.
        """
        if self.sink is not None:
            self.feeding = self.loop.create_task(self.feed(self.sink, length))
            self.feeding.add_done_callback(lambda task: report_failure(task, fail))
        head = await self.read_head()
        if isinstance(head, LocalRedirect):
            await self.drop_rest()
            return head
        await self.exchange.begin(head)
        self.served.status = head.status
        await self.forward()
        return None

    async def read_head(self) -> Head | LocalRedirect:
        while True:
            part = await self.source.read()
            if not part:
                self.reader.end()
            head = self.reader.feed(part)
            if head is not None:
                return head

    async def forward(self) -> None:
        await self.write(self.reader.rest())
        while part := await self.source.read():
            await self.write(self.reader.cut(part))
        self.reader.end()
        self.exchange.expect_end()

    async def write(self, part: bytes) -> None:
        if part:
            await self.exchange.write(part)
            self.served.sent += len(part)

    async def drop_rest(self) -> None:
        while await self.source.read():
            pass

    async def feed(self, sink: Sink, length: int) -> None:
        """Hand the body on; whatever is beyond its length is no part of it."""
        try:
            while length > 0 and (part := await self.exchange.read()):
                part = part[:length]
                length -= len(part)
                self.served.received += len(part)
                await sink.write(part)
        except BrokenPipeError:
            pass  # the script has read what it wanted
        finally:
            sink.close()

    def close(self) -> None:
        """Let go of all pipes."""
        if self.feeding is not None:
            self.feeding.cancel()
        if self.sink is not None:
            self.sink.close()
        self.source.close()
        self.complaints.close()


class Complaints:
    """What a script writes to standard error, as it comes; from one that ends at once, all of it then."""

    def __init__(self, watch: Watch, descriptor: int, open_lines: Callable[[], ErrorLines]) -> None:
        self.watch = watch
        self.descriptor = descriptor
        self.open_lines = open_lines
        self.lines: ErrorLines | None = None
        self.moment = watch.after(MOMENT_SECONDS)
        self.moment.add(self.listen)

    def listen(self) -> None:
        self.watch.add(self.descriptor, self.take)

    def listen_at_once(self) -> None:
        """Take what there is, without waiting for more of it."""
        if self.descriptor >= 0 and self.moment.discard(self.listen):
            self.listen()
            self.take()

    def take(self) -> None:
        part = read_at_once(self.descriptor)
        if part:
            self.feed(part)
        elif part is not None:
            self.end()

    def feed(self, part: bytes) -> None:
        if self.lines is None:
            self.lines = self.open_lines()
        self.lines.feed(part)

    def end(self) -> None:
        self.moment.discard(self.listen)
        self.watch.forget(self.descriptor)
        os.close(self.descriptor)
        self.descriptor = -1
        if self.lines is not None:
            self.lines.end()

    def close(self) -> None:
        """Take what is there; what others write there later is nobody's."""
        if self.descriptor >= 0:
            while part := read_at_once(self.descriptor):
                self.feed(part)
            self.end()


def read_at_once(descriptor: int) -> bytes | None:
    """Return what is there; None if there is nothing yet."""
    try:
        return os.read(descriptor, PART)
    except BlockingIOError:
        return None


def report_failure(task: asyncio.Task[None], fail: Callable[[BaseException], None]) -> None:
    error = None if task.cancelled() else task.exception()
    if error is not None:
        fail(error)
