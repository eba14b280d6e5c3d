"""A socket that was opened before the event loop becomes a server of it; its file is left alone."""

from __future__ import annotations

import asyncio
import inspect
import socket
from typing import TYPE_CHECKING, Any

from mainspring.gateway.addresses import BACKLOG

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    MakeProtocol = Callable[[], asyncio.Protocol]


async def open_server(make: MakeProtocol, listener: socket.socket) -> asyncio.Server:
    """Have a protocol that *make* returns serve each connection to *listener*."""
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    if listener.family == socket.AF_UNIX:
        options: dict[str, Any] = {}
        if "cleanup_socket" in inspect.signature(loop.create_unix_server).parameters:
            options["cleanup_socket"] = False  # since 3.13: it may be systemd's
        return await loop.create_unix_server(make, sock=listener, backlog=BACKLOG, **options)
    return await loop.create_server(make, sock=listener, backlog=BACKLOG)


async def close_servers(servers: Iterable[asyncio.Server]) -> None:
    """Take no more connections; those that are open go on."""
    for server in servers:
        server.close()
