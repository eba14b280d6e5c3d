"""The imports that come before anything else of consequence are noted, with what they read.

A recording begins where the script is about to run.  It ends with the first effect: of an import, which
then is left to the program, or of the program's own code between two imports, if it could matter to those
that follow.  Then everything is as in a plain start, and what was noted is written.
"""

import os
import sys
import time

from mainspring._warm import (
    find_patches,
    forget_names,
    keep,
    listen,
    remember_names,
)
from mainspring.places import open_folder
from mainspring.warm.effects import (
    is_on_record,
    judge_change,
    judge_event,
    judge_opening,
    judge_query,
    judge_reading,
    observe_process,
)
from mainspring.warm.recipe import BEFORE_PROGRAM, Recipe, add_recorded_start
from mainspring.warm.taps import Taps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mainspring.warm.effects import State
    from mainspring.warm.recipe import Cause

CHECKPOINT_EVENT = "mainspring.checkpoint"
#: what a program may do for itself before its checkpoint
KEPT_AT_CHECKPOINT = {"import-system", "patch", "warnings"}
TASKS = "/proc/self/task"


class Span:
    """An import, from its begin to its end."""

    def __init__(self, name: str, before: "State") -> None:
        self.name = name
        self.before = before
        self.began = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.spent_us = 0
        self.within: list[Span] = []
        self.failed = False
        self.is_tied = False  # to an import around it: by itself, it could come to something else


