"""The imports that come before anything else of consequence are noted, with what they read.

A recording begins where the script is about to run.  It ends with the first effect that could matter to
the imports that follow: then everything is as in a plain start, and what was noted is written.
"""

import os
import sys
import time

from mainspring._warm import find_patches, forget_names, get_kept, keep, listen, remember_names
from mainspring.places import open_folder
from mainspring.warm.changes import count_threads, judge_change, observe_process
from mainspring.warm.effects import (
    CHANGE_QUERIES,
    EVENTS,
    describe_effect,
    is_on_record,
    is_passing,
    judge_event,
    judge_opening,
    judge_query,
    judge_reading,
)
from mainspring.warm.mentions import collect_names, find_mentioned
from mainspring.warm.recipe import BEFORE_PROGRAM, Recipe, add_recorded_start
from mainspring.warm.taps import Taps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mainspring.warm.changes import State
    from mainspring.warm.recipe import Cause

ONE_THREAD = 3  # as count_threads has it
READINGS = ("open", "os.listdir", "os.scandir")
MOST_PATHS = 10_000  # a program may go on for days without an effect


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


class Readings:
    """What code read, and the first thing that it did or asked for that an import must not."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.cause: Cause | None = None

    def add(self, event: str, path: str) -> None:
        paths = self.files if event == "open" else self.folders
        if len(paths) < MOST_PATHS:
            paths.add(path)

    def update(self, others: "Readings") -> None:
        self.names |= others.names
        self.files |= others.files
        self.folders |= others.folders


class Recorder:
    """Notes imports until one of them, or the program between them, does what is of consequence.

    An import whose effect is its own affair (it read sys.argv, say) is left to the program.  Its code
    counts as the program's from then on: what it goes on to import is noted as if the program did.
    """

    def __init__(self, on_end: "Callable[[], None]", *, is_host: bool = False) -> None:
        self.on_end = on_end
        self.is_host = is_host  # there, any effect is the end
        self.taps = Taps()
        self.is_on = False
        self.running: list[Span] = []
        self.left = 0  # so many of those, from the first on, are left to the program
        self.done: list[Span] = []
        self.left_out: list[tuple[str, str, str]] = []
        self.left_names: set[str] = set()  # the modules of those rows
        self.read = Readings()  # by imports
        self.own = Readings()  # by the program's own code, before a checkpoint
        self.searched: set[str] = set()
        self.ended: Cause | None = None
        self.effect: tuple[str, str, str] | None = None
        self.has_checkpoint = False
        self.patched: set[str] = set()  # names that the program has bound to functions of its own
        self.after: State = ()
        self.loaded: set[str] = set()

    @property
    def is_importing(self) -> bool:
        """Whether the code at hand is that of an import, and not the program's own."""
        return self.is_on and len(self.running) > self.left

    @property
    def readings(self) -> Readings:
        return self.read if self.is_importing else self.own

    def start(self) -> None:
        self.is_on = True
        self.taps.install(self)
        self.remember(observe_process())
        if count_threads() > ONE_THREAD:
            self.end("thread", BEFORE_PROGRAM)

    def stop(self) -> None:
        """Take everything away again, whatever became of it."""
        self.is_on = False
        listen(None)
        self.taps.remove()
        forget_names()
        self.running.clear()
        self.after = ()
        self.loaded.clear()

    def fail(self) -> None:
        """A failure of ours ends the recording, not the program."""
        self.ended = None
        self.stop()

    def remember(self, now: "State") -> None:
        """What the program does before its next import is to be compared with this."""
        self.taps.release_arguments()
        self.after = now
        self.loaded = set(sys.modules)
        remember_names(type(judge_change))

    # ---- effects ----------------------------------------------------------------------------------

    def end(self, reason: str, detail: str) -> None:
        """End the run of imports: what follows may depend on what happened."""
        self.ended = (reason, detail)
        if self.is_importing:
            self.leave_running(reason, detail, keeps=not self.find_patch())
        self.stop()
        self.on_end()

    def leave(self, reason: str, detail: str) -> None:
        """Leave the imports at hand to the program, and go on."""
        change = judge_change(self.running[self.left].before, observe_process())
        cause = self.find_patch() or change
        if cause is None or is_passing(cause) or not is_passing((reason, detail)):
            cause = (reason, detail)
        if self.is_host or not is_passing(cause):
            self.end(*cause)
            return
        self.leave_running(reason, detail, keeps=True)
        self.left = len(self.running)
        if change is not None:
            self.taps.tap_change(change[0], self)
        self.remember(observe_process())

    def leave_running(self, reason: str, detail: str, *, keeps: bool) -> None:
        """Note who is left to the program, but for what they had imported before their effect."""
        innermost = self.running[-1].name
        for span in self.running[self.left :]:
            described = describe_effect(detail, "" if span.name == innermost else innermost)
            self.leave_out(span.name, reason, described)
            self.effect = self.effect or self.left_out[-1]
        for span in self.running[self.left :]:
            self.keep_free(span.within, keeps=keeps)
            span.within.clear()

    def judge(self, cause: "Cause | None") -> None:
        """Draw the conclusion from what the code at hand was seen to do."""
        if cause is None:
            return
        if self.is_importing:
            self.leave(*cause)
        elif self.own.cause is None:
            self.own.cause = cause

    def leave_out(self, name: str, reason: str, detail: str) -> None:
        self.left_out.append((name, reason, detail))
        self.left_names.add(name)
        self.taps.mark(name)

    def keep_free(self, spans: "list[Span]", *, keeps: bool = True) -> None:
        """Note those of *spans*, and of what is within them, that stand for themselves."""
        around = [one.name for one in self.running[: self.left or None]]
        for span in spans:
            is_below = any(span.name.startswith(f"{name}.") for name in around)
            if keeps and not (span.failed or span.is_tied or is_below):
                self.done.append(span)
            else:
                self.leave_out(span.name, "failed" if span.failed else "needs-other", "")
                self.keep_free(span.within, keeps=keeps)

    def find_patch(self, is_seen: "Callable[[str], bool] | None" = None) -> "Cause | None":
        """What was replaced in a module since that was complete."""
        unfinished = {span.name for span in self.running}
        for module, name, _, _ in find_patches():
            if module not in unfinished and (is_seen is None or is_seen(name)):
                return "patch", f"{module}.{name}"
        return None

    def judge_program_patches(self) -> "Cause | None":
        """What stands against further imports among what the program did to modules."""
        for name in sys.modules.keys() - self.loaded - {span.name for span in self.running}:
            return "import-system", f"sys.modules[{name!r}]"
        unfinished = {span.name for span in self.running}
        for module, name, _, function in find_patches():
            if module not in unfinished:
                if not self.taps.watch_calls(function, self.on_query):
                    return "patch", f"{module}.{name}"
                self.patched.add(name)
        return None

    def is_mentioned(self, name: str) -> bool:
        """Whether the program's own code may have used *name*: see mentions.py."""
        return bool(find_mentioned([name], [module for module, _, _ in self.left_out]))

    # ---- what the native module tells --------------------------------------------------------------

    def on_import(self, name: str, succeeded: "bool | None") -> None:
        if not self.is_on:
            return
        try:
            if succeeded is None:
                self.begin_import(name)
            else:
                self.end_import(name, succeeded=succeeded)
        except Exception:  # noqa: BLE001 - see fail
            self.fail()

    def hear(self, event: str, arguments: "tuple[Any, ...]") -> None:
        """Called with each event of interest."""
        try:
            if event == "cpython.run_file":
                if not self.is_on:
                    self.start()
            elif self.is_on:
                self.note_event(event, arguments)
        except Exception:  # noqa: BLE001 - see fail
            self.fail()

    def on_query(self, what: str, asked: "Any") -> None:
        """Called when a tapped function is called, or a tapped container is read."""
        try:
            if what == "touch":
                self.tie(asked[0])
            elif what == "thread" and self.is_on:
                self.end("thread", "_thread.start_new_thread")
            elif what == "from":
                self.tie_parts(*asked[:2])
            elif self.is_on:
                self.note_query(what, asked)
        except Exception:  # noqa: BLE001 - see fail
            self.fail()

    # ---- events --------------------------------------------------------------------------------------

    def note_event(self, event: str, arguments: "tuple[Any, ...]") -> None:
        cause = judge_event(event, arguments)
        if cause is not None:
            self.end(*cause)
        elif event == "exec":
            self.note_code(arguments[0])
        elif event not in EVENTS:
            self.note_reading(event, arguments)

    def note_code(self, code: "Any") -> None:
        """A module's code is about to run: what it takes from others was not to be replaced."""
        if self.patched and self.is_importing:
            known: set[str] = set()
            collect_names(code, known)
            for name in sorted(known & self.patched):
                self.leave("patched", name)
                break

    def note_reading(self, event: str, arguments: "tuple[Any, ...]") -> None:
        path = arguments[0]
        if isinstance(path, int) and event != "open":
            path = os.readlink(f"/proc/self/fd/{path}")
        path = os.fsdecode(path) if isinstance(path, str | bytes) else ""
        cause = judge_opening(event, path, arguments)
        if cause is None and event in READINGS and is_on_record(path):
            self.readings.add(event, path)
        self.judge(cause)

    def note_query(self, what: str, asked: "Any") -> None:
        if what == "environment":
            cause = judge_reading(asked)
            if cause is None:
                self.readings.names.add(os.fsdecode(asked))
        else:
            cause = judge_query(what, asked, self.running[-1].name if self.running else "")
        self.judge(cause)

    # ---- imports -------------------------------------------------------------------------------------

    def begin_import(self, name: str) -> None:
        now = observe_process()
        if self.is_importing:
            change = judge_change(self.running[self.left].before, now)
            is_tied = change is not None and not is_passing(change)
            if change is not None and change[0] in CHANGE_QUERIES:
                self.leave(*change)
        else:
            is_tied = False
            self.end_program_code(now)
        if self.is_on:
            self.push(Span(name, now), is_tied=is_tied)

    def push(self, span: Span, *, is_tied: bool) -> None:
        self.searched.add(span.name.rpartition(".")[2])
        self.taps.tap_arguments()
        self.running.append(span)
        span.is_tied = is_tied
        package = span.name.rpartition(".")[0]
        while package and self.is_on:
            self.tie(package)
            package = package.rpartition(".")[0]

    def end_program_code(self, now: "State") -> None:
        """What the program has done by itself must not matter to the import that begins."""
        change = judge_change(self.after, now)
        cause = self.judge_program_patches() if change is None or is_passing(change) else change
        if cause is not None:
            self.end(*cause)
        elif change is not None:
            self.taps.tap_change(change[0], self)
        if self.is_on:
            self.remember(now)

    def tie(self, name: str) -> None:
        """Note that the imports within that of *name*, which is not over, depend on it."""
        names = [span.name for span in self.running]
        if name not in names:
            if name in self.left_names and self.is_importing:
                self.leave("needs-other", name)
            return
        place = names.index(name)
        for span in self.running[place + 1 :]:
            span.is_tied = True
        if place < self.left < len(self.running):
            self.leave("needs-other", name)

    def tie_parts(self, package: "Any", names: "Any") -> None:
        """Note that the import at hand takes *names*, which may be modules, from *package*."""
        for name in names:
            self.tie(f"{package.__name__}.{name}")

    def end_import(self, name: str, *, succeeded: bool) -> None:
        span = self.running[-1]
        if span.name != name:
            raise RuntimeError(name)
        span.spent_us = (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - span.began) // 1000
        span.failed = not succeeded
        now = observe_process()
        if self.is_importing:
            self.judge_end(span, now)
        else:
            self.end_program_code(now)
        if self.is_on:
            self.pop(span)

    def judge_end(self, span: Span, now: "State") -> None:
        cause = judge_change(span.before, now)
        if cause is None and len(self.running) == self.left + 1:
            cause = self.find_patch(is_seen=self.is_mentioned)
            self.remember(now)
        if cause is not None:
            self.leave(*cause)

    def pop(self, span: Span) -> None:
        self.running.pop()
        if self.is_importing:
            self.running[-1].within.append(span)
            return
        if len(self.running) < self.left:
            self.left -= 1
            self.taps.mark(span.name)
        else:
            self.keep_free([span])
            span.within.clear()
        self.remember(observe_process())

    def reach_checkpoint(self) -> None:
        """The program's code so far is what a host is to run, if an import may do all that."""
        if not self.is_on:
            return
        if self.own.cause is not None:
            self.end(*self.own.cause)
            return
        self.has_checkpoint = True
        self.read.update(self.own)
        self.stop()
        self.on_end()

    # ---- results -------------------------------------------------------------------------------------

    def describe(self, program: str, python: str) -> Recipe:
        recipe = Recipe(program, python)
        recipe.ahead = [(span.name, span.spent_us) for span in self.done]
        recipe.left_out = self.left_out
        recipe.names, recipe.files = self.read.names, self.read.files
        recipe.folders = self.read.folders
        recipe.has_checkpoint = self.has_checkpoint
        recipe.ended = self.ended
        return recipe


