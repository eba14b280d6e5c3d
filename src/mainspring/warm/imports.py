"""The run of a program's imports: which may come before it, and which are left to it.

The run ends with the first effect that could matter to the imports that follow.  An import whose effect
is its own affair (it read sys.argv, say) is left to the program, and its code counts as the program's
from then on: what it goes on to import is noted as if the program did.
"""

import sys
import time

from mainspring._warm import find_patches, forget_names, listen, remember_names
from mainspring.warm.changes import copy_environment, count_threads, judge_change, observe_process
from mainspring.warm.effects import (
    C_ENVIRONMENT,
    CHANGE_QUERIES,
    KEPT_RESULTS,
    describe_effect,
    is_passing,
)
from mainspring.warm.lazy import LazyRun, find_loading, is_lazy_path
from mainspring.warm.mentions import find_mentioned
from mainspring.warm.patches import Patches
from mainspring.warm.recipe import BEFORE_PROGRAM, FOUND, LOADED
from mainspring.warm.spans import Readings, Span
from mainspring.warm.taps import Taps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mainspring.warm.changes import State
    from mainspring.warm.recipe import Cause
    from mainspring.warm.sight import Sight

META_PATH = 2  # its place in a State
OTHER_FINDERS = ("import-system", "sys.meta_path")
OTHER_STREAMS = ("patch", "sys.stdout")
FUNCTION = type(judge_change)
ONE_THREAD = 3  # as count_threads has it


