"""What a start's imports and its own code do is heard, and the conclusions are drawn."""

import os
import sys

from mainspring.warm.callers import judge_call, note_variable
from mainspring.warm.changes import judge_change
from mainspring.warm.effects import (
    ARGUMENT_SELECTORS,
    ASKING,
    C_ENVIRONMENT,
    EVENTS,
    RENEWED_ARGUMENTS,
    TOLD,
    find_asked,
    is_on_record,
    judge_asking,
    judge_event,
    judge_opening,
    judge_query,
    judge_reading,
)
from mainspring.warm.imports import Imports
from mainspring.warm.mentions import collect_names
from mainspring.warm.recipe import AT_ONCE, BEFORE_PROGRAM, FOUND, LOADED, Recipe
from mainspring.warm.siterun import look_at_site
from mainspring.warm.taps import Taps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from mainspring.warm.recipe import Cause
    from mainspring.warm.sight import Sight

CHECKPOINT_EVENT = "mainspring.checkpoint"
#: what a program may do for itself before its checkpoint
KEPT_AT_CHECKPOINT = {"import-system", "patch", "warnings"}
READINGS = ("open", "os.listdir", "os.scandir")
OF_SITE = ("site", BEFORE_PROGRAM)


class Recorder(Imports):
    """An ImportRun that is told of events, calls and readings."""

    def __init__(self, on_end: "Callable[[], None]", sight: "Sight | None" = None) -> None:
        super().__init__(Taps(self.on_import, self.on_query), on_end, sight)

    def start(self) -> None:
        site = look_at_site()
        self.read.update(site.readings)
        if self.sight is not None:
            for path in site.readings.files:
                self.sight.note(path)
        super().start()
        if self.is_on and site.is_of_caller:
            self.end(*OF_SITE)

    # ---- what the native module tells --------------------------------------------------------------

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
        except Exception:  # noqa: BLE001 - see fail
            self.fail()

    def on_query(self, what: str, asked: "Any") -> None:
        """Called when a tapped function is called, or a tapped container is read."""
        try:
            if what == "touch":
                self.tie(asked[0])
            elif what == "thread" and self.is_on:
                self.end("thread", "_thread.start_new_thread")
            elif what == "code" and self.is_on:
                self.note_code(asked)
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
        """Some code is run by an import: it might use what the program has replaced."""
        is_told = self.taps.is_following
        if self.is_importing and self.patches:
            name = self.patches.find_mention(code, None if is_told else collect_names(code))
            if name:
                self.leave("patched", name)

    def note_reading(self, event: str, arguments: "tuple[Any, ...]") -> None:
        path = arguments[0]
        if isinstance(path, int) and event != "open":
            path = os.readlink(f"/proc/self/fd/{path}")
        path = os.fsdecode(path) if isinstance(path, str | bytes) else ""
        if event in READINGS and (path or event != "open"):
            path = self.find_place(path)
        cause = judge_opening(event, path, arguments)
        if cause is None and event in READINGS and is_on_record(path):
            self.note_path(event, path)
        self.judge(cause)

    def note_path(self, event: str, path: str) -> None:
        if self.sight is not None:
            self.sight.note(path)
        self.readings.add(event, path)

    def find_place(self, path: str) -> str:
        """The absolute path of *path*: if that is another one, the working directory selects the host."""
        if path.startswith("/"):
            return path
        self.readings.selects.add("folder")
        here = os.getcwd()
        return os.path.join(here, path) if path else here

    def note_query(self, what: str, asked: "Any") -> None:
        if what == "environment":
            cause = judge_reading(asked)
            if cause is None:
                self.readings.names.add(os.fsdecode(asked))
        elif what in ASKING:
            cause = self.note_asking(what, find_asked(asked))
        elif what == "arguments" and self.is_renewed():
            cause = None
        elif what in ARGUMENT_SELECTORS:
            cause = self.note_arguments(what)
        elif "." in what:
            cause = judge_call(what, asked, sys._getframe(2))  # on_query's caller
        else:
            cause = judge_query(what, asked, self.running[-1].name if self.running else "")
            if cause is not None and cause[0] == "folder":
                cause = None
                self.readings.selects.add("folder")
        if cause == C_ENVIRONMENT:
            note_variable(self.variables, asked, self.environment)  # it may be set back
        else:
            self.judge(cause)

    def note_asking(self, what: str, path: "str | None") -> "Cause | None":
        path = self.find_place(path) if path else path
        cause = judge_asking(what, path)
        if cause is None and path and is_on_record(path):
            self.note_path("open", path)
        return cause

    def is_renewed(self) -> bool:
        """Whether it is a module that reads sys.argv for what children make anew."""
        name = self.running[-1].name if self.running else ""
        return name in RENEWED_ARGUMENTS and sys.argv == self.words

    def note_arguments(self, what: str) -> "Cause | None":
        """What the launcher can tell of sys.argv selects the host, unless the program has changed it."""
        if sys.argv != self.words:
            return TOLD["arguments"]
        self.readings.selects.add(what)
        return None

    def reach_checkpoint(self) -> None:
        """The program's code so far is what a host is to run, if an import may do all that."""
        if not self.is_on:
            return
        cause = self.own.cause or judge_change(self.after, self.observe())
        if cause is not None:
            self.end(*cause)
            return
        self.has_checkpoint = True
        self.read.update(self.own)
        self.stop()
        self.on_end()

    # ---- results -------------------------------------------------------------------------------------

    def describe(self, program: str, python: str) -> Recipe:
        """What was found and not loaded is left to the program: importing it once more would load it."""
        recipe = Recipe(program, python)
        loaded = {span.name for span in self.done if span.how == LOADED}
        at_once = [] if self.lazy is None else sorted(self.lazy.at_once)
        recipe.ahead = [(f"{AT_ONCE} {name}", 0) for name in at_once]
        recipe.ahead += [span.row for span in self.done if span.how != FOUND or span.name in loaded]
        recipe.left_out = self.left_out
        recipe.files = find_origins(module for module, *_ in self.left_out)
        recipe.files |= self.read.files
        recipe.names, recipe.folders = self.read.names, self.read.folders
        recipe.selects = self.read.selects
        recipe.has_checkpoint = self.has_checkpoint
        recipe.ended, recipe.modules = self.ended, self.modules
        return recipe


def find_origins(names: "Iterable[str]") -> set[str]:
    """The files of modules that are left to the program: once changed, they may come ahead."""
    specs = [getattr(sys.modules.get(name), "__spec__", None) for name in names]
    return {spec.origin for spec in specs if spec is not None and spec.has_location}
