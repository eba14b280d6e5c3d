"""The run of a program's imports: which may come before it, and which are left to it.

The run ends with the first effect that could matter to the imports that follow.  An import whose effect
is its own affair (it read sys.argv, say) is left to the program, and its code counts as the program's
from then on: what it goes on to import is noted as if the program did.
"""

import sys

from mainspring._warm import find_patches, forget_names, listen, remember_names
from mainspring.warm.changes import copy_environment, count_threads, judge_change, observe_process
from mainspring.warm.effects import C_ENVIRONMENT, KEPT_RESULTS, describe_effect, is_passing
from mainspring.warm.mentions import find_mentioned
from mainspring.warm.patches import Patches
from mainspring.warm.recipe import BEFORE_PROGRAM, FOUND
from mainspring.warm.spans import Readings, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.warm.changes import State
    from mainspring.warm.lazy import LazyRun
    from mainspring.warm.recipe import Cause
    from mainspring.warm.sight import Sight
    from mainspring.warm.taps import Taps

OTHER_FINDERS = ("import-system", "sys.meta_path")
FUNCTION = type(judge_change)
ONE_THREAD = 3  # as count_threads has it


class ImportRun:
    """The imports so far, and what is known about them."""

    def __init__(self, taps: "Taps", on_end: "Callable[[], None]", sight: "Sight | None") -> None:
        self.taps = taps
        self.on_end = on_end
        self.sight = sight
        self.is_host = sight is not None  # there, any effect is the end
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
