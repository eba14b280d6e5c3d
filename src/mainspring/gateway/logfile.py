"""A log takes whole lines, makes nobody wait, and what becomes of its file never stops serving.

| what happens | what the log does |
|---|---|
| a file | one write with O_APPEND for each line |
| a pipe, terminal or socket that is slow | keeps up to MOST_KEPT bytes of lines; beyond, counts as lost |
| a full disk, or a quota | takes back what was written of the line; counts it as lost |
| a closed pipe | counts lines as lost |
| the file cannot be opened | counts lines as lost, and tries again after a second |
| any of these, for the first time | says so in one line on stderr; status shows it until it ends |
| `reopen()`, and the file cannot be opened | goes on with the file that it has |

A standard stream that is no file is opened anew, by /proc, since O_NONBLOCK belongs to what all who have
inherited the stream share.  Where that is refused (a socket, another user's pipe), each write, of at most
PIPE_BUF, comes after a poll.
"""

from __future__ import annotations

import asyncio
import errno
import os
import select
import stat
import time
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

STDOUT, STDERR = 1, 2
#: bytes of lines that wait for a slow reader
MOST_KEPT = 1 << 20
#: seconds between two tries to open a file
PATIENCE = 1.0
FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
#: for who reads logs by group, as Debian's `adm`
MODE = 0o640


class LogFile:
    """Where the lines of one log go: a path, or `-` for the *standard* stream of that number."""

    def __init__(self, name: str, path: str, standard: int, tell: Callable[[str], None]) -> None:
        self.name = name
        self.path = path
        self.lost = 0  # lines
        self.problem: str | None = None
        self._standard = standard
        self._tell = tell
        self._told: set[int] = set()
        self._kept: deque[bytes] = deque()
        self._kept_size = 0
        self._has_begun = False  # the first of what is kept is the rest of a line
        self._descriptor = -1
        self._refusal = OSError(errno.EBADF, "closed")
        self._next_try = 0.0
        self._is_file = self._must_poll = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._try_open()

    def write(self, line: bytes) -> None:
        """Write *line*, which ends with a newline, now or when the reader is ready."""
        if self._kept:
            self._keep(line)
            return
        try:
            written = self._put(line)
        except BlockingIOError:
            self._keep(line)
        except OSError as error:
            self._lose(error)
        else:
            self.problem = None
            if written < len(line):
                self._go_on_behind(line, written)

    def reopen(self) -> None:
        """Open the path anew, as after logrotate; lines that wait go to the new file."""
        self._told.clear()
        self._next_try = 0.0
        if self.path != "-":
            self._try_open()

    def close(self) -> None:
        """Write what the reader takes at once; the rest is lost."""
        if self._kept:
            self._write_kept()
        self._drop_kept()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._next_try = -1, float("inf")
        self._refusal = OSError(errno.EBADF, "closed")
        self._told.add(errno.EBADF)

    def _try_open(self) -> None:
        self._next_try = time.monotonic() + PATIENCE
        try:
            fresh, must_poll = self._open()
        except OSError as error:
            self._refuse(error)
        else:
            self._change_to(fresh, must_poll)

    def _refuse(self, error: OSError) -> None:
        if self._descriptor >= 0:
            self._tell(
                f"the {self.name} {self.path} cannot be opened anew ({error.strerror}); "
                "its lines go on to the file that it was"
            )
            return
        self._refusal = error
        self._complain(error)

    def _change_to(self, fresh: int, must_poll: bool) -> None:
        self._stop_waiting()
        if self._descriptor >= 0:
            os.close(self._descriptor)
        self._descriptor, self._must_poll = fresh, must_poll
        self._is_file = stat.S_ISREG(os.fstat(fresh).st_mode)
        self.problem = None
        if self._has_begun:
            self._forget_first()
        if self._kept:
            self._write_kept()

    def _open(self) -> tuple[int, bool]:
        """A descriptor, and whether it has to be polled as it may block."""
        if self.path != "-":
            return os.open(self.path, FLAGS | os.O_CREAT, MODE), False
        if stat.S_ISREG(os.fstat(self._standard).st_mode):
            # the offset is shared with whoever else writes to the same stream
            return os.dup(self._standard), False
        try:
            return os.open(f"/proc/self/fd/{self._standard}", FLAGS), False
        except OSError:
            return os.dup(self._standard), True

    def _put(self, line: bytes) -> int:
        if self._descriptor < 0:
            if time.monotonic() >= self._next_try:
                self._try_open()
            if self._descriptor < 0:
                raise self._refusal
        if self._must_poll:
            self._poll()
            line = line[: select.PIPE_BUF]
        return os.write(self._descriptor, line)

    def _poll(self) -> None:
        poll = select.poll()
        poll.register(self._descriptor, select.POLLOUT)
        if not poll.poll(0):
            raise BlockingIOError

    def _go_on_behind(self, line: bytes, written: int) -> None:
        if self._is_file:
            self._take_back(written)
            self._lose(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))
        else:
            self._keep(line[written:])
            self._has_begun = bool(self._kept)

    def _take_back(self, written: int) -> None:
        """Leave no part of a line, unless somebody has written behind it."""
        end = os.lseek(self._descriptor, 0, os.SEEK_CUR)
        if end == os.fstat(self._descriptor).st_size:
            os.ftruncate(self._descriptor, end - written)
            os.lseek(self._descriptor, end - written, os.SEEK_SET)

    def _keep(self, line: bytes) -> None:
        if self._kept_size + len(line) > MOST_KEPT or not self._wait():
            self.lost += 1
            return
        self._kept.append(line)
        self._kept_size += len(line)

    def _wait(self) -> bool:
        """Have what is kept written as soon as the reader is ready; false if nothing can wait."""
        if self._loop is None:
            try:
                loop = asyncio.get_running_loop()
                loop.add_writer(self._descriptor, self._write_kept)
            except (RuntimeError, OSError):
                return False
            self._loop = loop
        return True

    def _stop_waiting(self) -> None:
        if self._loop is not None and not self._loop.is_closed():
            self._loop.remove_writer(self._descriptor)
        self._loop = None

    def _write_kept(self) -> None:
        try:
            while self._kept:
                self._write_first()
        except BlockingIOError:
            self._wait()
            return
        except OSError as error:
            self._drop_kept()
            self._complain(error)
        self._stop_waiting()

    def _write_first(self) -> None:
        line = self._kept[0]
        written = self._put(line)
        self._has_begun = written < len(line)
        if self._has_begun:
            self._kept_size -= written
            self._kept[0] = line[written:]
        else:
            self._kept_size -= len(self._kept.popleft())

    def _forget_first(self) -> None:
        self._kept_size -= len(self._kept.popleft())
        self._has_begun = False
        self.lost += 1

    def _drop_kept(self) -> None:
        self._stop_waiting()
        self.lost += len(self._kept)
        self._kept.clear()
        self._kept_size, self._has_begun = 0, False

    def _lose(self, error: OSError) -> None:
        self.lost += 1
        self._complain(error)

    def _complain(self, error: OSError) -> None:
        """Say what is wrong: once for each thing, until the log is opened anew."""
        self.problem = error.strerror or str(error)
        if error.errno not in self._told:
            self._told.add(error.errno or 0)
            self._tell(
                f"the {self.name} {self.path} cannot be written ({self.problem}); "
                "requests are served all the same, and its lines are lost until it can"
            )
