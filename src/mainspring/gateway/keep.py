"""A kept process serves one request after the other; what is said by either side is in kept_child/."""

from __future__ import annotations

import os
import select
import signal
import struct
from functools import partial
from socket import MSG_NOSIGNAL, SCM_RIGHTS, SHUT_RD, SOL_SOCKET
from typing import TYPE_CHECKING, Protocol

from mainspring.gateway.leader import GroupLeader
from mainspring.gateway.watch import find_watch

if TYPE_CHECKING:
    import asyncio
    from socket import socket

    from mainspring.gateway.streams import Streams

LAST = 1
BEGUN, REFUSED, DONE = b"S", b"R", b"K"
DONE_SIZE = 5
#: for a script to begin, in a process that is started first; and in one that has served, which has no
#: more to do than a host (hosted.py)
FIRST_PATIENCE_SECONDS, PATIENCE_SECONDS = 20.0, 2.0


class Owner(Protocol):
    """Who has the process."""

    grace: float  # seconds that it has to end

    def take_back(self, keep: Keep) -> None:
        """It has nothing to do."""

    def withdraw(self, keep: Keep) -> None:
        """Whatever it is doing, nothing more can be asked of it."""

    def forget(self, keep: Keep) -> None:
        """It has ended."""


class Kept(GroupLeader):
    """A request that a kept process serves."""

    def __init__(self, keep: Keep, streams: Streams) -> None:
        super().__init__(keep.loop, streams.ours)
        self.kind = "kept"
        self.keep = keep
        self.streams = streams
        self.process = keep.process
        self.begun: asyncio.Future[bool] = keep.loop.create_future()

    async def begin(self, words: bytes, count: int, *, last: bool, most: float) -> bool:
        """Whether the script begins, within *most* seconds: if not, it never will.

        Raises TimeoutError where none that is asked later would be sooner.
        """
        is_first = not self.keep.served
        self.keep.ask(self, words, count, self.streams.theirs, last=last)
        patience = self.watch.after(min(most, FIRST_PATIENCE_SECONDS if is_first else PATIENCE_SECONDS))
        give_up = partial(self.give_up, is_first)
        patience.add(give_up)
        try:
            return await self.begun
        except BaseException:
            self.keep.kill()
            raise
        finally:
            patience.discard(give_up)

    def tell_begun(self, *, begun: bool) -> None:
        if not self.begun.done():
            self.begun.set_result(begun)
            if begun:  # its end may come before anybody has taken note of this
                self.streams.close_theirs()

    def give_up(self, is_first: bool) -> None:
        if self.begun.done():
            return
        if is_first:
            self.begun.set_exception(TimeoutError())
        else:
            self.keep.stop_listening()
            if not (self.begun.done() and self.begun.result()):
                self.keep.kill()

    def send_signal(self, number: int) -> None:
        """Whatever comes of it, the process serves no other request after that."""
        if self.status is None:
            self.keep.is_spoiled = True
        if self.keep.is_spoiled:
            self.keep.send_signal(number)


class Keep:
    """A process, the way to it, and what it serves."""

    def __init__(self, loop: asyncio.AbstractEventLoop, process: int, way: socket, owner: Owner) -> None:
        """Raises OSError."""
        self.loop = loop
        self.process = process
        self.way = way
        self.owner = owner
        self.served = 0
        self.free_since = 0.0
        self.is_spoiled = False  # it is to serve nobody else
        self.request: Kept | None = None  # under way
        self.received = b""
        self.rest = b""  # of a request, for which there was no room yet
        self.is_ended = False
        self.watch = find_watch(loop)
        self.handle = os.pidfd_open(process)
        loop.add_reader(self.handle, self.reap)
        self.watch.add(way.fileno(), self.read)

    # ---- what is asked ------------------------------------------------------------------------

    def ask(
        self, request: Kept, words: bytes, count: int, streams: tuple[int, int, int], *, last: bool
    ) -> None:
        self.request = request
        self.served += 1
        self.is_spoiled = last
        head = struct.pack("<III", 8 + len(words), LAST if last else 0, count)
        rights = [(SOL_SOCKET, SCM_RIGHTS, struct.pack("3i", *streams))]
        try:
            sent = self.way.sendmsg([head, words], rights, MSG_NOSIGNAL)
        except OSError:  # it has ended, or no descriptor can be passed
            self.dismiss()
            request.tell_begun(begun=False)
            return
        self.rest = words[sent - len(head) :]
        if self.rest:
            self.loop.add_writer(self.way.fileno(), self.send_rest)

    def send_rest(self) -> None:
        try:
            sent = self.way.send(self.rest, MSG_NOSIGNAL)
        except BlockingIOError:
            return
        except OSError:
            sent = len(self.rest)  # its end is noticed
        self.rest = self.rest[sent:]
        if not self.rest:
            self.loop.remove_writer(self.way.fileno())

    # ---- what is answered ---------------------------------------------------------------------

    def read(self) -> None:
        try:
            part = self.way.recv(64)
        except BlockingIOError:
            return
        except OSError:
            part = b""
        self.received += part
        if not part:
            self.dismiss()
        while self.received and self.take_answer():
            pass

    def stop_listening(self) -> None:
        """Either its script has begun by now, or it will not: the kernel takes no further answer."""
        self.way.shutdown(SHUT_RD)
        self.read()

    def take_answer(self) -> bool:
        """Whether there was one."""
        kind = self.received[:1]
        size = DONE_SIZE if kind == DONE else 1
        if len(self.received) < size:
            return False
        number = int.from_bytes(self.received[1:size], "little")
        self.received = self.received[size:]
        if kind == BEGUN and self.request is not None:
            self.request.tell_begun(begun=True)
        elif kind == DONE and self.request is not None:
            self.finish(number)
        else:
            self.dismiss()
        return True

    def finish(self, status: int) -> None:
        """The request has ended, and the process has not."""
        request, self.request = self.request, None
        assert request is not None
        if self.is_spoiled or not is_let_go(request.stdout):
            self.dismiss()
        else:
            self.owner.take_back(self)
        request.end(status)

    # ---- the end ------------------------------------------------------------------------------

    def dismiss(self) -> None:
        """Ask nothing more: it ends when it notices.  What it serves by now goes on."""
        if self.way.fileno() < 0:
            return
        self.is_spoiled = True
        self.owner.withdraw(self)
        self.watch.forget(self.way.fileno())
        self.loop.remove_writer(self.way.fileno())
        self.way.close()
        if self.request is not None:
            self.request.tell_begun(begun=False)  # unless it has
        elif not self.is_ended:
            self.loop.call_later(self.owner.grace, self.kill)

    def kill(self) -> None:
        self.dismiss()
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        if self.is_ended:
            return
        try:
            os.killpg(self.process, number)
        except (ProcessLookupError, PermissionError):
            pass

    def reap(self) -> None:
        self.loop.remove_reader(self.handle)
        os.close(self.handle)
        status = os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])
        self.is_ended = True
        if self.way.fileno() >= 0:
            self.read()  # its last word
        self.dismiss()
        if self.request is not None:
            self.request.end(status)
        self.owner.forget(self)


def is_let_go(stdout: int) -> bool:
    """Whether nobody can write to what *stdout* reads from.

    A script may have kept a copy, for which the client would wait until the process ends; or it has not
    ended, and the word that it has is its own.
    """
    poll = select.poll()
    poll.register(stdout, 0)  # POLLHUP comes unasked
    return bool(poll.poll(0))
