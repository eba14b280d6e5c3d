"""A person at a terminal: an interactive bash in a session of its own, and what it shows."""

from __future__ import annotations

import errno
import os
import re
import select
import time
from typing import TYPE_CHECKING

from people.terminal import open_terminal

from .remains import PATIENCE, wait_for

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

BASH = ("bash", "--norc", "--noprofile", "--noediting", "-i")
PROMPT = b"@READY@ "
#: no echo: what is shown is output alone; no `_`, no history, and prompts that can be told apart
SETUP = b"stty -echo; PS1='@READY''@ '; unset PROMPT_COMMAND; set +o history; ulimit -c 0\n"


class Terminal:
    """A bash at a pseudo-terminal, which it controls."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.process, self.descriptor = open_terminal(BASH, environment, folder)
        self.shown = b""
        self.type(SETUP)
        self.await_prompt()

    def type(self, typed: bytes) -> None:
        """Type *typed*, all at once."""
        while typed:
            typed = typed[os.write(self.descriptor, typed) :]

    def await_text(self, text: bytes, seconds: float = PATIENCE) -> bytes:
        """What is shown until *text* is, and that; it is shown no more after."""
        until = time.monotonic() + seconds
        while text not in self.shown:
            assert self.read(until - time.monotonic()), f"no {text!r} after {self.shown!r}"
        end = self.shown.index(text) + len(text)
        taken, self.shown = self.shown[:end], self.shown[end:]
        return taken

    def await_prompt(self) -> bytes:
        return self.await_text(PROMPT)

    def run(self, command: str) -> str:
        """What *command* shows."""
        self.type(command.encode() + b"\n")
        return self.await_prompt().removesuffix(PROMPT).decode(errors="replace")

    def read(self, seconds: float) -> bool:
        """Take what is shown within *seconds*; False if nothing is, or never will be."""
        if seconds <= 0 or not select.select([self.descriptor], [], [], seconds)[0]:
            return False
        try:
            content = os.read(self.descriptor, 1 << 16)
        except OSError as error:
            if error.errno == errno.EIO:  # nobody has it open any more
                return False
            raise
        self.shown += content
        return bool(content)

    def hang_up(self) -> None:
        """Cut the line; the shell is gone after."""
        os.close(self.descriptor)
        self.descriptor = -1
        wait_for(lambda: self.process.poll() is not None, "the end of the shell")

    def close(self) -> None:
        """Leave the shell, if that is not done yet."""
        if self.descriptor >= 0:
            self.hang_up()


def cut_numbers(shown: str) -> str:
    """What a shell shows, without numbers of processes."""
    return re.sub(r"(?m)(?<=\[\d\]) *([+-]?) *\d{2,}", r"\1 N", shown)
