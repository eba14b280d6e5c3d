"""Any ASGI server hosts the gateway, by a call with a path or by its environment.

    MAINSPRING_SERVE=/srv/cgi uvicorn --factory mainspring.gateway.asgi:app
    MAINSPRING_SERVE=/srv/cgi granian --interface asgi --factory mainspring.gateway.asgi:app
    hypercorn 'mainspring.gateway.asgi:app("/srv/cgi")'
    application = mainspring.gateway.asgi.app("/srv/cgi", extensions=(".cgi",), seconds=30)

| what happens | what comes of it |
|---|---|
| the server knows lifespan | the gateway opens before the first request, and closes after the last |
| it does not | the first request opens it |
| the gateway cannot be opened | the server does not start, or else each request is answered 500 |
| a websocket | refused (403): CGI has none |
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING, Any

from mainspring.gateway.asgi_exchange import HTTPExchange
from mainspring.gateway.exchange import GoneError
from mainspring.gateway.target import put_target

if TYPE_CHECKING:
    from mainspring.gateway.asgi_exchange import Receive, Send
    from mainspring.gateway.asgi_params import Scope
    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.engine import Engine, OpenEngine


def app(path: str | None = None, **settings: Any) -> Application:
    """An ASGI application that serves the script, or the folder of scripts, *path*.

    Without one, that which MAINSPRING_SERVE names.  *settings* are those of `make_options`.  Raises
    BadArgumentsError.
    """
    from mainspring.gateway.assembly import open_gateway
    from mainspring.gateway.options import make_options

    options = make_options(path, os.environ, **settings)
    return Application(lambda: open_gateway(options), options.bounds, root=options.find_root())


class Application:
    """Serves each request by an engine, which it opens and closes."""

    def __init__(
        self, open_engine: OpenEngine, bounds: Bounds, *, root: str | None = None, adds_date: bool = False
    ) -> None:
        self._open_engine = open_engine
        self._root = root
        self._adds_date = adds_date
        self._bounds = bounds
        self._opening: asyncio.Task[Engine] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            exchange = HTTPExchange(scope, receive, send, self._bounds, adds_date=self._adds_date)
            put_target(exchange.params, self._root)
            await self._answer(exchange)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)
        elif scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1000})

    async def _answer(self, exchange: HTTPExchange) -> None:
        engine = await self._find_engine()
        try:
            await engine.serve(exchange)
        except GoneError:
            pass
        finally:
            await exchange.close()

    async def _find_engine(self) -> Engine:
        """Open the engine, once; several requests may come first."""
        if self._opening is None or (self._opening.done() and self._opening.exception()):
            self._opening = asyncio.ensure_future(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> Engine:
        return await self._open_engine()

    async def _live(self, receive: Receive, send: Send) -> None:
        """Open and close the engine with the server."""
        await receive()
        try:
            await self._find_engine()
        except Exception as error:  # noqa: BLE001 - the server says what it was, and ends
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._close()
        await send({"type": "lifespan.shutdown.complete"})

    async def _close(self) -> None:
        if self._opening is not None:
            engine = await self._opening
            await engine.close()
