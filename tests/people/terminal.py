"""A shell in a terminal, at which somebody types and reads what comes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

    from starts import Argument

TIMEOUT = 60
SIZE = struct.pack("HHHH", 50, 250, 0, 0)
#: what moves a cursor or colours a word; fish asks its terminal for attributes, and waits for an answer
CONTROL = re.compile(
    r"\x1b\[[0-9;?>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()].|\x1b[=>78]|\r"
)
ASKS_FOR_ATTRIBUTES = b"\x1b[c"
ATTRIBUTES = b"\x1b[?62;c"


def open_terminal(
    command: Sequence[Argument], env: Mapping[str, str], cwd: Path, size: bytes | None = None
) -> tuple[subprocess.Popen[bytes], int]:
    """Start *command* as a login does, in a session with a terminal of its own; and our end of that.

    Nothing is forked here: a worker of pytest's has threads, and CPython may warn of that.
    """
    ours, theirs = pty.openpty()
    if size is not None:
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, size)
    words = ["setsid", "--ctty", *command]
    process = subprocess.Popen(words, stdin=theirs, stdout=theirs, stderr=theirs, env=dict(env), cwd=cwd)
    os.close(theirs)
    return process, ours


class Terminal:
    """A terminal with a command running in it."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self.seen = b""
        self.process, self.ours = open_terminal(command, env, cwd, SIZE)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)

    @property
    def text(self) -> str:
        """All that was shown since it was last forgotten, without what only moves and colours."""
        return CONTROL.sub("", self.seen.decode("utf-8", "replace"))

    def type(self, keys: str) -> None:
        """Type *keys*, having forgotten what was shown before."""
        self.seen = b""
        os.write(self.ours, keys.encode())

    def wait_for(self, pattern: str) -> str:
        """What was shown, once *pattern* is in it."""
        deadline = time.monotonic() + TIMEOUT
        while re.search(pattern, self.text) is None:
            ready, _, _ = select.select([self.ours], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"waited for {pattern!r}, and saw {self.text!r}"
            self.read()
        return self.text

    def read(self) -> None:
        try:
            more = os.read(self.ours, 65536)
        except OSError:
            more = b""
        assert more, f"it ended, having shown {self.text!r}"
        self.seen += more
        if ASKS_FOR_ATTRIBUTES in more:
            os.write(self.ours, ATTRIBUTES)
