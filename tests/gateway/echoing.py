"""An engine that stands in for scripts, and applications of it: what fronts do is seen alone.

| path | what is answered |
|---|---|
| /params | the meta-variables, as JSON |
| /echo | the body, while it comes |
| /size | how many bytes the body has |
| /big?N | N bytes, 64 KiB at a time |
| /early?N | N bytes before the body is read, and then how long that is |
| /lines | a line at once, another when /go has been asked for |
| /status?N | that status, and a body |
| /broken | a head, a part, and no end |
| /failing | nothing: the engine raises |
| /gone?FILE | a part; then FILE is written once the client has gone |
| /silent?FILE | nothing; then FILE is written once the client has gone |
| /endless?FILE | parts without an end; then FILE is written once the client has gone |
| /memory | the peak of the process's memory, in KiB |
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
from typing import TYPE_CHECKING

from mainspring.gateway import asgi, wsgi
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.exchange import GoneError, Head

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mainspring.gateway.exchange import Exchange

TEXT = (("Content-Type", "text/plain"), ("X-Twice", "1"), ("X-Twice", "2"))
PART = b"x" * 65536


class Echo:
    """Answers without a script."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def serve(self, exchange: Exchange) -> None:
        exchange.on_gone(do_nothing)  # as the gateway itself: it wants to know at all times
        path = exchange.params.get("PATH_INFO") or exchange.params["SCRIPT_FILENAME"]  # below a mount
        await ANSWERS[path.rpartition("/")[2]](self, exchange)

    async def close(self) -> None:
        note = os.environ.get("ECHO_CLOSED")
        if note:
            write_note(note, "closed\n")


def do_nothing() -> None:
    pass


def write_note(path: str, text: str) -> None:
    with open(path, "a", encoding="ascii") as file:
        file.write(text)


async def reply(exchange: Exchange, text: str, status: int = 200) -> None:
    body = text.encode("utf-8", "surrogateescape")
    await exchange.begin(Head(status, "Fine", (*TEXT, ("Content-Length", str(len(body))))))
    await exchange.write(body)
    await exchange.end(0)


async def tell_params(_: Echo, exchange: Exchange) -> None:
    await reply(exchange, json.dumps(dict(exchange.params)))


async def echo(_: Echo, exchange: Exchange) -> None:
    await exchange.begin(Head(200, "OK", TEXT))
    while part := await exchange.read():
        assert len(part) <= 65536
        await exchange.write(part)
    await exchange.end(0)


async def measure(_: Echo, exchange: Exchange) -> None:
    size = await count_body(exchange)
    await reply(exchange, f"{size} {exchange.params.get('CONTENT_LENGTH')}")


async def count_body(exchange: Exchange) -> int:
    size = 0
    while part := await exchange.read():
        size += len(part)
    return size


async def send_much(exchange: Exchange) -> None:
    left = int(exchange.params["QUERY_STRING"])
    while left:
        part = PART[:left]
        left -= len(part)
        await exchange.write(part)


async def be_big(_: Echo, exchange: Exchange) -> None:
    await exchange.begin(Head(200, "OK", TEXT))
    await send_much(exchange)
    await exchange.end(0)


async def be_early(_: Echo, exchange: Exchange) -> None:
    await exchange.begin(Head(200, "OK", TEXT))
    await send_much(exchange)
    await exchange.write(b"%d" % await count_body(exchange))
    await exchange.end(0)


async def send_lines(engine: Echo, exchange: Exchange) -> None:
    engine.go.clear()  # what has been asked for before was for others
    await exchange.begin(Head(200, "OK", TEXT))
    await exchange.write(b"data: 1\n")
    await engine.go.wait()
    await exchange.write(b"data: 2\n")
    await exchange.end(0)


async def let_go(engine: Echo, exchange: Exchange) -> None:
    engine.go.set()
    await reply(exchange, "went")


async def give_status(_: Echo, exchange: Exchange) -> None:
    await exchange.begin(Head(int(exchange.params["QUERY_STRING"]), "So", TEXT))
    await exchange.write(b"a body")
    await exchange.end(0)


async def be_broken(_: Echo, exchange: Exchange) -> None:
    await exchange.begin(Head(200, "OK", TEXT))
    await exchange.write(b"a part")
    await exchange.break_off()


async def fail(_: Echo, exchange: Exchange) -> None:
    raise ValueError(exchange.params["PATH_INFO"])


async def watch_silently(_: Echo, exchange: Exchange) -> None:
    gone = asyncio.Event()
    exchange.on_gone(gone.set)
    await count_body(exchange)
    await gone.wait()
    write_note(exchange.params["QUERY_STRING"], "gone")


async def watch(engine: Echo, exchange: Exchange) -> None:
    await exchange.begin(Head(200, "OK", TEXT))
    await exchange.write(b"a part")
    try:
        await watch_silently(engine, exchange)
        await exchange.write(b"another")
    except GoneError:
        write_note(exchange.params["QUERY_STRING"], " indeed")
        raise


async def be_endless(_: Echo, exchange: Exchange) -> None:
    note = exchange.params["QUERY_STRING"]
    exchange.on_gone(lambda: write_note(note, "gone"))
    await exchange.begin(Head(200, "OK", TEXT))
    try:
        while True:
            await exchange.write(PART)
    except GoneError:
        write_note(note, " indeed")
        raise


async def tell_memory(_: Echo, exchange: Exchange) -> None:
    await reply(exchange, str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))


ANSWERS: dict[str, Callable[[Echo, Exchange], Awaitable[None]]] = {
    "params": tell_params,
    "echo": echo,
    "size": measure,
    "big": be_big,
    "early": be_early,
    "lines": send_lines,
    "go": let_go,
    "status": give_status,
    "broken": be_broken,
    "failing": fail,
    "gone": watch,
    "silent": watch_silently,
    "endless": be_endless,
    "memory": tell_memory,
}


async def open_echo() -> Echo:
    return Echo()


async def refuse_to_open() -> Echo:
    raise ValueError("no engine today")


BOUNDS = Bounds(body=1 << 20, silence=0.3)
asgi_app = asgi.Application(open_echo, BOUNDS, adds_date=False)
asgi_closed = asgi.Application(refuse_to_open, BOUNDS)
asgi_mounted = asgi.Application(open_echo, BOUNDS, root="/srv/scripts")
wsgi_app = wsgi.Application(open_echo, BOUNDS)
wsgi_closed = wsgi.Application(refuse_to_open, BOUNDS)
