"""Looks at the descriptors of a process at the moment it ends, without a word to the process.

The kernel stops a traced process on its way out, before its files are closed (ptrace(2),
PTRACE_O_TRACEEXIT).  Where tracing is not allowed, nothing is seen.
"""

import ctypes
import os
import re
import sys
import threading
from signal import SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU

CONT, DETACH, SEIZE, LISTEN = 7, 17, 0x4206, 0x4208
TRACE_EXIT = 0x40
EVENT_EXIT, EVENT_STOP = 6, 128
ALL_CHILDREN = 0x40000000  # __WALL
STOPPING = {SIGSTOP, SIGTSTP, SIGTTIN, SIGTTOU}
CLOSE_ON_EXEC = 0o2000000
ACCESS = ("r", "w", "rw", "?")
NUMBERED = re.compile(r"(?<=:)\[\d+\]$")


class Watcher:
    """Follows one process to its end.  What traces a process is a thread: only that may call this."""

    def __init__(self) -> None:
        self.descriptors: dict[str, str] | None = None
        self.status: int | None = None  # if it was reaped here
        self.has_begun = threading.Event()
        self._libc = ctypes.CDLL(None, use_errno=True)

    def follow(self, process: int) -> None:
        """Return when *process* ends.  Raises nothing."""
        is_followed = sys.platform.startswith("linux") and not self._call(SEIZE, process, TRACE_EXIT)
        self.has_begun.set()
        while is_followed and self._wait(process):
            pass

    def _wait(self, process: int) -> bool:
        try:
            _, status = os.waitpid(process, ALL_CHILDREN)
        except ChildProcessError:
            return False
        if not os.WIFSTOPPED(status):
            self.status = status
            return False
        return self._answer(process, status >> 16, os.WSTOPSIG(status))

    def _answer(self, process: int, event: int, signal: int) -> bool:
        """Let *process* go on as if nobody had looked; whether it is still followed."""
        if event == EVENT_EXIT:
            self.descriptors = list_descriptors(process)
            self._call(DETACH, process, 0)
            return False
        if event == EVENT_STOP:
            self._call(LISTEN if signal in STOPPING else CONT, process, 0)
        else:
            self._call(CONT, process, signal)
        return True

    def _call(self, request: int, process: int, data: int) -> int:
        return int(self._libc.ptrace(request, process, None, ctypes.c_void_p(data)))


def list_descriptors(process: int) -> dict[str, str] | None:
    """Number -> what it leads to, and how it is open."""
    folder = f"/proc/{process}"
    try:
        names = os.listdir(f"{folder}/fd")
        return {f"{int(name):3}": describe(folder, name) for name in names}
    except OSError:
        return None


def describe(folder: str, name: str) -> str:
    """What a descriptor leads to; numbers that are others each time are left out."""
    target = NUMBERED.sub("", os.readlink(f"{folder}/fd/{name}"))
    with open(f"{folder}/fdinfo/{name}", encoding="ascii", errors="replace") as file:
        fields = dict(line.split(":", 1) for line in file if line.startswith("flags:"))
    flags = int(fields.get("flags", "0"), 8)
    closing = " close-on-exec" if flags & CLOSE_ON_EXEC else ""
    return f"{target} {ACCESS[flags & 3]}{closing}"
