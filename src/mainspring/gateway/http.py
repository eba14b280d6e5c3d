"""HTTP, for development: uvicorn's protocol, each connection of which stands in the table of all.

h11 reads it, also where httptools is installed: that has no bound for a request's head.

| what happens | what comes of it |
|---|---|
| a head larger than `bounds.params`, or malformed | 400, and the connection is closed |
| a connection that is idle or silent, or reads nothing, for too long | it is closed; see connections.py |
| too many connections | the longest silent one is closed |
| a body that is larger than `bounds.body` | 413, by the engine |
| the gateway ends | idle connections are closed, others once they have been answered |
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from mainspring.gateway.asgi import Application

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable

    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.connections import Connections
    from mainspring.gateway.engine import Engine


class HTTPConnection(H11Protocol):
    """One connection."""

    def __init__(self, connections: Connections, **settings: Any) -> None:
        super().__init__(**settings)
        self._table = connections

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if not self._table.admit(self):
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        self._table.release(self)
        super().connection_lost(exc)
        # after a reset, uvicorn's timer would keep the connection's buffers for as long as it may be idle
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._mark("receiving")

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._mark("idle")

    def _mark(self, standing: str) -> None:
        """Note that the connection was heard of; it is busy while a request is answered."""
        if self.transport.is_closing():
            return
        is_busy = self.cycle is not None and not self.cycle.response_complete
        self._table.mark(self, "busy" if is_busy else standing)  # type: ignore[arg-type]

    # ---- what the table asks for ------------------------------------------------------------

    def abort(self) -> None:
        self.transport.abort()

    def wind_down(self) -> None:
        self.shutdown()

    def descriptor(self) -> int:
        made = self.transport.get_extra_info("socket")
        return -1 if made is None else made.fileno()

    def unsent(self) -> int:
        return self.transport.get_write_buffer_size()


def make_http(
    engine: Engine, bounds: Bounds, connections: Connections
) -> Callable[[], asyncio.BaseProtocol]:
    """What makes a protocol for each connection."""
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)  # what clients do wrong is no news

    async def give_engine() -> Engine:
        return engine

    config = Config(
        Application(give_engine, bounds, adds_date=True),
        http="h11",
        ws="none",
        lifespan="off",
        interface="asgi3",
        log_config=None,
        access_log=False,
        proxy_headers=False,  # who says what client it speaks for is not asked
        timeout_keep_alive=max(1, int(bounds.idle)),
        h11_max_incomplete_event_size=bounds.params,
    )
    config.load()
    state = ServerState()
    return lambda: HTTPConnection(
        connections=connections, config=config, server_state=state, app_state={}
    )
