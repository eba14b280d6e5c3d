"""A shell in a terminal, at which somebody types and reads what comes."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path
    from typing import Self

TIMEOUT = 60
SIZE = struct.pack("HHHH", 50, 250, 0, 0)
#: gives the shell the terminal for its own, as a login does
LOGIN = """
import fcntl, os, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
os.execvp(sys.argv[1], sys.argv[1:])
"""
#: what moves a cursor or colours a word; fish asks its terminal for attributes, and waits for an answer
CONTROL = re.compile(
    r"\x1b\[[0-9;?>=]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()].|\x1b[=>78]|\r"
)
ASKS_FOR_ATTRIBUTES = b"\x1b[c"
ATTRIBUTES = b"\x1b[?62;c"


class Terminal:
    """A terminal with a command running in it."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], cwd: Path) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, SIZE)
        self.seen = b""
        self.process = subprocess.Popen(
            [sys.executable, "-c", LOGIN, *command],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            env=dict(env),
            cwd=cwd,
            start_new_session=True,
        )
        os.close(theirs)

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