class ImportRun:
    """The imports so far, and what is known about them."""

    def __init__(self, on_end: "Callable[[], None]", sight: "Sight | None" = None) -> None:
        self.on_end = on_end
        self.sight = sight
        self.is_host = sight is not None  # there, any effect is the end
        self.taps = Taps(self.on_import, self.on_query)
        self.is_on = False
        self.running: list[Span] = []
        self.left = 0  # so many of those, from the first on, are left to the program
        self.done: list[Span] = []
        self.left_out: list[tuple[str, str, str]] = []
        self.left_names: set[str] = set()  # the modules of those rows
        self.read = Readings(float("inf"))  # by imports that may come ahead
        self.own = Readings()  # by the program's own code, before a checkpoint
        self.searched: set[str] = set()
        self.ended: Cause | None = None
        self.effect: tuple[str, str, str] | None = None
        self.has_checkpoint = False
        self.modules = 0
        self.patches = Patches()  # by the program
        self.after: State = ()
        self.loaded: set[str] = set()
        self.lazy: LazyRun | None = None  # from where modules are loaded lazily
        self.environment: dict[bytes, bytes] = {}
        self.generators: dict[str, object] = {}
        self.variables: dict[bytes, object] = {}  # that code in C finds, and os.environ does not
        self.words: list[str] = []  # as sys.argv had them

    @property
    def is_importing(self) -> bool:
        """Whether the code at hand is that of an import, and not the program's own."""
        return self.is_on and len(self.running) > self.left

    @property
    def readings(self) -> Readings:
        return self.running[-1].readings if self.is_importing else self.own

    def start(self) -> None:
        self.is_on = True
        self.environment = copy_environment()
        self.words = [*sys.argv]
        self.taps.install()
        self.remember(self.observe())
        if count_threads() > ONE_THREAD:
            self.end("thread", BEFORE_PROGRAM)

    def stop(self) -> None:
        """Take everything away again, whatever became of it."""
        self.is_on = False
        listen(None)
        self.taps.remove()
        forget_names()
        for span in [*self.running, *self.done]:
            span.forget()
        self.running.clear()
        self.after = ()
        self.loaded.clear()
        self.generators.clear()
        self.variables.clear()

    def fail(self) -> None:
        """A failure of ours ends the recording, not the program."""
        self.ended = None
        self.stop()

    def observe(self) -> "State":
        return observe_process(self.environment, self.variables, self.generators)

    def remember(self, now: "State") -> None:
        """What the program does before its next import is to be compared with this."""
        remember_names(FUNCTION)
        self.remember_process(now)

    def remember_process(self, now: "State") -> None:
        self.taps.release_arguments()
        self.after = now
        self.loaded = set(sys.modules)

    # ---- effects ----------------------------------------------------------------------------------

    def end(self, reason: str, detail: str) -> None:
        """End the run of imports: what follows may depend on what happened."""
        self.ended = (reason, detail)
        if self.is_importing:
            self.leave_running(reason, detail, keeps=not self.find_patch())
        if self.lazy is not None and not self.lazy.is_plain():
            self.done = [span for span in self.done if not span.how]
            self.ended = OTHER_FINDERS
        self.stop()
        self.on_end()

    def leave(self, reason: str, detail: str) -> None:
        """Leave the imports at hand to the program, and go on."""
        change = judge_change(self.running[self.left].before, self.observe())
        if change == C_ENVIRONMENT:
            change = None  # it may be set back: see push, end_program_code
        cause = self.find_patch(is_seen=self.is_mentioned_by_left) or change
        if cause is None or is_passing(cause) or not is_passing((reason, detail)):
            cause = (reason, detail)
        if self.is_host or not is_passing(cause):
            self.end(*cause)
            return
        self.leave_running(reason, detail, keeps=True)
        self.left = len(self.running)
        self.taps.unfollow_code()
        if change is not None:
            self.taps.tap_change(change[0])
        self.remember(self.observe())

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
                for readings in span.list_readings():
                    self.read.update(readings)
            elif span.how != FOUND:
                self.leave_out(span.name, "failed" if span.failed else "needs-other", "")
                self.keep_free(span.within, keeps=keeps)

    def find_patch(self, is_seen: "Callable[[str], bool] | None" = None) -> "Cause | None":
        """What was replaced in a module since that was complete."""
        for module, name, _, _ in find_patches():
            if self.is_patch(module, name) and (is_seen is None or is_seen(name)):
                return "patch", f"{module}.{name}"
        return None

    def judge_program_patches(self) -> "Cause | None":
        """What stands against further imports among what the program did to modules."""
        running = {span.name for span in self.running}
        new = set() if self.lazy is not None else sys.modules.keys() - self.loaded - running
        for name in new:
            return "import-system", f"sys.modules[{name!r}]"
        return self.patches.note(remember_names(FUNCTION), running)

    def is_patch(self, module: str, name: str) -> bool:
        """Whether *module* is complete, and *name* no place where it keeps what it has worked out."""
        return (module, name) not in KEPT_RESULTS and all(span.name != module for span in self.running)

    def is_mentioned(self, name: str) -> bool:
        """Whether the program's own code may have used *name*: see mentions.py."""
        return bool(find_mentioned([name], [module for module, _, _ in self.left_out]))

    def is_mentioned_by_left(self, name: str) -> bool:
        """The same, for the program's code and that of the imports that are about to be left to it."""
        left = [*(module for module, _, _ in self.left_out), *(span.name for span in self.running)]
        return bool(find_mentioned([name], left))

    # ---- imports -------------------------------------------------------------------------------------

    def on_import(self, name: str, succeeded: "bool | None") -> None:
        if not self.is_on:
            return
        try:
            if succeeded:
                self.taps.divert_calls(name)
            if self.lazy is not None:
                self.note_search(self.lazy, name, succeeded)
            elif succeeded is None:
                self.begin_import(name)
            else:
                self.end_import(name, succeeded=succeeded)
        except Exception:  # noqa: BLE001 - see fail
            self.fail()

    def on_query(self, what: str, asked: "Any") -> None:
        """Called when a tapped function is called, or a tapped container is read."""
        raise NotImplementedError

    # ---- imports that only find a module, which is loaded later (see lazy.py) -------------------------

    def begin_lazy(self, now: "State") -> bool:
        """Whether all that the program has done is to have its modules loaded lazily from now on."""
        before, after = self.after[META_PATH], now[META_PATH]
        others = (*self.after[:META_PATH], after, *self.after[META_PATH + 1 :])
        is_all = judge_change(others, now) is None and not sys.modules.keys() - self.loaded
        if self.running or self.is_host or not is_all or not is_lazy_path(before, after):
            return False
        self.follow_loads()
        return True

    def follow_loads(self) -> None:
        """From now on, what runs the code of a module is not its import, but its load."""
        self.lazy = LazyRun()
        self.taps.tap_loading(self.on_load)

    def note_search(self, lazy: LazyRun, name: str, succeeded: "bool | None") -> None:
        """Called where the program, or a load, begins or ends an import."""
        if not self.is_importing:
            self.end_program_code(self.observe())
        if not self.is_on:
            return
        if succeeded is None:
            lazy.searching.append(name)
            self.searched.add(name.rpartition(".")[2])
            return
        lazy.searching.pop()
        found = Span(name, (), FOUND)
        if succeeded and self.is_importing:
            self.running[-1].within.append(found)
        elif succeeded:
            self.done.append(found)

    def on_load(self, arguments: "tuple[Any, ...]", succeeded: "bool | None") -> None:
        """Called before and after importlib calls a function, as it does for a module's code."""
        try:
            name = find_loading(arguments)
            if not self.is_on or self.lazy is None or not name:
                return
            if succeeded is None:
                self.lazy.note_load(name)
                self.begin_import(name, LOADED)
            else:
                self.end_import(name, succeeded=succeeded)
        except Exception:  # noqa: BLE001 - see fail
            self.fail()

    # ---- plain imports ---------------------------------------------------------------------------------

    def begin_import(self, name: str, how: str = "") -> None:
        now = self.observe()
        if self.is_importing:
            change = judge_change(self.running[self.left].before, now)
            is_tied = change is not None and not is_passing(change)
            if change is not None and change[0] in CHANGE_QUERIES:
                self.leave(*change)
        else:
            is_tied = False
            self.end_program_code(now)
        if self.is_on and self.lazy is not None and not how:
            self.lazy.searching.append(name)
        elif self.is_on:
            self.push(Span(name, now, how), is_tied=is_tied)

    def push(self, span: Span, *, is_tied: bool) -> None:
        self.searched.add(span.name.rpartition(".")[2])
        self.taps.tap_arguments()
        self.running.append(span)
        span.is_tied = is_tied or bool(self.variables)
        if self.patches:
            self.taps.follow_code()
        package = span.name.rpartition(".")[0]
        while package and self.is_on:
            self.tie(package)
            package = package.rpartition(".")[0]

    def end_program_code(self, now: "State") -> None:
        """What the program has done by itself must not matter to the import that begins."""
        change = judge_change(self.after, now)
        if self.lazy is not None and change == OTHER_STREAMS:
            self.patches.has_streams = True
            change = None
        is_compared = change is None or is_passing(change)
        cause = self.judge_program_patches() if is_compared else change
        if self.variables and not self.running:
            cause = C_ENVIRONMENT
        if cause == OTHER_FINDERS and self.begin_lazy(now):
            pass
        elif cause is not None:
            self.end(*cause)
        elif change is not None:
            self.taps.tap_change(change[0])
        if self.is_on and is_compared:
            self.remember_process(now)
        elif self.is_on:
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
        now = self.observe()
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
        if cause is not None:
            self.leave(*cause)

    def pop(self, span: Span) -> None:
        self.running.pop()
        if self.is_importing:
            self.running[-1].within.append(span)
            return
        self.taps.unfollow_code()
        if len(self.running) < self.left:
            self.left -= 1
            self.taps.mark(span.name)
            return  # see end_program_code, or leave
        self.keep_free([span])
        span.within.clear()
        self.remember(self.observe())
