"""A script that a host starts is a child of the host's: what becomes of it comes by a connection.

The replies are those of native/launcher/reply.c.  A start begins once: either `S` is read here, or the
script will not begin.  Whoever loses patience shuts the connection for reading first: the kernel then
refuses to take an `S`, or has it here already (native/launcher/handover.c).
"""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

from mainspring.gateway.leader import GroupLeader, has_ended

if TYPE_CHECKING:
    import asyncio

#: for a host to have a script begin; as native/launcher/handover.c has it
PATIENCE_SECONDS = 2.0
MOST_OF_REPLY = 68
HEAD = 4
#: a reply's type -> its length, and the numbers that it may bring; "R" is of any length
REPLIES = {
    b"S": (5, range(1, 1 << 31)),
    b"T": (5, range(1, 65)),
    b"C": (1, range(1)),
    b"X": (5, range(1 << 16)),
}
NO_REPLY = (0, range(0))


class Hosted(GroupLeader):
    """A script in a group of its own, and the connection to its host."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        connection: int,
        host: int,
        rest: bytes,
        ours: tuple[int, int, int],
    ) -> None:
        super().__init__(loop, ours)
        self.kind = "warm"
        self.connection = connection
        self.host = host
        self.rest = rest  # of the request, for which there was no room yet
        self.received = b""
        self.begun: asyncio.Future[bool] = loop.create_future()
        self.watch.add(connection, self.read)
        if rest:
            loop.add_writer(connection, self.send_rest)

    async def begin(self) -> bool:
        """Whether the script begins: if not, it never will."""
        patience = self.watch.after(PATIENCE_SECONDS)
        patience.add(self.give_up)
        try:
            return await self.begun
        except BaseException:
            self.close()  # by which the host knows that nobody wants it any more
            raise
        finally:
            patience.discard(self.give_up)

    def send_rest(self) -> None:
        try:
            sent = os.write(self.connection, self.rest)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self.rest)  # its reply, or its end, says why
        self.rest = self.rest[sent:]
        if not self.rest:
            self.loop.remove_writer(self.connection)

    def read(self) -> None:
        try:
            part = os.read(self.connection, 2 * MOST_OF_REPLY)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self.received += part
        while self.received and self.connection >= 0 and self.take_reply():
            pass
        if not part and self.connection >= 0:
            self.lose()

    def take_reply(self) -> bool:
        """Whether there was one."""
        size = int.from_bytes(self.received[:HEAD], "little")
        whole = HEAD + size
        if len(self.received) < HEAD or (len(self.received) < whole <= MOST_OF_REPLY):
            return False
        kind = self.received[HEAD : HEAD + 1]
        number = int.from_bytes(self.received[HEAD + 1 : whole], "little")
        self.received = self.received[whole:]
        self.heed(kind, size, number)
        return True

    def heed(self, kind: bytes, size: int, number: int) -> None:
        length, numbers = REPLIES.get(kind, NO_REPLY)
        if size != length or number not in numbers or (kind == b"S") == self.begun.done():
            self.lose()  # refused; or from no host of ours
        elif kind == b"S":
            self.process = number
            self.begun.set_result(True)
        elif kind == b"X":
            self.close()
            self.end(os.waitstatus_to_exitcode(number))

    def lose(self) -> None:
        """Nothing more comes that makes sense: a child dies with its host, or is killed by it."""
        self.close()
        if self.begun.done():
            self.end(-signal.SIGKILL)
        else:
            self.begun.set_result(False)

    def give_up(self) -> None:
        """A host that was stopped is woken: it has the script's descriptors, and is to let go of them."""
        if self.begun.done():
            return
        connection = socket.socket(fileno=self.connection)
        try:
            connection.shutdown(socket.SHUT_RD)
        finally:
            connection.detach()
        self.read()  # all that ever comes; a script that has just begun is killed, since it is not heard
        self.wake_host()

    def wake_host(self) -> None:
        try:
            os.kill(self.host, signal.SIGCONT)
        except OSError:
            pass  # it has ended

    def send_signal(self, number: int) -> None:
        super().send_signal(number)
        if number == signal.SIGKILL and self.status is None:
            self.wake_host()
            self.loop.call_later(PATIENCE_SECONDS, self.look_for_end)

    def look_for_end(self) -> None:
        """A script may have stopped its host, which then tells of nobody's end; the kernel does."""
        if self.status is not None:
            return
        if has_ended(self.process):
            self.lose()
        else:
            self.loop.call_later(PATIENCE_SECONDS, self.look_for_end)

    def close(self) -> None:
        if self.connection >= 0:
            self.watch.forget(self.connection)
            if self.rest:
                self.loop.remove_writer(self.connection)
            os.close(self.connection)
            self.connection = -1
