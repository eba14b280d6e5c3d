"""A script that the launcher starts is a child of the gateway's, with a session of its own."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mainspring.gateway.leader import GroupLeader

if TYPE_CHECKING:
    import asyncio


class Launched(GroupLeader):
    """A script, or the launcher that stands for it: it passes signals on, and ends as the script does."""

    def __init__(self, loop: asyncio.AbstractEventLoop, process: int, ours: tuple[int, int, int]) -> None:
        super().__init__(loop, ours)
        self.kind = "cold"
        self.process = process
        try:
            self.handle = os.pidfd_open(process)
        except OSError:  # no descriptor is free, or the kernel has no such thing
            self.handle = -1
            waiting = loop.run_in_executor(None, os.waitpid, process, 0)
            waiting.add_done_callback(lambda done: self.note_status(done.result()[1]))
        else:
            loop.add_reader(self.handle, self.reap)

    def reap(self) -> None:
        self.loop.remove_reader(self.handle)
        os.close(self.handle)
        self.note_status(os.waitpid(self.process, 0)[1])

    def note_status(self, status: int) -> None:
        self.end(os.waitstatus_to_exitcode(status))
