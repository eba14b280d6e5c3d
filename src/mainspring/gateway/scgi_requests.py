"""Bytes to events: what a front asks for over SCGI, in whatever parts it comes.

    request    = netstring body
    netstring  = length ":" headers ","             length is that of headers, in decimal, no leading zero
    headers    = "CONTENT_LENGTH" NUL 1*DIGIT NUL *(name NUL value NUL)
    name       = 1*(any byte but NUL and "=")       "SCGI" must be among them, with the value "1"
    body       = as many bytes as CONTENT_LENGTH says

Specification: https://python.ca/scgi/protocol.txt

| what comes | the answer |
|---|---|
| no netstring; a length of more than 10 digits; no comma behind it | 400 |
| a netstring beyond the bound of parameters | 431, as soon as its length is known |
| headers that are cut off; CONTENT_LENGTH not first, or no number; SCGI not 1 | 400 |
| a header that comes twice | 400; `HTTP_` ones are joined, as nginx sends them |
| headers that are not complete, while all connections hold too much | 503, see unfinished.py |
| more than the body | dropped |

Nothing is run for a request that is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from mainspring.gateway.breaches import Breach
from mainspring.gateway.params import check_params, join_value, read_content_length
from mainspring.gateway.wire_exchange import PART

if TYPE_CHECKING:
    from mainspring.gateway.breaches import Word

MOST_LENGTH = 10  # digits
#: fewer bytes than any request that is served has
FIRST = 16
LENGTH = re.compile(rb"CONTENT_LENGTH\0([0-9]{1,18})\0")


class Asked(NamedTuple):
    """The request's headers are complete."""

    params: dict[str, str]


class Body(NamedTuple):
    """A part of its body; nothing at its end."""

    content: bytes


class Refused(NamedTuple):
    """It is no request; nothing more comes of it."""

    word: Word


Event = Asked | Body | Refused


class Receiver:
    """Bytes to events, however they arrive."""

    def __init__(self, most_params: int) -> None:
        self._most_params = most_params
        self._held = bytearray()
        self._left: int | None = None  # of the body; None before it

    def feed(self, data: bytes) -> list[Event]:
        if self._left is not None:
            return self._take_body(data)
        self._held += data
        try:
            span = self._find_headers()
            if span is None:
                return []
            params = collect_headers(bytes(self._held[span]))
        except Breach as breach:
            self.drop()
            return [Refused(breach.word)]
        rest, self._held = bytes(self._held[span.stop + 1 :]), bytearray()
        self._left = int(params["CONTENT_LENGTH"])
        return [Asked(params), *(self._take_body(rest) if self._left else [Body(b"")])]

    def held(self) -> int:
        """How many bytes of incomplete headers there are."""
        return len(self._held)

    def drop(self) -> None:
        """Forget what has come; nothing more comes of the request."""
        self._held, self._left = bytearray(), 0

    def complete(self) -> bool:
        return self._left == 0

    def left(self) -> int:
        """How many bytes are to come, or fewer where that is not known; 1 only for the last one."""
        if self._left is not None:
            return self._left
        span = self._measure_headers()
        if span is None:
            return FIRST - len(self._held)
        missing: int = span.stop + 1 - len(self._held)
        if missing > 1:
            return missing
        found = LENGTH.match(self._held, span.start)
        return 2 if found is None else 1 + int(found[1])

    def _find_headers(self) -> slice | None:
        """Where they are; None while they are not complete.  Raises Breach."""
        span = self._measure_headers()
        if span is None or len(self._held) <= span.stop:
            return None
        if self._held[span.stop] != ord(","):
            raise Breach("netstring")
        return span

    def _measure_headers(self) -> slice | None:
        """Where they will be; None while that is not known.  Raises Breach."""
        colon = self._held.find(b":", 0, MOST_LENGTH + 1)
        digits = self._held[: colon if colon >= 0 else MOST_LENGTH + 1]
        if colon == 0 or not (digits.isdigit() or not self._held) or len(digits) > MOST_LENGTH:
            raise Breach("netstring")
        if digits[:1] == b"0" and len(digits) > 1:
            raise Breach("netstring")
        if colon < 0:
            return None
        if int(digits) > self._most_params:
            raise Breach("params-too-big")
        return slice(colon + 1, colon + 1 + int(digits))

    def _take_body(self, data: bytes) -> list[Event]:
        assert self._left is not None
        data = data[: self._left]
        if not data:
            return []
        self._left -= len(data)
        events: list[Event] = [Body(data[cut : cut + PART]) for cut in range(0, len(data), PART)]
        return events if self._left else [*events, Body(b"")]


def collect_headers(block: bytes) -> dict[str, str]:
    """Raises Breach."""
    *fields, rest = block.decode("utf-8", "surrogateescape").split("\0")
    if rest or len(fields) % 2:
        raise Breach("params-malformed")
    if fields[:1] != ["CONTENT_LENGTH"]:
        raise Breach("scgi-headers")
    params = dict(zip(fields[::2], fields[1::2], strict=True))
    if len(params) * 2 != len(fields):
        params = join_headers(fields)
    if params.get("SCGI") != "1":
        raise Breach("scgi-headers")
    check_params(params)
    if read_content_length(params) is None:
        raise Breach("content-length")
    return params


def join_headers(fields: list[str]) -> dict[str, str]:
    """Raises Breach."""
    params: dict[str, str] = {}
    for name, value in zip(fields[::2], fields[1::2], strict=True):
        if name in params and not name.startswith("HTTP_"):
            raise Breach("scgi-headers")
        params[name] = join_value(name, params[name], value) if name in params else value
    return params
