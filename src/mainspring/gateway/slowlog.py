"""A request that takes long is logged while it runs, with the Python stack of its script.

    entry := HEAD *FRAME
    head  := BEGIN SCRIPT " has run for " SECONDS " s: " METHOD SP PATH ["?" QUERY] LF
    frame := BEGIN "  " TEXT LF
    begin := "[" MOMENT "] [" IDENTITY "] "

QUERY has names alone: a value may be a secret.  A frame is a line of a traceback, the innermost last, or
says why there is no stack (`stack.py`).  Who waits for a place has no process to look at.

A request is looked at once, MOST_LOOKS of them at a time; a further one has its line, with no stack.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainspring.gateway.logtext import escape_bare, escape_controls, format_moment
from mainspring.gateway.stack import Stack, take_stack

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.logfile import LogFile
    from mainspring.gateway.served import Served

MOST_LOOKS = 2
#: slow requests that status shows
MOST_SHOWN = 20
#: names of a query that are logged
MOST_NAMES = 30

WAITS = Stack(("no stack: it waits for a place",), is_known=False)
TOO_MANY = Stack(("no stack: others are being looked at",), is_known=False)


@dataclass(slots=True)
class Slow:
    """A request that was slow: what status shows of it."""

    moment: float
    identity: str
    script: str
    target: str
    age: float
    stack: tuple[str, ...] = ()
    status: int = 0
    seconds: float = 0.0  # in all, once it has ended


class SlowLog:
    """Looks at requests under way once they are older than *limit* seconds."""

    def __init__(self, file: LogFile, limit: float) -> None:
        self.file = file
        self.count = 0
        self.is_armed = False
        self.noted: dict[str, Slow] = {}  # those under way
        self.lately: deque[Slow] = deque(maxlen=MOST_SHOWN)
        self._limit = limit
        self._under_way: Mapping[str, Served] = {}
        self._timer: asyncio.TimerHandle | None = None
        self._looks: set[asyncio.Task[None]] = set()

    def watch(self, under_way: Mapping[str, Served]) -> None:
        """Look at *under_way* as soon as the first of it may be slow, and on until it is empty."""
        self._under_way = under_way
        self._arm(self._limit)

    def end(self, served: Served) -> None:
        """Note how a slow request has ended."""
        slow = self.noted.pop(served.identity, None)
        if slow is not None:
            slow.status, slow.seconds = served.status, served.seconds

    def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for look in self._looks:
            look.cancel()

    def _arm(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)
        self.is_armed = True

    def _look(self) -> None:
        """Note who is slow by now; the first who is not says when to look again."""
        self.is_armed = False
        now = time.monotonic()
        for served in list(self._under_way.values()):
            if now - served.clock < self._limit:
                self._arm(served.clock + self._limit - now)
                return
            if served.identity not in self.noted:
                self._note(served, now - served.clock)

    def _note(self, served: Served, age: float) -> None:
        self.count += 1
        script = escape_controls(served.script or "-")
        slow = Slow(time.time(), served.identity, script, describe_request(served.params), age)
        self.noted[served.identity] = slow
        self.lately.append(slow)
        if served.process is None:
            self._write(slow, WAITS)
        elif len(self._looks) >= MOST_LOOKS:
            self._write(slow, TOO_MANY)
        else:
            look = asyncio.ensure_future(self._take(slow, served, served.process))
            self._looks.add(look)
            look.add_done_callback(self._looks.discard)

    async def _take(self, slow: Slow, served: Served, process: int) -> None:
        stack = await take_stack(process)
        if self._under_way.get(served.identity) is not served or served.process != process:
            # whatever has that number by now
            stack = Stack(("no stack: it ended while it was looked at",), is_known=False)
        self._write(slow, stack)

    def _write(self, slow: Slow, stack: Stack) -> None:
        slow.stack = tuple(escape_controls(line) for line in stack.lines)
        begin = f"[{format_moment(slow.moment)}] [{slow.identity}] "
        lines = [f"{begin}{slow.script} has run for {slow.age:.1f} s: {slow.target}"]
        lines += [f"{begin}  {line}" for line in slow.stack]
        # in one write: the lines of two requests do not mix
        self.file.write("".join(f"{line}\n" for line in lines).encode("utf-8", "backslashreplace"))


def describe_request(params: Mapping[str, str]) -> str:
    """Method, path and the names in the query."""
    path = params.get("SCRIPT_NAME", "") + params.get("PATH_INFO", "")
    if not path:
        path = params.get("REQUEST_URI", "").partition("?")[0]
    text = f"{escape_bare(params.get('REQUEST_METHOD'))} {escape_bare(path)}"
    query = params.get("QUERY_STRING")
    return f"{text}?{hide_values(query)}" if query else text


def hide_values(query: str) -> str:
    """*query* with no value; a word without `=` is one."""
    parts = query.split("&", MOST_NAMES)
    shown = [hide_value(part) for part in parts[:MOST_NAMES]]
    return "&".join(shown + ["..."] * (len(parts) > MOST_NAMES))


def hide_value(part: str) -> str:
    name, equals, _ = part.partition("=")
    return f"{escape_bare(name[:100])}=..." if equals and name else "..."
