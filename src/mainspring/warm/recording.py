"""A start is recorded: what it teaches is written when its run of imports ends.

A recording begins where the script is about to run.  When the run of imports ends, everything is as in a
plain start, and what was noted is written.
"""

import os
import sys

from mainspring._warm import keep, listen
from mainspring.places import open_folder
from mainspring.warm.learning import add_recorded_start, renew
from mainspring.warm.recorder import CHECKPOINT_EVENT, KEPT_AT_CHECKPOINT, Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mainspring.warm.recipe import Recipe


def begin_recording(
    folder: int, recipe_id: str, program: str, python: str, *, renews: bool = False
) -> "Callable[[int | None], None]":
    """Record the start of *program*, and write what it teaches into the runtime folder.

    A start that *renews* takes the place of those before.

    Takes over the descriptor *folder*.  Returns what completes the recording when the program's code
    has ended.  Raises OSError or RuntimeError.
    """
    recording = Recording(Place(folder), recipe_id, program, python)
    if renews:
        recording.place.learn = renew
    keep(recording.recorder)
    listen(recording.recorder.hear)
    return recording.finish


class Recording:
    """A recorder, and where it writes what it has learnt."""

    def __init__(self, place: "Place", recipe_id: str, program: str, python: str) -> None:
        self.place = place
        self.recipe_id = recipe_id
        self.program = program
        self.python = python
        self.is_pending = False
        self.recorder = Recorder(self.end)

    def end(self) -> None:
        """Write, unless the program may still come to a checkpoint, where it could wait all the same."""
        ended = self.recorder.ended
        if ended is not None and ended[0] in KEPT_AT_CHECKPOINT and "mainspring" in sys.modules:
            self.is_pending = True
            listen(self.hear_late)
        else:
            self.write()

    def hear_late(self, event: str, _: "tuple[Any, ...]") -> None:
        if event == CHECKPOINT_EVENT and self.is_pending:
            self.recorder.has_checkpoint = True
            self.finish(None)

    def finish(self, _: int | None) -> None:
        """The program has ended, or come to its checkpoint."""
        if self.recorder.is_on:
            self.recorder.modules = len(sys.modules)
            self.recorder.end("program-end", "")
        if self.is_pending:
            self.is_pending = False
            listen(None)
            self.write()

    def write(self) -> None:
        try:
            self.place.write(self.recipe_id, self.recorder.describe(self.program, self.python))
        except Exception:  # noqa: BLE001 - the program's start is what matters
            pass


class Place:
    """The runtime folder, remembered without a descriptor that the program could find or close."""

    def __init__(self, folder: int) -> None:
        status = os.fstat(folder)
        self.identity = (status.st_dev, status.st_ino)
        self.path = os.readlink(f"/proc/self/fd/{folder}")
        self.process = os.getpid()
        self.learn = add_recorded_start
        os.close(folder)

    def write(self, recipe_id: str, recorded: "Recipe") -> None:
        """Add what was recorded.  Raises Refused or OSError."""
        if os.getpid() != self.process:
            return  # a child, before it runs another program
        folder = open_folder(self.path, (os.geteuid(),))
        try:
            status = os.fstat(folder)
            if (status.st_dev, status.st_ino) == self.identity:
                self.learn(folder, recipe_id, recorded)
        finally:
            os.close(folder)
