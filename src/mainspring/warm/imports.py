"""Each import is noted where it begins and where it ends, with what happened in it and between two.

Where modules are loaded lazily, that is where the code of a module is run: see lazy.py.
"""

import sys
import time

from mainspring.warm.changes import has_other_filters, judge_change
from mainspring.warm.effects import C_ENVIRONMENT, CHANGE_QUERIES, is_passing
from mainspring.warm.importrun import OTHER_FINDERS, ImportRun
from mainspring.warm.lazy import LazyRun, find_loading, is_lazy_path
from mainspring.warm.recipe import FOUND, LOADED
from mainspring.warm.spans import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from mainspring.warm.changes import State
    from mainspring.warm.recipe import Cause

META_PATH = 2  # its place in a State
OTHER_STREAMS = ("patch", "sys.stdout")
OWN_FILTERS = ("warnings", "warnings.filters")
WARNINGS = ("warnings", "_warnings")  # with which code comes to them


class Imports(ImportRun):
    """Follows the imports of a start."""

    # ---- imports -------------------------------------------------------------------------------------

    def on_import(self, name: str, succeeded: "bool | None") -> None:
        """Called where an import begins (None), and where it ends."""
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
        is_within = len(self.running) > self.left + 1
        if cause is None and not is_within:
            cause = self.find_patch(is_seen=self.is_mentioned)
        if cause is None and has_other_filters(span.before, now):
            span.is_tied |= is_within  # what is around it may put the filters back
            cause = None if is_within else self.find_look_at_filters()
        if cause is not None:
            self.leave(*cause)

    def find_look_at_filters(self) -> "Cause | None":
        """The program would find in a host what an import has yet to add, or have it in another order."""
        return OWN_FILTERS if any(map(self.is_mentioned, WARNINGS)) else None

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
