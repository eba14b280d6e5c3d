"""FastCGI 1.0 as bytes: records, and what they hold.

    record   = version type request-id content-length padding-length reserved content padding
    version  = %x01
    type     = %d1 BEGIN_REQUEST / %d2 ABORT_REQUEST / %d3 END_REQUEST / %d4 PARAMS / %d5 STDIN
             / %d6 STDOUT / %d7 STDERR / %d9 GET_VALUES / %d10 GET_VALUES_RESULT / %d11 UNKNOWN_TYPE
    request-id, content-length                      two bytes, the higher one first
    padding-length, reserved, flags                 one byte
    content  = content-length bytes                 at most 65,535
    padding  = padding-length bytes                 at most 255; never looked at

    begin    = role flags 5reserved                 content of BEGIN_REQUEST; role is two bytes
    role     = %d1 RESPONDER                        the others are not served
    flags    = %x01 KEEP_CONN                       the others are reserved
    end      = app-status protocol-status 3reserved content of END_REQUEST; app-status is four bytes
    unknown  = type 7reserved                       content of UNKNOWN_TYPE
    pairs    = *(length length name value)          of PARAMS (all of a request's together), and of
                                                    GET_VALUES and GET_VALUES_RESULT
    length   = %x00-7F / %x80-FF 3byte              the latter are 31 bits

A stream (PARAMS, STDIN, STDOUT) is the content of its records, and ends with a record that has none.
Records of a request id 0 are about the connection: GET_VALUES, and nothing else that is known.

Specification: https://fastcgi-archives.github.io/FastCGI_Specification.html
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from mainspring._gateway import split_pairs
from mainspring.gateway.breaches import Breach

if TYPE_CHECKING:
    from collections.abc import Iterator

    Record = tuple[int, int, bytes]  # type, request, content without its padding

VERSION = 1
BEGIN_REQUEST, ABORT_REQUEST, END_REQUEST, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = 9, 10, 11
RESPONDER = 1
KEEP_CONN = 1
REQUEST_COMPLETE, CANT_MPX_CONN, OVERLOADED, UNKNOWN_ROLE = range(4)
MAX_CONTENT = 65_535
#: of our own records: the longest that needs no padding to be a multiple of 8
FULL = MAX_CONTENT - MAX_CONTENT % 8

HEAD = Struct("!BBHHBx")
BEGIN = Struct("!HB5x")
END = Struct("!IB3x")
UNKNOWN = Struct("!B7x")
LONG = Struct("!I")
PADDING = tuple(bytes(-length % 8) for length in range(8))


class RecordReader:
    """Bytes to records, however they arrive; at most one record is held."""

    def __init__(self) -> None:
        self._held = bytearray()
        self._wanted = HEAD.size
        self._passed_over = 0  # that are still to come of a record that was dropped

    def feed(self, data: bytes) -> Iterator[Record]:
        """The records that *data* completes; read them all.  Raises Breach."""
        if self._passed_over:
            cut = min(self._passed_over, len(data))
            self._passed_over -= cut
            data = data[cut:]
        if self._held:
            self._held += data
            if len(self._held) < self._wanted:
                return
            data = bytes(self._held)
        at, size = 0, len(data)
        self._wanted = HEAD.size
        while size - at >= HEAD.size:
            version, kind, request, length, padding = HEAD.unpack_from(data, at)
            if version != VERSION:
                raise Breach("version")
            begin = at + HEAD.size
            if begin + length + padding > size:
                self._wanted = HEAD.size + length + padding
                break
            yield kind, request, data[begin : begin + length]
            at = begin + length + padding
        self._held = bytearray(data[at:])

    def held(self) -> int:
        """How many bytes of an incomplete record there are."""
        return len(self._held)

    def is_halfway(self) -> bool:
        return bool(self._held or self._passed_over)

    def drop(self) -> int:
        """Forget an incomplete record, and what comes of it later; which request it is of, or 0."""
        if len(self._held) < HEAD.size:
            return 0
        _, _, request, _, _ = HEAD.unpack_from(self._held)
        self._passed_over = self._wanted - len(self._held)
        self._held, self._wanted = bytearray(), HEAD.size
        return int(request)


def pack_record(kind: int, request: int, content: bytes) -> bytes:
    """One record; its padding makes it a multiple of 8."""
    padding = PADDING[len(content) % 8]
    return HEAD.pack(VERSION, kind, request, len(content), len(padding)) + content + padding


def pack_stream(kind: int, request: int, part: bytes) -> bytes:
    """A part of a stream, in as many records as it takes; none for no bytes, which would end it."""
    if len(part) <= FULL:
        return pack_record(kind, request, part) if part else b""
    cuts = range(0, len(part), FULL)
    return b"".join([pack_record(kind, request, part[cut : cut + FULL]) for cut in cuts])


def pack_end(request: int, app_status: int, protocol_status: int) -> bytes:
    return pack_record(END_REQUEST, request, END.pack(app_status & 0xFFFFFFFF, protocol_status))


def pack_unknown(kind: int) -> bytes:
    return pack_record(UNKNOWN_TYPE, 0, UNKNOWN.pack(kind))


def pack_length(length: int) -> bytes:
    return bytes((length,)) if length < 0x80 else LONG.pack(length | 0x80000000)


def pack_pairs(pairs: dict[str, str]) -> bytes:
    parts: list[bytes] = []
    for name, value in pairs.items():
        first, second = name.encode("utf-8", "surrogateescape"), value.encode("utf-8", "surrogateescape")
        parts += (pack_length(len(first)), pack_length(len(second)), first, second)
    return b"".join(parts)


def unpack_pairs(block: bytes) -> list[tuple[str, str]]:
    """Names and values; bytes that are no UTF-8 as surrogates.  Raises Breach, where they are cut off."""
    try:
        return split_pairs(block)
    except ValueError:
        raise Breach("params-malformed") from None
