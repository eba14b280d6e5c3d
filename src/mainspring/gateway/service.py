"""The life of a gateway's process: sockets, a user, signals, and an end that lets answers be completed.

| signal | what happens |
|---|---|
| SIGTERM, SIGINT | no more connections; what is under way is completed, within `seconds` + `grace` |
| one of them again | all connections are closed, and all scripts ended |
| SIGHUP | what is served is looked up anew, see assembly.py; as SIGTERM if the terminal has gone |
| SIGUSR1 | the logs are opened anew |

| what fails | what happens |
|---|---|
| an address, a user, a socket handed over | one line on stderr, before anything is served |
| a reload | one line on stderr; all goes on as before |
| requests outlast the end | they are broken off, and the exit status is 1 |
| the service manager is gone | nothing |
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import sys
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING

from mainspring._gateway import set_open_files
from mainspring.errors import MainspringError
from mainspring.gateway.account import become, check_access, choose_account, find_service_folder
from mainspring.gateway.activation import take_over
from mainspring.gateway.assembly import Assembly
from mainspring.gateway.connections import Connections
from mainspring.gateway.listening import close_servers, listen, open_server
from mainspring.gateway.notify import find_notifier
from mainspring.gateway.openfiles import raise_open_files

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mainspring.gateway.addresses import Address
    from mainspring.gateway.listening import Access, Listener
    from mainspring.gateway.notify import Notifier
    from mainspring.gateway.options import Options

#: of a socket: "fastcgi", "scgi", "http" or "admin"
Purpose = str
Listening = tuple[Purpose, "Listener"]
ENDED, BROKEN_OFF = 0, 1


@dataclass(frozen=True)
class Order:
    """All that a gateway is started with."""

    options: Options
    #: where to listen; systemd's sockets come beside these
    addresses: tuple[tuple[Purpose, Address], ...]
    #: and here, if there would be nowhere
    default: tuple[Purpose, Address]
    access: Access


def run(order: Order, tell: Callable[[Sequence[Listening]], None]) -> int:
    """Serve until a signal ends it, and return the exit status; *tell* is called when all is ready.

    Raises MainspringError.
    """
    account = choose_account(order.options.user)
    with ExitStack() as stack:
        notifier = find_notifier(os.environ)
        stack.callback(notifier.close)
        listeners = open_sockets(order, stack)
        load_fronts(listeners)
        open_files = raise_open_files()
        if account is not None:
            become(account, os.environ)
        check_access("who starts this" if account is None else account.name, order.options.path)
        find_service_folder(os.environ)
        service = Service(order.options, listeners, notifier, open_files.soft)
        with asyncio.Runner(loop_factory=find_loop()) as runner:
            return runner.run(service.live(partial(tell, listeners)))


def open_sockets(order: Order, stack: ExitStack) -> list[Listening]:
    """Sockets of systemd's and our own, which *stack* closes.  Raises MainspringError."""
    listeners = take_over(os.environ)
    addresses = order.addresses
    if not any(purpose != "admin" for purpose, _ in (*listeners, *addresses)):
        addresses = (*addresses, order.default)
    for _, one in listeners:
        stack.callback(one.close)
    for purpose, address in addresses:
        for one in listen(address, order.access):
            stack.callback(one.close)
            listeners.append((purpose, one))
    return listeners


def load_fronts(listeners: Sequence[Listening]) -> None:
    """Import what is to be needed while files are read by who started this: another may be unable to."""
    if any(purpose == "http" for purpose, _ in listeners):
        import_module("mainspring.gateway.http")


def has_terminal() -> bool:
    """Whether there is a terminal that can hang up."""
    try:
        os.close(os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def find_loop() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """What makes the event loop: uvloop, where it is installed."""
    try:
        from uvloop import new_event_loop
    except ImportError:
        return None
    made: Callable[[], asyncio.AbstractEventLoop] = new_event_loop
    return made


class Service:
    """Serves what comes on *listeners*, until it is told to end."""

    def __init__(
        self, options: Options, listeners: Sequence[Listening], notifier: Notifier, open_files: int
    ) -> None:
        self._options = options
        self._listeners = listeners
        self._notifier = notifier
        self._open_files = open_files
        self._has_terminal = has_terminal()
        self._ending = asyncio.Event()
        self._now = asyncio.Event()

    async def live(self, tell: Callable[[], None]) -> int:
        set_open_files(self._open_files)
        assembly = Assembly(self._options)
        connections = Connections(self._options.bounds, assembly.journal.note_breach)
        try:
            self._heed_signals(assembly)
            servers = [(one[0], await open_front(assembly, connections, one)) for one in self._listeners]
            gc.freeze()  # what is here by now stays
            tell()
            self._notifier.tell_ready(f"serving {self._options.path}")
            alive = asyncio.ensure_future(self._tell_alive())
            await self._ending.wait()
            self._notifier.tell_stopping("completing what is under way")
            assembly.note_ending()
            await close_servers(server for purpose, server in servers if purpose != "admin")
            status = await self._wind_down(connections)
            # until now, /-/ping has told that the gateway ends
            await close_servers(server for purpose, server in servers if purpose == "admin")
            alive.cancel()
            return status
        finally:
            await assembly.close()

    async def _tell_alive(self) -> None:
        while self._notifier.interval:
            self._notifier.tell_alive()
            await asyncio.sleep(self._notifier.interval)

    async def _wind_down(self, connections: Connections) -> int:
        """Let what is under way be completed, unless that takes too long or a second signal comes."""
        done = asyncio.ensure_future(connections.wind_down())
        now = asyncio.ensure_future(self._now.wait())
        bounds = self._options.bounds
        await asyncio.wait(
            (done, now), timeout=bounds.seconds + bounds.grace, return_when=asyncio.FIRST_COMPLETED
        )
        now.cancel()
        if done.done():
            return ENDED
        done.cancel()
        connections.abort()
        return BROKEN_OFF

    # ---- signals ----------------------------------------------------------------------------

    def _heed_signals(self, assembly: Assembly) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._hang_up, assembly)
        loop.add_signal_handler(signal.SIGUSR1, assembly.reopen)

    def _end(self) -> None:
        (self._now if self._ending.is_set() else self._ending).set()

    def _hang_up(self, assembly: Assembly) -> None:
        if self._has_terminal and not has_terminal():
            self._end()
        else:
            self._reload(assembly)

    def _reload(self, assembly: Assembly) -> None:
        self._notifier.tell_reloading()
        try:
            assembly.reload()
        except MainspringError as error:
            with suppress(OSError):
                print(f"mainspring: not reloaded: {error}", file=sys.stderr, flush=True)  # noqa: T201
        self._notifier.tell_ready(f"serving {self._options.path}")


async def open_front(
    assembly: Assembly, connections: Connections, listening: Listening
) -> asyncio.Server:
    purpose, listener = listening
    return await open_server(assembly.find_front(purpose, connections), listener.socket)
