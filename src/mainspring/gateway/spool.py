"""A body is taken as it comes, and waits here for its script: a little in memory, more in a file.

A client that sends all of its body before it reads would otherwise wait for a script that writes before
it reads, and that for the client. The file has no name, and is emptied when all of it has been read.
A front fills no more than the memory before a script is there to read: so there are never more files
than `children` (asgi_exchange.py), or than the server has threads (wsgi_exchange.py).

| what comes | what is kept |
|---|---|
| as much as is allowed, or less | all of it |
| more | no part from then on: enough to see that it is too much |
"""

from __future__ import annotations

from tempfile import SpooledTemporaryFile

IN_MEMORY = 1 << 18
PART = 1 << 16


class Spool:
    """The parts of a body, in the order in which they came."""

    def __init__(self, bound: int) -> None:
        self.length = 0  # of all that came
        self._bound = bound
        self._file = SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115 - it lives as long as its request
        self._read = self._written = 0

    def write(self, part: bytes) -> None:
        if part and self.length <= self._bound:
            self._file.seek(self._written)
            self._written += self._file.write(part)
        self.length += len(part)

    def read(self) -> bytes:
        """What comes next, at most PART bytes; nothing if there is nothing yet."""
        if self._read == self._written:
            return b""
        self._file.seek(self._read)
        part = self._file.read(PART)
        self._read += len(part)
        if self._read == self._written:
            self._file.seek(0)
            self._file.truncate()
            self._read = self._written = 0
        return part

    def close(self) -> None:
        self._file.close()