# ---- a recorded start -----------------------------------------------------------------------------


def begin(folder: int, recipe_id: str, program: str, python: str) -> "Callable[[int | None], None]":
    """Record the start of *program*, and write what it teaches into the runtime folder.

    Takes over the descriptor *folder*.  Returns what completes the recording when the program's code
    has ended.  Raises OSError or RuntimeError.
    """
    place = Place(folder)

    def write() -> None:
        try:
            place.write(recipe_id, recorder.describe(program, python))
        except Exception:  # noqa: BLE001 - the program's start is what matters
            pass

    def finish(_: int | None) -> None:
        if recorder.is_on:
            recorder.end("program-end", "")

    recorder = Recorder(write)
    keep(recorder)
    listen(recorder.hear)
    return finish


class Place:
    """The runtime folder, remembered without a descriptor that the program could find or close."""

    def __init__(self, folder: int) -> None:
        status = os.fstat(folder)
        self.identity = (status.st_dev, status.st_ino)
        self.path = os.readlink(f"/proc/self/fd/{folder}")
        self.process = os.getpid()
        os.close(folder)

    def write(self, recipe_id: str, recorded: Recipe) -> None:
        """Add what was recorded.  Raises Refused or OSError."""
        if os.getpid() != self.process:
            return  # a child, before it runs another program
        folder = open_folder(self.path, (os.geteuid(),))
        try:
            status = os.fstat(folder)
            if (status.st_dev, status.st_ino) == self.identity:
                add_recorded_start(folder, recipe_id, recorded)
        finally:
            os.close(folder)


def note_checkpoint() -> None:
    """The program called mainspring.checkpoint(): nothing after that is recorded."""
    recorder = get_kept()
    if recorder is not None:
        recorder.reach_checkpoint()  # type: ignore[attr-defined]  # a Recorder of another module object
