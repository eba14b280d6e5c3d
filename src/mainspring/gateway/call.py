"""A call says all that a start of a script is made of; a process is what it comes to, whoever makes it.

`starting.py` makes the one of the other.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.watch import Watch

#: from a host; by the launcher, without one; in a process that is kept for several requests
Kind = Literal["warm", "cold", "kept"]


class StartError(Exception):
    """A script could not be started; the text says why, for the error log."""


@dataclass(frozen=True, slots=True)
class Call:
    """A script, and what it gets."""

    script: str  # an absolute path, with no link in it
    arguments: tuple[str, ...]  # the words of an indexed query
    environment: Mapping[str, str]  # all of it
    folder: str  # the working directory
    python: str | None = None  # the interpreter that its `#!` line names; None for the gateway's own
    options: tuple[str, ...] = ()  # of that interpreter


class Process(ABC):
    """A script that runs, in a process group of its own."""

    kind: Kind
    process: int
    watch: Watch
    #: our ends, which do not block; whoever has the process closes them
    stdin: int  # -1 where the script reads from what it was given
    stdout: int
    stderr: int

    @abstractmethod
    async def wait(self) -> int:
        """How it ended, as `os.waitstatus_to_exitcode` says it."""

    @abstractmethod
    async def linger(self) -> int | None:
        """How it ended; None if it has not after a moment, which is enough for most."""

    @abstractmethod
    def send_signal(self, number: int) -> None:
        """Send a signal to the whole process group; nothing happens if that has ended."""
