"""Whether a client is there can be found out without reading from it."""

from __future__ import annotations

import os
import select
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mainspring.gateway.connections import Connection


def find_gone(some: set[Connection]) -> list[Connection]:
    """Those of *some* whose other end is closed both ways, which is known without reading."""
    if not some:
        return []
    by_descriptor = {one.descriptor(): one for one in some}
    poll = select.poll()
    for descriptor in by_descriptor:
        if descriptor >= 0:
            poll.register(descriptor, 0)  # POLLHUP and POLLERR come unasked
    return [by_descriptor[descriptor] for descriptor, _ in poll.poll(0)]


def has_closed(client: socket.socket) -> bool:
    """Whether a client of HTTP has closed its side, as is known without reading.

    Over TCP, who sends nothing more counts as gone, as for nginx and asyncio's servers: FIN looks alike.
    """
    descriptor = client.fileno()
    if descriptor < 0:
        return True
    poll = select.poll()
    poll.register(descriptor, 0 if client.family == socket.AF_UNIX else select.POLLRDHUP)
    return bool(poll.poll(0))


def ask_whether_there(descriptor: int) -> None:
    """Find out whether a TCP client that sends nothing more is there to be answered.

    FIN says only that it sends nothing more, and until its TIME_WAIT is over the kernel answers keepalive
    for one that has closed.  Data are answered by a reset then; what is out of band is no part of them.
    """
    with socket.socket(fileno=os.dup(descriptor)) as connection:
        if connection.family != socket.AF_UNIX:
            with suppress(OSError):
                connection.send(b"\0", socket.MSG_OOB | socket.MSG_DONTWAIT)
