"""Asks a host something: one frame there and one back, in limited time, and only a process of this user.

frame   := LENGTH (u32, little-endian: of what follows) TYPE (one byte) payload
inspect := TYPE "I"      answered by TYPE "J", a JSON object
end     := TYPE "E"      answered by TYPE "O" and the numbers of the processes that still run, in ASCII
                         with a blank between; the host lets them finish, and ends

To one that ends already for another reason, TYPE "R" is the answer, or none: it closes the connection.
"""

import os
import socket
import struct
import time
from types import TracebackType
from typing import Self

SECONDS = 1.0
MOST_BYTES = 8 << 20
LENGTH = struct.Struct("<I")
TIME = struct.Struct("@ll")
CREDENTIALS = struct.Struct("iII")


class StrangeAnswer(Exception):
    """Something else than a frame came back, or from somebody else."""


class Peer:
    """A connection to a host.  What it does raises OSError (TimeoutError too) or StrangeAnswer."""

    def __init__(self, folder: int, name: str, seconds: float = SECONDS) -> None:
        """Connect to the socket *name* in the folder open at *folder*; all in all, within *seconds*."""
        self._deadline = time.monotonic() + seconds
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._heed_deadline()
            # where the queue is full, only a socket that blocks waits for room
            limit = TIME.pack(*divmod(int(seconds * 1e6), 1_000_000))
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
            self._socket.setblocking(True)
            # through the descriptor: the path may be too long for an address, or another's by now
            self._socket.connect(f"/proc/self/fd/{folder}/{name}")
            self.pid = self._judge()
        except BaseException:
            self._socket.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def ask(self, question: bytes, answers: bytes) -> bytes:
        """Send the frame *question*; the payload of what comes back, if its type is one of *answers*."""
        self._heed_deadline()
        self._socket.sendall(LENGTH.pack(len(question)) + question)
        (length,) = LENGTH.unpack(self._receive(LENGTH.size))
        if not 1 <= length <= MOST_BYTES:
            raise StrangeAnswer(f"a frame of {length} bytes")
        frame = self._receive(length)
        if frame[:1] not in answers:
            raise StrangeAnswer(f"a frame of type {frame[:1]!r}")
        return frame[1:]

    def _judge(self) -> int:
        """The process that listens, which must be of this user."""
        credentials = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, CREDENTIALS.size)
        pid, user, _ = CREDENTIALS.unpack(credentials)
        if user != os.geteuid():
            raise StrangeAnswer(f"it belongs to user {user}")
        return int(pid)

    def _receive(self, size: int) -> bytes:
        parts = []
        while size:
            self._heed_deadline()
            part = self._socket.recv(min(size, 1 << 16))
            if not part:
                raise ConnectionResetError("it closed the connection")
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _heed_deadline(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)
