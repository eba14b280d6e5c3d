"""A client gets of a file what it asks for and does not have: all of it, a range, or word that it has it.

| what the client asks | answer |
|---|---|
| with an If-None-Match or If-Modified-Since of this version (RFC 9110, 13.1) | 304 |
| for one range | 206, or 416 |
| for several ranges, ranges that are none, with an If-Range that does not hold | 200, and all of it |
"""

from __future__ import annotations

import re
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from mimetypes import guess_type
from typing import TYPE_CHECKING, NamedTuple

from mainspring.gateway.exchange import Head

if TYPE_CHECKING:
    from collections.abc import Mapping

RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
#: what a browser would unpack if it were told of as an encoding
COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
UNKNOWN = "application/octet-stream"


class StaticFile(NamedTuple):
    """A file that is open, and may be sent."""

    descriptor: int
    name: str
    size: int
    time_ns: int

    @property
    def tag(self) -> str:
        return f'"{self.time_ns:x}-{self.size:x}"'

    @property
    def changed(self) -> int:
        return self.time_ns // 10**9


class Span(NamedTuple):
    """Which bytes of a file are sent."""

    start: int
    end: int


NOTHING = Span(0, 0)


def choose_answer(params: Mapping[str, str], file: StaticFile) -> tuple[Head, Span]:
    """The head to answer with, and what of *file* is to follow."""
    if is_known(params, file):
        return Head(304, "Not Modified", describe_version(file)), NOTHING
    return choose_span(params, file)


def describe_version(file: StaticFile) -> tuple[tuple[str, str], ...]:
    return ("Last-Modified", formatdate(file.changed, usegmt=True)), ("ETag", file.tag)


def is_known(params: Mapping[str, str], file: StaticFile) -> bool:
    """Whether the client has this version (RFC 9110, 13.1)."""
    tags = params.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        known = {tag.strip().removeprefix("W/") for tag in tags.split(",")}
        return bool({"*", file.tag} & known)
    since = read_time(params.get("HTTP_IF_MODIFIED_SINCE"))
    return since is not None and file.changed <= since


def read_time(text: str | None) -> float | None:
    """Seconds since 1970, or None if *text* is no date."""
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        return None


def choose_span(params: Mapping[str, str], file: StaticFile) -> tuple[Head, Span]:
    """What to answer: all of *file*, the range that was asked for, or that there is none."""
    wanted = read_range(params.get("HTTP_RANGE", ""), file.size)
    common = (*describe_version(file), ("Accept-Ranges", "bytes"))
    typed = (("Content-Type", find_type(file.name)), *common)
    if wanted is None or not holds(params.get("HTTP_IF_RANGE"), file):
        length = ("Content-Length", str(file.size))
        return Head(200, "OK", (*typed, length)), Span(0, file.size)
    if wanted.start >= wanted.end:
        fields = (*common, ("Content-Range", f"bytes */{file.size}"), ("Content-Length", "0"))
        return Head(416, "Range Not Satisfiable", fields), NOTHING
    place = ("Content-Range", f"bytes {wanted.start}-{wanted.end - 1}/{file.size}")
    length = ("Content-Length", str(wanted.end - wanted.start))
    return Head(206, "Partial Content", (*typed, place, length)), wanted


def read_range(text: str, size: int) -> Span | None:
    """The bytes that `Range: text` asks for; None if it asks for none, or for several ranges."""
    found = RANGE.fullmatch(text.strip())
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        return Span(max(0, size - int(found[2])), size)
    if found[2] and int(found[2]) < int(found[1]):
        return None
    return Span(int(found[1]), min(size, int(found[2]) + 1) if found[2] else size)


def holds(condition: str | None, file: StaticFile) -> bool:
    """Whether `If-Range: condition` names this version."""
    if condition is None:
        return True
    return condition.strip() in {file.tag, formatdate(file.changed, usegmt=True)}


def find_type(name: str) -> str:
    kind, encoding = guess_type(name)
    if encoding is not None:
        return COMPRESSED.get(encoding, UNKNOWN)
    return kind or UNKNOWN
