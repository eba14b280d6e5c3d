"""What a script reads: nothing, as many bytes as were announced, or a file with all that came.

RFC 3875 knows no body of unknown length: such a one is read into a file before its script begins, and
the script is told the length.  It is read once the request has its place: there are never more of these
files than `children`, of at most `body` bytes each.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from typing import TYPE_CHECKING

from mainspring.gateway.params import is_length
from mainspring.gateway.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.exchange import Exchange

#: requests of these have no body unless they say how long it is
BODILESS = {"GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"}


class Body:
    """The body of a request, for one script: a redirect within the gateway has none."""

    def __init__(self, exchange: Exchange, most: int) -> None:
        """Raises Refusal for a length that is none, or too much."""
        self.exchange = exchange
        self.most = most
        self.length = read_length(exchange.params)
        if self.length > most:
            raise Refusal("too-large", f"{self.length} bytes")

    @property
    def is_of_unknown_length(self) -> bool:
        params = self.exchange.params
        if params.get("CONTENT_LENGTH"):
            return False
        return params.get("REQUEST_METHOD") not in BODILESS or "HTTP_TRANSFER_ENCODING" in params

    async def spool(self) -> int:
        """Return a descriptor at the beginning of the body.  Raises Refusal, GoneError, or OSError."""
        loop = asyncio.get_running_loop()
        with tempfile.TemporaryFile(prefix="mainspring-") as file:
            while part := await self.exchange.read():
                self.length += len(part)
                if self.length > self.most:
                    raise Refusal("too-large", f"more than {self.most} bytes")
                await loop.run_in_executor(None, file.write, part)  # a disk may be slow
            file.seek(0)
            return os.dup(file.fileno())


def read_length(params: Mapping[str, str]) -> int:
    """The announced length; 0 where none is.  Raises Refusal."""
    digits = params.get("CONTENT_LENGTH", "")
    if not digits:
        return 0
    if not is_length(digits):
        raise Refusal("bad-request", "CONTENT_LENGTH is no number")
    return int(digits)
