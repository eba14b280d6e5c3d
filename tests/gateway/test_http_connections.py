"""What a connection of HTTP has held is given back as soon as it is gone, whoever has closed it."""

from __future__ import annotations

import asyncio
import gc
import socket
import struct

from mainspring.gateway.bounds import Bounds
from mainspring.gateway.connections import Connections
from mainspring.gateway.exchange import Exchange, Head
from mainspring.gateway.http import HTTPConnection, make_http

RESET = struct.pack("ii", 1, 0)


class Empty:
    """Answers each request with nothing."""

    async def serve(self, exchange: Exchange) -> None:
        await exchange.begin(Head(200, "OK", (("Content-Length", "0"),)))
        await exchange.end(0)

    async def close(self, seconds: float = 0) -> None:
        pass


async def ask_and_reset(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
    writer.transport.abort()


def count_connections() -> int:
    gc.collect()
    return sum(isinstance(one, HTTPConnection) for one in gc.get_objects())


def test_nothing_is_kept_of_a_connection_that_was_reset() -> None:
    async def act() -> None:
        connections = Connections(Bounds())
        make = make_http(Empty(), Bounds(), connections)
        server = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
        for _ in range(5):
            await ask_and_reset(server.sockets[0].getsockname()[1])
        async with asyncio.timeout(20):
            while any(connections.count().values()) or count_connections():  # noqa: ASYNC110 -- no event tells
                await asyncio.sleep(0)
        server.close()

    asyncio.run(act())
