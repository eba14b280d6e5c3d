"""Any WSGI server hosts the gateway: `gunicorn 'mainspring.gateway.wsgi:app("/srv/cgi")'`.

For mod_wsgi, in a file of its own (and `WSGIApplicationGroup %{GLOBAL}`):

    from mainspring.gateway.wsgi import app
    application = app("/srv/cgi")

The engine runs in an event loop, on one thread for each process. It is started by the first request, and
so after any fork of the server's.

| what happens | what comes of it |
|---|---|
| the engine cannot be opened | an exception in the server, at each request, which answers 500 |
| the server forks a process that has served | the child starts an engine of its own |
| the server's process ends | the engine is closed, within SECONDS |
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
from typing import TYPE_CHECKING, Any

from mainspring.gateway.exchange import GoneError, Head
from mainspring.gateway.target import put_target
from mainspring.gateway.wsgi_exchange import (
    ShortBodyError,
    WSGIExchange,
    find_client,
    read_body,
)
from mainspring.gateway.wsgi_params import make_params

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.engine import Engine, OpenEngine
    from mainspring.gateway.wsgi_params import Environ

    StartResponse = Callable[[str, list[tuple[str, str]]], object]

#: for the end of an engine
SECONDS = 10.0
SHORT = ("400 Bad Request", [("Content-Length", "0"), ("Connection", "close")])


def app(path: str | None = None, **settings: Any) -> Application:
    """A WSGI application that serves the script, or the folder of scripts, *path*.

    Without one, that which MAINSPRING_SERVE names.  *settings* are those of `make_options`.  Raises
    BadArgumentsError.
    """
    from mainspring.gateway.assembly import open_gateway
    from mainspring.gateway.options import make_options

    options = make_options(path, os.environ, **settings)
    return Application(lambda: open_gateway(options), options.bounds, root=options.find_root())


class Application:
    """Serves each request by an engine in a thread of its own."""

    def __init__(self, open_engine: OpenEngine, bounds: Bounds, *, root: str | None = None) -> None:
        self._open_engine = open_engine
        self._root = root
        self._bounds = bounds
        self._thread: EngineThread | None = None
        self._lock = threading.Lock()
        os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        """A fork has no thread but its own."""
        self._thread, self._lock = None, threading.Lock()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        thread = self._find_thread()
        params = make_params(environ)
        try:
            spool = read_body(environ, params, self._bounds.body)
        except ShortBodyError:
            start_response(*SHORT)
            return []
        put_target(params, self._root)
        exchange = WSGIExchange(params, spool, thread.loop, find_client(environ))
        thread.begin(exchange)
        return answer(exchange, start_response)

    def _find_thread(self) -> EngineThread:
        with self._lock:
            if self._thread is None:
                self._thread = EngineThread(self._open_engine)
            return self._thread


def answer(exchange: WSGIExchange, start_response: StartResponse) -> Iterable[bytes]:
    """Start the response, and return its parts.  Raises BrokenOffError."""
    head = exchange.take()
    assert isinstance(head, Head)
    start_response(f"{head.status} {head.phrase or 'Unknown'}", list(head.headers))
    return send_parts(exchange)


def send_parts(exchange: WSGIExchange) -> Iterator[bytes]:
    """The parts of a body; the server asks for the next one when one is sent."""
    try:
        while part := exchange.take():
            assert isinstance(part, bytes)
            yield part
            exchange.free()
    finally:
        exchange.give_up()


class EngineThread:
    """An event loop on a thread, and an engine in it.  Raises what opening the engine raises."""

    def __init__(self, open_engine: OpenEngine) -> None:
        self.loop = asyncio.new_event_loop()
        self._requests: set[asyncio.Task[None]] = set()
        thread = threading.Thread(target=self._run, name="mainspring-gateway", daemon=True)
        thread.start()
        try:
            self._engine = asyncio.run_coroutine_threadsafe(open_one(open_engine), self.loop).result()
        except BaseException:
            self.loop.call_soon_threadsafe(self.loop.stop)
            raise
        atexit.register(self._stop, os.getpid())

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def begin(self, exchange: WSGIExchange) -> None:
        """Have *exchange* served."""
        self.loop.call_soon_threadsafe(self._start, exchange)

    def _start(self, exchange: WSGIExchange) -> None:
        task = self.loop.create_task(self._serve(exchange))
        self._requests.add(task)
        task.add_done_callback(self._requests.discard)

    async def _serve(self, exchange: WSGIExchange) -> None:
        try:
            await self._engine.serve(exchange)
        except GoneError:
            pass
        finally:
            exchange.close()

    def _stop(self, process: int) -> None:
        """Close the engine, in the process that has opened it."""
        if os.getpid() != process:
            return
        try:
            asyncio.run_coroutine_threadsafe(self._engine.close(), self.loop).result(SECONDS)
        except TimeoutError:
            pass


async def open_one(open_engine: OpenEngine) -> Engine:
    return await open_engine()
