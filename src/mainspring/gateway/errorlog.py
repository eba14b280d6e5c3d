"""What scripts write to stderr is logged line by line; however much it is, memory and log stay bounded.

    line := "[" MOMENT "] [" IDENTITY "] " SCRIPT ": " TEXT LF

MOMENT is RFC 3339, local; IDENTITY is the request's, as in the access log, "-" for what is no request;
SCRIPT is a path, "-" where none was found.  TEXT is a `line` of `logtext.py`.

| what a script writes | what is logged |
|---|---|
| a line longer than LONGEST_LINE | its begin, and how many bytes more there were |
| more than FIRST bytes, then STEADY a second | nothing until there is room, then how much was left out |
| more than that, all scripts together | the same, for whichever script comes then |
| no newline at its end | a line |
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mainspring.gateway.logtext import escape_controls, escape_line, format_moment

if TYPE_CHECKING:
    from mainspring.gateway.logfile import LogFile
    from mainspring.gateway.served import Served

#: bytes of a line
LONGEST_LINE = 8 << 10
#: bytes in the log that a request may have at once, and each second from then on
FIRST, STEADY = 256 << 10, 16 << 10
#: the same for all requests together
ALL_FIRST, ALL_STEADY = 4 << 20, 256 << 10


class Budget:
    """So many bytes at once, and so many each second; once spent, it opens with a second's worth."""

    def __init__(self, first: int, steady: int) -> None:
        self._first = self._left = float(first)
        self._steady = steady
        self._filled = time.monotonic()
        self._is_open = True

    def is_open(self) -> bool:
        """Fill up, and say whether anything may be taken."""
        now = time.monotonic()
        self._left = min(self._first, self._left + (now - self._filled) * self._steady)
        self._filled = now
        self._is_open = self._is_open or self._left >= self._steady
        return self._is_open

    def take(self, size: int) -> None:
        """Take *size*; the last time it may be more than there was."""
        self._left -= size
        self._is_open = self._left > 0


class ErrorLog:
    """Writes what scripts, and the gateway about requests, have to complain of."""

    def __init__(self, file: LogFile) -> None:
        self.file = file
        self.lines = 0
        self.left_out = 0  # lines
        self.budget = Budget(ALL_FIRST, ALL_STEADY)

    def note(self, served: Served, text: str) -> None:
        """Log *text*, of the gateway's own, about a request."""
        lines = ErrorLines(self, served)
        lines.feed(text.encode("utf-8", "surrogateescape"))
        lines.end()

    def note_breach(self, text: str, count: int) -> None:
        """Log what was wrong with a connection."""
        self.write("[-] -: ", text if count == 1 else f"{text} ({count} times by now)")

    def write(self, name: str, text: str) -> int:
        """Write a line about *name*; return its size."""
        line = f"[{format_moment(time.time())}] {name}{text}\n".encode("utf-8", "backslashreplace")
        self.lines += 1
        self.file.write(line)
        return len(line)


class ErrorLines:
    """The stderr of one script: takes bytes as they come, and logs lines."""

    def __init__(self, log: ErrorLog, served: Served) -> None:
        self._log = log
        self._name = f"[{served.identity}] {escape_controls(served.script or '-')}: "
        self._budget = Budget(FIRST, STEADY)
        self._begun = b""  # of a line whose end is to come
        self._cut = 0  # bytes that this line was too long by
        self._left_out = self._left_out_size = 0

    def feed(self, data: bytes) -> None:
        """Log the lines that end in *data*."""
        start = 0
        while start < len(data):
            if not self._is_open():
                self._leave_out(data[start:])
                return
            end = data.find(b"\n", start)
            self._add(data[start : end if end >= 0 else len(data)])
            if end < 0:
                return
            self._end_line()
            start = end + 1

    def end(self) -> None:
        """Log what is left: the script's stderr has ended."""
        if self._begun:
            if self._is_open():
                self._end_line()
            else:
                self._leave_out(b"\n")
        if self._left_out:
            self._tell_left_out()

    def _is_open(self) -> bool:
        return self._budget.is_open() and self._log.budget.is_open()

    def _add(self, part: bytes) -> None:
        room = LONGEST_LINE - len(self._begun)
        self._begun += part[:room]
        self._cut += max(0, len(part) - room)

    def _end_line(self) -> None:
        if self._left_out:
            self._tell_left_out()
        text = escape_line(self._begun.removesuffix(b"\r"))
        if self._cut:
            text += f"... ({self._cut} bytes more)"
        self._begun, self._cut = b"", 0
        self._write(text)

    def _write(self, text: str) -> None:
        size = self._log.write(self._name, text)
        self._budget.take(size)
        self._log.budget.take(size)

    def _leave_out(self, data: bytes) -> None:
        """Count what *data* has, but for the line at its end that may still be logged."""
        whole, newline, begun = data.rpartition(b"\n")
        if newline:
            lines = whole.count(b"\n") + 1
            self._left_out += lines
            self._log.left_out += lines
            self._left_out_size += len(self._begun) + self._cut + len(whole) + 1
            self._begun, self._cut = b"", 0
        self._add(begun)

    def _tell_left_out(self) -> None:
        lines, size = self._left_out, self._left_out_size
        self._left_out = self._left_out_size = 0
        self._write(f"... {lines} lines left out here, {size} bytes: more than the error log takes")
