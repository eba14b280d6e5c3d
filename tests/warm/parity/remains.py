"""Whatever a test starts is found again, however far it has gone: this process adopts all orphans."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PR_SET_CHILD_SUBREAPER = 36
PF_EXITING = 4  # of the flags in /proc/PID/stat
INTERVAL = 0.005
PATIENCE = 8.0


@dataclass(frozen=True)
class Process:
    """A process that descends from this one."""

    number: int
    parent: int
    group: int
    state: str
    command: str
    is_exiting: bool

    @property
    def runs(self) -> bool:
        """Whether any of it may run: not once it has given up its memory, on its way to the end.

        The kernel may take seconds from there on.  A process without memory has no command line; nor has,
        for a moment, one that begins another program.
        """
        return bool(self.command) or not self.is_exiting


def adopt_orphans(*, adopt: bool) -> None:
    """Have the kernel make orphans among the descendants of this process its children."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, int(adopt), 0, 0, 0)


def wait_for(is_so: Callable[[], object], what: str, seconds: float = PATIENCE) -> float:
    """Wait until *is_so*; for how many seconds.  Fails after *seconds*."""
    began = time.monotonic()
    while not is_so():
        waited = time.monotonic() - began
        assert waited < seconds, f"after {seconds} seconds: not {what}"
        time.sleep(INTERVAL)
    return time.monotonic() - began


def list_descendants() -> list[Process]:
    """The living descendants of this process."""
    processes = {process.number: process for process in list_processes()}
    return [
        process
        for process in processes.values()
        if process.state not in "ZX" and descends(process, processes)
    ]


def list_processes() -> list[Process]:
    found = (read_process(entry) for entry in Path("/proc").iterdir() if entry.name.isdecimal())
    return [process for process in found if process is not None]


def read_process(folder: Path) -> Process | None:
    try:
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return None
    state, parent, group = fields[:3]
    is_exiting = bool(int(fields[6]) & PF_EXITING)
    return Process(int(folder.name), int(parent), int(group), state, command.strip(), is_exiting)


def descends(process: Process, processes: dict[int, Process]) -> bool:
    number = process.parent
    while number in processes:
        if number == os.getpid():
            return True
        number = processes[number].parent
    return False


def reap_orphans() -> None:
    """Take the ends of adopted processes.  Nothing else may be waited for meanwhile."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def end_all() -> None:
    """End every descendant of this process by force."""
    while descendants := list_descendants():
        for process in descendants:
            try:
                os.kill(process.number, signal.SIGKILL)
            except ProcessLookupError:
                pass
        reap_orphans()
