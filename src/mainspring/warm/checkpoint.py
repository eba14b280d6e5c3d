"""What a host does of a program before its `mainspring.checkpoint()`: all, as long as nobody can tell.

The program's code is watched as an import is, and the host ends before anything of consequence happens.
What it reads of standard input, and what C code writes, is found out at the checkpoint: the standard
descriptors lead to files of the host's own by then.
"""

import os

from mainspring._warm import keep, listen
from mainspring.warm.ahead import Ahead, add_readings
from mainspring.warm.changes import OBSERVED, judge_change
from mainspring.warm.recipe import CHECKPOINT_MODULE
from mainspring.warm.recorder import CHECKPOINT_EVENT, KEPT_AT_CHECKPOINT, Recorder
from mainspring.warm.spans import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mainspring.warm.changes import State
    from mainspring.warm.recipe import Cause
    from mainspring.warm.sight import Sight
    from mainspring.warm.spans import Readings

STANDARD_INPUT = 0
UNREAD = b"\n" * 64


class Prelude(Recorder):
    """Watches the program's code up to its checkpoint."""

    def __init__(
        self, sight: "Sight", on_effect: "Callable[[Cause], None]", on_checkpoint: "Callable[[], None]"
    ) -> None:
        super().__init__(lambda: None, sight)
        self.on_effect = on_effect
        self.on_checkpoint = on_checkpoint
        self.kept: list[int] = []  # the standard descriptors as they were

    def begin(self) -> None:
        keep(self)
        listen(self.hear)
        self.start()
        self.replace_standard()
        self.running.append(Span(CHECKPOINT_MODULE, self.observe()))
        self.taps.tap_arguments()

    def hear(self, event: str, arguments: "tuple[Any, ...]") -> None:
        if event == CHECKPOINT_EVENT:
            self.on_checkpoint()
        elif event != "cpython.run_file":
            super().hear(event, arguments)

    @property
    def readings(self) -> "Readings":
        return self.read

    # ---- what the program does -----------------------------------------------------------------

    def begin_import(self, name: str, how: str = "") -> None:
        self.searched.add(name.rpartition(".")[2])
        self.running.append(Span(name, (), how))

    def end_import(self, name: str, *, succeeded: bool) -> None:
        del succeeded
        if self.running.pop().name != name:
            raise RuntimeError(name)

    def tie(self, name: str) -> None:
        """Nothing of the program is done out of its order."""

    def judge(self, cause: "Cause | None") -> None:
        if cause is not None:
            self.end(*cause)

    def end(self, reason: str, detail: str) -> None:
        """Called before what is of consequence is done: the host is not to live to see it."""
        self.on_effect((reason, detail))

    def fail(self) -> None:
        self.on_effect(("failed", "Mainspring"))

    # ---- the checkpoint ------------------------------------------------------------------------

    def finish(self) -> "Ahead":
        """What the program has loaded and read so far; nothing of the watch is left."""
        before = self.running[0].before
        cause = judge_change(before, leave_kept(before, self.observe()))
        cause = self.restore_standard() or cause
        ahead = Ahead()
        self.stop()
        if cause is not None:
            ahead.effect = (CHECKPOINT_MODULE, *cause)
        add_readings(ahead, self)
        return ahead

    def replace_standard(self) -> None:
        """Lead the standard descriptors to files that tell what was done with them."""
        for number in range(3):
            file = os.memfd_create("standard", os.MFD_CLOEXEC)
            if number == STANDARD_INPUT:
                os.write(file, UNREAD)
                os.lseek(file, 0, os.SEEK_SET)
            self.kept.append(os.dup(number))
            os.dup2(file, number)
            os.close(file)

    def restore_standard(self) -> "Cause | None":
        """Put them back; what the program did with them, if anything."""
        places = [os.lseek(number, 0, os.SEEK_CUR) for number in range(3)]
        for number, kept in enumerate(self.kept):
            os.dup2(kept, number)
            os.close(kept)
        self.kept.clear()
        if places[STANDARD_INPUT]:
            return "input", "standard input"
        return ("output", "standard stream") if any(places) else None


def leave_kept(before: "State", now: "State") -> "State":
    """The process as it is now, but for what a program may change for itself."""
    rows = zip(before, now, OBSERVED, strict=True)
    return tuple([old if is_kept(cause) else new for old, new, cause in rows])


def is_kept(cause: "Cause") -> bool:
    """Whether children have what a host changed; the standard streams are made anew."""
    return cause[0] in KEPT_AT_CHECKPOINT and cause[1] != "sys.stdout"