class Recorder:
    """Notes imports until one of them, or the program between them, does what is of consequence."""

    def __init__(self, on_end: "Callable[[], None]") -> None:
        self.on_end = on_end
        self.taps = Taps()
        self.is_on = False
        self.running: list[Span] = []
        self.done: list[Span] = []
        self.left_out: list[tuple[str, str, str]] = []
        self.names: set[str] = set()
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.searched: set[str] = set()
        self.ended: Cause | None = None
        self.effect: tuple[str, str, str] | None = None
        self.after: State = ()
        self.has_checkpoint = False

    def start(self) -> None:
        self.is_on = True
        self.taps.install(self.on_import, self.on_touch, self.on_query, self.on_print, self.on_read)
        self.after = observe_process()
        remember_names(type(judge_patches))
        if os.path.isdir(TASKS) and len(os.listdir(TASKS)) > 1:
            self.end("thread", BEFORE_PROGRAM)

    def stop(self) -> None:
        """Take everything away again, whatever became of it."""
        self.is_on = False
        listen(None)
        self.taps.remove()
        forget_names()
        self.running.clear()

    def end(self, reason: str, detail: str) -> None:
        """End the run of imports, with what has been found."""
        self.ended = (reason, detail)
        if self.running:
            self.leave_out(reason, detail)
        self.stop()
        self.on_end()

    def leave_out(self, reason: str, detail: str) -> None:
        """Leave the import at hand to the program, but for what it had imported before the effect."""
        outermost, innermost = self.running[0], self.running[-1]
        within = "" if innermost is outermost else f" in {innermost.name}"
        self.effect = (outermost.name, reason, f"{detail}{within}")
        self.left_out.append(self.effect)
        if not self.has_patches():
            around = [span.name for span in self.running]
            for span in self.running:
                self.done += find_free(span.within, around)

    def has_patches(self) -> bool:
        return bool(find_patches())

    # ---- what the native module tells ------------------------------------------------------------

    def on_import(self, name: str, succeeded: "bool | None") -> None:
        if not self.is_on:
            return
        try:
            if succeeded is None:
                self.begin_import(name)
            else:
                self.end_import(name, succeeded=succeeded)
        except Exception:  # noqa: BLE001 - a failure of ours ends the recording, not the program
            self.fail()

    def hear(self, event: str, arguments: "tuple[Any, ...]") -> None:
        """Called with each event of interest."""
        try:
            if event == "cpython.run_file":
                if not self.is_on:
                    self.start()
            elif event == CHECKPOINT_EVENT:
                self.reach_checkpoint()
            elif self.is_on:
                self.note_event(event, arguments)
        except Exception:  # noqa: BLE001 - as above
            self.fail()

    def reach_checkpoint(self) -> None:
        """The program wants its starts to begin here: nothing after that is recorded."""
        if self.is_on:
            self.has_checkpoint = True
            self.end("checkpoint", "")

    def on_touch(self, _: str, arguments: "tuple[Any, ...]") -> None:
        """An import comes past a module whose own import is not over."""
        self.tie(arguments[0])

    def on_query(self, name: str, arguments: "tuple[Any, ...]") -> None:
        if self.is_on and self.running:
            self.conclude(judge_query(name, arguments, self.running[-1].name))

    def on_print(self, _: str, arguments: "tuple[Any, ...]") -> None:
        if self.is_on and self.running and arguments[:1] not in {("",), (b"",)}:
            self.conclude(("output", "standard stream"))

    def on_read(self, kind: str, name: object) -> None:
        if not (self.is_on and self.running):
            return
        if kind == "arguments":
            self.conclude(("arguments", "sys.argv"))
            return
        self.conclude(judge_reading(name))
        if self.is_on:
            self.names.add(os.fsdecode(name))  # type: ignore[arg-type]  # judged

    def conclude(self, cause: "Cause | None") -> None:
        if cause is not None:
            self.end(*cause)

    def fail(self) -> None:
        self.ended = None
        self.stop()

    # ---- events ------------------------------------------------------------------------------------

    def note_event(self, event: str, arguments: "tuple[Any, ...]") -> None:
        if event == "open":
            if self.running:
                self.note_opening(arguments)
        elif event in {"os.listdir", "os.scandir"}:
            if self.running:
                self.note_listing(arguments[0])
        else:
            self.conclude(judge_event(event, arguments, is_import=bool(self.running)))

    def note_opening(self, arguments: "tuple[Any, ...]") -> None:
        path, _, flags = arguments
        cause = judge_opening(path, flags)
        if cause is not None:
            self.conclude(cause)
        elif isinstance(path, str | bytes) and is_on_record(os.fsdecode(path)):
            self.files.add(os.fsdecode(path))

    def note_listing(self, folder: object) -> None:
        if isinstance(folder, int):
            folder = os.readlink(f"/proc/self/fd/{folder}")
        name = "." if folder is None else os.fsdecode(folder)  # type: ignore[arg-type]
        if not name.startswith("/"):
            self.conclude(("folder", name))
        elif is_on_record(f"{name}/"):
            self.folders.add(name)

    # ---- imports ------------------------------------------------------------------------------------

    def begin_import(self, name: str) -> None:
        now = observe_process()
        if not self.running:
            self.begin_outermost(now)
            if not self.is_on:
                return
        self.searched.add(name.rpartition(".")[2])
        span = Span(name, now)
        self.running.append(span)
        span.is_tied = judge_change(self.running[0].before, now, is_import=True) is not None
        package = name.rpartition(".")[0]
        while package:
            self.tie(package)
            package = package.rpartition(".")[0]

    def begin_outermost(self, now: "State") -> None:
        """What the program has done by itself must not matter to this import."""
        cause = judge_change(self.after, now, is_import=False) or judge_patches()
        if cause is not None:
            self.end(*cause)
        else:
            self.taps.tap_arguments()

    def tie(self, name: str) -> None:
        """Note that the imports within that of *name* depend on it."""
        names = [span.name for span in self.running]
        if name in names:
            for span in self.running[names.index(name) + 1 :]:
                span.is_tied = True

    def end_import(self, name: str, *, succeeded: bool) -> None:
        span = self.running[-1]
        if span.name != name:
            raise RuntimeError(name)
        now = observe_process()
        span.failed = not succeeded
        span.spent_us = (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - span.began) // 1000
        cause = judge_change(span.before, now, is_import=True)
        if cause is None and len(self.running) == 1:
            cause = judge_patches()
        if cause is not None:
            self.end(*cause)
            return
        self.running.pop()
        if self.running:
            self.running[-1].within.append(span)
        else:
            self.end_outermost(span, now)

    def end_outermost(self, span: Span, now: "State") -> None:
        self.taps.release_arguments()
        self.done += find_free([span], [])
        span.within.clear()
        self.after = now
        remember_names(type(judge_patches))

    # ---- results ------------------------------------------------------------------------------------

    def describe(self, program: str, python: str) -> Recipe:
        recipe = Recipe(program, python)
        recipe.ahead = [(span.name, span.spent_us) for span in self.done]
        recipe.left_out = self.left_out
        recipe.names, recipe.files, recipe.folders = self.names, self.files, self.folders
        recipe.ended = self.ended
        recipe.has_checkpoint = self.has_checkpoint
        return recipe


def judge_patches() -> "Cause | None":
    for module, name in find_patches():
        return "patch", f"{module}.{name}"
    return None


def find_free(spans: "list[Span]", around: "list[str]") -> "list[Span]":
    """The outermost of *spans*, and of what is within them, that stand for themselves."""
    free = []
    for span in spans:
        is_below = any(span.name.startswith(f"{name}.") for name in around)
        if span.failed or span.is_tied or is_below:
            free += find_free(span.within, around)
        else:
            free.append(span)
    return free


# ---- a recorded start -----------------------------------------------------------------------------


def begin(folder: int, recipe_id: str, program: str, python: str) -> "Callable[[int | None], None]":
    """Record the start of *program*, and write what it teaches into the runtime folder.

    Takes over the descriptor *folder*.  Returns what completes the recording when the program's code
    has ended.  Raises OSError or RuntimeError.
    """
    recording = Recording(Place(folder), recipe_id, program, python)
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
        os.close(folder)

    def write(self, recipe_id: str, recorded: Recipe) -> None:
        """Add what was recorded.  Raises Refused or OSError."""
        folder = open_folder(self.path, (os.geteuid(),))
        try:
            status = os.fstat(folder)
            if (status.st_dev, status.st_ino) == self.identity:
                add_recorded_start(folder, recipe_id, recorded)
        finally:
            os.close(folder)
