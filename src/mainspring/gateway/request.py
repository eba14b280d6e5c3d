"""One request, from its params to its end: every way that it can go ends in `run`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from mainspring.gateway.bodies import Body
from mainspring.gateway.call import StartError
from mainspring.gateway.ending import end_script
from mainspring.gateway.exchange import GoneError
from mainspring.gateway.redirect import NOT_OURS, follow, send_client
from mainspring.gateway.refusals import Refusal, Word, answer
from mainspring.gateway.relay import Relay
from mainspring.gateway.variables import make_call

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.call import Process
    from mainspring.gateway.exchange import Exchange
    from mainspring.gateway.gateway import Gateway
    from mainspring.gateway.output import LocalRedirect
    from mainspring.gateway.served import Served
    from mainspring.gateway.site import Target

#: nobody has done anything wrong: these are in the access log alone
UNTOLD: frozenset[Word] = frozenset({"folder", "gone"})


class Request:
    """A request that is served, by the task that it was made in."""

    def __init__(
        self, gateway: Gateway, exchange: Exchange, served: Served, task: asyncio.Task[None]
    ) -> None:
        self.gateway = gateway
        self.bounds = gateway.bounds
        self.exchange = exchange
        self.served = served
        self.task = task
        self.failure: BaseException | None = None  # of what is not awaited

    async def run(self) -> None:
        """Answer it.  Raises CancelledError if the gateway ends."""
        self.exchange.on_gone(lambda: self.fail(GoneError()))
        try:
            await self.answer()
        except asyncio.CancelledError:
            if self.failure is None:
                raise
            self.task.uncancel()
            await self.give_up(self.failure)
        except Exception as error:  # noqa: BLE001 - nobody else's request is to suffer
            await self.give_up(error)
        finally:
            self.exchange.on_gone(do_nothing)  # or both would be left to the garbage collector

    def fail(self, error: BaseException) -> None:
        """Stop: *error* happened while something else was awaited."""
        if self.failure is None:
            self.failure = error
            self.task.cancel()

    # ---- running scripts ----------------------------------------------------------------------

    async def answer(self) -> None:
        params: Mapping[str, str] = self.exchange.params
        body: Body | None = Body(self.exchange, self.bounds.body)
        target = await self.find(params)
        for _ in range(self.bounds.redirects + 1):
            redirect = await self.run_script(params, target, body)
            if redirect is None:
                await self.exchange.end(self.served.exit_status or 0)
                return
            followed = await self.follow(params, target, redirect.location)
            if followed is None:
                await self.send_away(redirect.location)
                return
            (params, target), body = followed, None
        raise Refusal("redirect-loop", f"more than {self.bounds.redirects}")

    async def find(self, params: Mapping[str, str]) -> Target:
        target = await self.gateway.find(params)
        self.served.script = target.script
        return target

    async def follow(
        self, params: Mapping[str, str], target: Target, location: str
    ) -> tuple[Mapping[str, str], Target] | None:
        """The request that a script redirects to; None if it is not ours to answer."""
        followed = follow(params, target, location)
        try:
            return None if followed is None else (followed, await self.find(followed))
        except Refusal as refusal:
            if refusal.word in NOT_OURS:
                return None
            raise

    async def send_away(self, location: str) -> None:
        head = send_client(location)
        await self.exchange.begin(head)
        self.served.status = head.status
        await self.exchange.end(0)

    async def run_script(
        self, params: Mapping[str, str], target: Target, body: Body | None
    ) -> LocalRedirect | None:
        """Raises Refusal."""
        self.served.waited += await self.gateway.pool.enter()
        try:
            process, length = await self.begin(params, target, body)
        except BaseException:
            self.gateway.pool.leave()
            raise
        return await self.relay(process, length)

    async def begin(
        self, params: Mapping[str, str], target: Target, body: Body | None
    ) -> tuple[Process, int]:
        """The script, and how much of the body it is handed while it runs.

        Only who has a place is read from: so many bodies are on the disk at once, and no more.
        """
        if body is None or not body.is_of_unknown_length:
            length = 0 if body is None else body.length
            return await self.start(params, target, None if length else self.gateway.nothing), length
        stdin = await self.spool(body)
        self.served.received = body.length
        try:
            return await self.start({**params, "CONTENT_LENGTH": str(body.length)}, target, stdin), 0
        finally:
            os.close(stdin)

    async def spool(self, body: Body) -> int:
        """Raises Refusal."""
        try:
            async with asyncio.timeout(self.bounds.seconds):
                return await body.spool()
        except TimeoutError:
            raise Refusal("timeout", f"no whole body after {self.bounds.seconds:g} seconds") from None

    async def start(self, params: Mapping[str, str], target: Target, stdin: int | None) -> Process:
        """Raises Refusal."""
        gateway, served = self.gateway, self.served
        call = make_call(params, target, gateway.environment, gateway.passage)
        try:
            process = await gateway.starter.start(
                call, call.python or sys.executable, call.options, stdin
            )
        except StartError as error:
            raise Refusal("start-failed", str(error)) from error
        served.process, served.kind = process.process, process.kind
        return process

    async def relay(self, process: Process, length: int) -> LocalRedirect | None:
        """Relay until the script has ended, or closed its output."""
        open_lines = partial(self.gateway.journal.open_lines, self.served)
        relay = Relay(self.exchange, process, self.served, open_lines, most_of_head=self.bounds.head)
        began, is_complete = time.monotonic(), False
        try:
            redirect = await self.run_in_time(relay, length)
            self.served.exit_status = await process.linger()
            is_complete = True
        finally:
            left = self.bounds.seconds - (time.monotonic() - began) if is_complete else 0
            self.let_go(relay, process, left)
        if redirect is None and (self.served.exit_status or 0) < 0:
            raise Refusal(
                "cut-short", f"the script was ended by signal {-(self.served.exit_status or 0)}"
            )
        return redirect

    async def run_in_time(self, relay: Relay, length: int) -> LocalRedirect | None:
        deadlines = relay.process.watch.after(self.bounds.seconds)
        deadlines.add(self.time_out)
        try:
            return await relay.run(length, self.fail)
        finally:
            deadlines.discard(self.time_out)

    def time_out(self) -> None:
        self.fail(Refusal("timeout", f"after {self.bounds.seconds:g} seconds"))

    def let_go(self, relay: Relay, process: Process, seconds: float) -> None:
        """Give the place free once the script has ended, for which it has so many seconds."""
        if self.served.exit_status is not None and seconds:
            relay.close()
            self.gateway.pool.leave()
            return
        relay.complaints.listen_at_once()
        self.gateway.go_on(self.see_off(relay, process, seconds))

    async def see_off(self, relay: Relay, process: Process, seconds: float) -> None:
        try:
            if not seconds or await await_end(process, seconds) is None:
                await end_script(process, self.bounds.grace)
        finally:
            relay.close()
            self.gateway.pool.leave()

    # ---- answers of our own -------------------------------------------------------------------

    async def give_up(self, error: BaseException) -> None:
        """Answer as *error* wants it, or break off what has begun."""
        refusal = find_refusal(error)
        self.served.reason = refusal.word
        if refusal.word not in UNTOLD:
            self.gateway.journal.note_error(self.served, str(refusal))
        with suppress(GoneError):
            if self.served.status:
                await self.exchange.break_off()
            else:
                await self.refuse(refusal)

    async def refuse(self, refusal: Refusal) -> None:
        """Answer what nothing has been answered to; a client that is gone is its connection's affair."""
        head, body = answer(refusal)
        self.served.status = head.status
        if refusal.word == "gone":
            return
        self.exchange.overloaded = head.status == HTTPStatus.SERVICE_UNAVAILABLE
        await self.exchange.begin(head)
        if self.exchange.params.get("REQUEST_METHOD") != "HEAD":
            await self.exchange.write(body)
        await self.exchange.end(0)


def do_nothing() -> None:
    """What is done when the client of a request goes that has ended."""


def find_refusal(error: BaseException) -> Refusal:
    """The word for what went wrong."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, GoneError):
        return Refusal("gone", str(error))
    return Refusal("failed", f"{type(error).__name__}: {error}")


async def await_end(process: Process, seconds: float) -> int | None:
    """How *process* ended; None if it has not, after so many seconds."""
    try:
        async with asyncio.timeout(seconds):
            return await process.wait()
    except TimeoutError:
        return None
