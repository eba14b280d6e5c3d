"""The parts of a gateway are put together here, once for each process, whatever fronts it has.

What SIGHUP looks up anew, and what it does not:

| part | at a reload |
|---|---|
| the path that is served, and its root | looked up again: a link may lead elsewhere by now |
| what was remembered of scripts | forgotten |
| processes that are kept for several requests | each ends when its request has; the next one is new |
| hosts | not touched: they compare everything at each start |
| requests under way and in line | go on |
| options, environment, user and groups, sockets | as they were: a restart changes these |
| logs | not opened anew: SIGUSR1 does that |
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mainspring.gateway.account import AccountError, choose_account
from mainspring.gateway.admin import Admin
from mainspring.gateway.fastcgi import FastCGIConnection
from mainspring.gateway.gateway import Gateway
from mainspring.gateway.keeper import Keeper
from mainspring.gateway.operating import Logs, open_journal
from mainspring.gateway.options import check_options
from mainspring.gateway.pool import Pool
from mainspring.gateway.scgi import SCGIConnection
from mainspring.gateway.site import Site
from mainspring.gateway.starting import Starter
from mainspring.gateway.static import StaticFiles
from mainspring.gateway.status import Status
from mainspring.gateway.variables import Passage, choose_base
from mainspring.gateway.watch import find_watch
from mainspring.launcher import find_launcher

if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.gateway.connections import Connections
    from mainspring.gateway.engine import Serve
    from mainspring.gateway.options import Options


@dataclass
class Gauges:
    """What the pool knows of itself at any moment."""

    pool: Pool
    limit: int
    queue: int
    keeper: Keeper | None
    ending: bool = False

    @property
    def running(self) -> int:
        return self.pool.running

    @property
    def waiting(self) -> int:
        return self.pool.waiting

    @property
    def kept(self) -> int:
        return 0 if self.keeper is None else self.keeper.count_free()


class Assembly:
    """A gateway with all that it needs; made in the event loop that it runs in."""

    def __init__(self, options: Options) -> None:
        find_watch(asyncio.get_running_loop())  # it takes a descriptor, which may not be free later
        self.options = options
        bounds = options.bounds
        pool = Pool(bounds)
        logs = Logs(options.access_log, options.log_format, options.error_log, options.slow_log)
        self.journal = open_journal(logs, bounds)
        starter = Starter(find_launcher(), self.journal.note_cold)
        self.keeper = Keeper(starter, bounds) if bounds.reuse else None
        self.gateway = Gateway(
            open_site(options),
            self.keeper or starter,
            pool,
            self.journal,
            bounds,
            choose_base(os.environ, options.variables),
            Passage(options.authorization, frozenset(options.passed)),
        )
        self.gauges = Gauges(pool, bounds.children, bounds.queue, self.keeper)
        self.serve = self._choose_serve()

    def _choose_serve(self) -> Serve:
        """What answers HTTP: the gateway, and before it static files where they are wanted."""
        root = self.options.find_root()
        if root is None or not self.options.static:
            return self.gateway.serve
        return StaticFiles(root, self.options, self.journal, self.gateway.serve).serve

    def find_front(self, purpose: str, connections: Connections) -> Callable[[], asyncio.BaseProtocol]:
        """What makes a protocol for each connection to a socket that is there for *purpose*."""
        bounds, serve = self.options.bounds, self.gateway.serve
        if purpose == "fastcgi":
            return partial(FastCGIConnection, serve, bounds, connections)
        if purpose == "scgi":
            return partial(SCGIConnection, serve, bounds, connections)
        if purpose == "admin":
            environment = self.gateway.environment
            return Admin(Status(self.journal, self.gauges, connections, environment)).make_connection
        from mainspring.gateway.http import make_http

        return make_http(self, bounds, connections)

    def reload(self) -> None:
        """Look up anew what is served.  Raises MainspringError, and has changed nothing then."""
        self.gateway.site = open_site(check_options(self.options))
        if self.keeper is not None:
            self.keeper.renew()

    def reopen(self) -> None:
        self.journal.reopen()

    def note_ending(self) -> None:
        self.gauges.ending = True

    async def close(self, seconds: float = 0) -> None:
        """Let what is under way go on for so many seconds, end it, and close the logs."""
        self.note_ending()
        await self.gateway.finish(seconds)
        if self.keeper is not None:
            await self.keeper.close()
        os.close(self.gateway.nothing)
        self.journal.close()


def open_site(options: Options) -> Site:
    return Site(options.path, root=options.root, extensions=options.extensions, index=options.indexes)


async def open_gateway(options: Options) -> Assembly:
    """The engine of an application.  Raises MainspringError."""
    if choose_account(options.user) is not None:
        raise AccountError(f"an application cannot become {options.user}", "have its server do so")
    return Assembly(options)
