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
| a file that shrinks while it is sent | the answer is broken off |
"""

from __future__ import annotations

import itertools
import os
import re
import stat
import time
from typing import TYPE_CHECKING

from mainspring.gateway.exchange import Exchange, GoneError
from mainspring.gateway.ranges import NOTHING, StaticFile, choose_answer
from mainspring.gateway.served import Served

if TYPE_CHECKING:
    from mainspring.gateway.engine import Serve
    from mainspring.gateway.journal import Journal
    from mainspring.gateway.options import Options

PART = 1 << 16
#: of a module, or of its code: it may hold what no client is to see
PYTHON = (".py", ".pyc", ".pyo", ".pyw")
HIDDEN = re.compile(r"(?:^|/)(?:\.|__pycache__(?:/|$))")
INDEX = "index.html"
# O_NONBLOCK: opening a FIFO must not wait for its other end
OPEN = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC


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
