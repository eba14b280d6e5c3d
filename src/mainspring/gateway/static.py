"""Static files beside the scripts, for development: none that could be a script's, none beyond the root.

A file is opened first and judged then, by its descriptor: by the path that the kernel has for it, and by
its type. So what was judged is what is sent, whatever links and renames do meanwhile. (Starlette's
StaticFiles judges a path and opens it again, knows nothing of scripts, and brings a thread pool.)

| what the path leads to | what happens |
|---|---|
| a script; a name with a script's or Python's extension in it (`a.py_old`) | it is left to the gateway |
| a name that begins with a dot, `__pycache__`, on the way or at its end | left to the gateway |
| a file that begins with `#!` | left to the gateway |
| what a link leads to, beyond the root | left to the gateway |
| a folder with a slash behind it | its index.html, if no script is its index |
| no file, no regular file, one that cannot be read | left to the gateway |
| any method but GET and HEAD | left to the gateway |
| one range | 206, or 416 |
| several ranges, ranges that are none, an If-Range that does not hold | 200, and all of it |
| a file that shrinks while it is sent | the answer is broken off |
"""

from __future__ import annotations

import itertools
import os
import re
import stat
import time
from datetime import UTC
from email.utils import formatdate, parsedate_to_datetime
from mimetypes import guess_type
from typing import TYPE_CHECKING, NamedTuple

from mainspring.gateway.exchange import Exchange, GoneError, Head
from mainspring.gateway.served import Served

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.engine import Serve
    from mainspring.gateway.journal import Journal
    from mainspring.gateway.options import Options

PART = 1 << 16
#: of a module, or of its code: it may hold what no client is to see
PYTHON = (".py", ".pyc", ".pyo", ".pyw")
HIDDEN = re.compile(r"(?:^|/)(?:\.|__pycache__(?:/|$))")
RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})", re.ASCII)
INDEX = "index.html"
#: what a browser would unpack if it were told of as an encoding
COMPRESSED = {"gzip": "application/gzip", "bzip2": "application/x-bzip2", "xz": "application/x-xz"}
UNKNOWN = "application/octet-stream"
# O_NONBLOCK: opening a FIFO must not wait for its other end
OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


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


class StaticFiles:
    """Sends the static files below *root*, and leaves all else to *serve*."""

    def __init__(self, root: str, options: Options, journal: Journal, serve: Serve) -> None:
        self._root = os.path.realpath(root)
        self._indexes = options.indexes
        self._journal = journal
        self._serve = serve
        self._numbers = itertools.count(1)
        suffixes = "|".join(map(re.escape, sorted({*options.extensions, *PYTHON})))
        self._private = re.compile(rf"(?:{suffixes})(?![a-z])", re.IGNORECASE)

    async def serve(self, exchange: Exchange) -> None:
        file = None
        if exchange.params["REQUEST_METHOD"] in {"GET", "HEAD"}:
            file = self.find_file(exchange.params.get("PATH_INFO", ""))
        if file is None:
            await self._serve(exchange)
            return
        served = self._begin(exchange)
        try:
            await send_file(exchange, file, served)
        except GoneError:
            served.reason, served.status = "gone", served.status or 499
        finally:
            os.close(file.descriptor)
            served.seconds = time.monotonic() - served.clock
            self._journal.end(served)

    def _begin(self, exchange: Exchange) -> Served:
        identity = f"static-{next(self._numbers):x}"
        served = Served(identity, exchange.protocol, exchange.params, time.time(), time.monotonic())
        self._journal.begin(served)
        return served

    def find_file(self, path: str) -> StaticFile | None:
        """What is to be sent for *path*, if anything."""
        if path.endswith("/"):
            path = "" if self._has_index(path) else path + INDEX
        if not path.startswith("/") or "\0" in path or self._is_private(path):
            return None
        return self._open_file(self._root + path)

    def _has_index(self, path: str) -> bool:
        return any(
            os.path.exists(f"{self._root}{path}{name}") for name in self._indexes if "\0" not in path
        )

    def _is_private(self, path: str) -> bool:
        return HIDDEN.search(path) is not None or self._private.search(path) is not None

    def _open_file(self, path: str) -> StaticFile | None:
        try:
            descriptor = os.open(path, OPEN)
        except OSError:
            return None
        file = self._judge_file(descriptor)
        if file is None:
            os.close(descriptor)
        return file

    def _judge_file(self, descriptor: int) -> StaticFile | None:
        """The file that *descriptor* has open, if it may be sent."""
        status = os.fstat(descriptor)
        real = os.readlink(f"/proc/self/fd/{descriptor}")
        is_below = real.startswith(self._root.rstrip("/") + "/")
        if not stat.S_ISREG(status.st_mode) or not is_below or self._is_private(real[len(self._root) :]):
            return None
        if os.pread(descriptor, 2, 0) == b"#!":
            return None
        return StaticFile(descriptor, os.path.basename(real), status.st_size, status.st_mtime_ns)


async def send_file(exchange: Exchange, file: StaticFile, served: Served) -> None:
    """Answer *exchange* with *file*, or with what of it was asked for.  Raises GoneError."""
    head, span = choose_answer(exchange.params, file)
    await exchange.begin(head)
    served.status = head.status
    if exchange.params["REQUEST_METHOD"] == "HEAD":
        span = NOTHING
    while served.sent < span.end - span.start:
        place = span.start + served.sent
        part = os.pread(file.descriptor, min(PART, span.end - place), place)
        if not part:
            await exchange.break_off()
            return
        await exchange.write(part)
        served.sent += len(part)
    await exchange.end(0)


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
