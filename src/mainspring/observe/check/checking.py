"""Runs a program cold, cached and warm, and judges each kind of start by two plain ones."""

import os
from dataclasses import dataclass, replace
from typing import Any

from mainspring.errors import ChangesFilesError, NotEndedError
from mainspring.observe.check.comparing import Yardstick
from mainspring.observe.check.files import Places
from mainspring.observe.check.kinds import Kind, Row
from mainspring.observe.check.request import Request
from mainspring.observe.check.running import Run
from mainspring.observe.check.seen import Seen
from mainspring.observe.check.surroundings import Surroundings, list_children
from mainspring.observe.check.terminal import Terminal
from mainspring.observe.hosts import Host
from mainspring.reasons import COLD, ENDERS, HOST_ENDS, REASONS, VERDICTS
from mainspring.slot.placing import PACKAGE

USED = {"hit", "refreshed"}
WARM = "warm"
#: so many starts may be made until one is warm
MOST_STARTS = 6
HOST_SECONDS = 10.0
NO_MEANING = "Mainspring did not say why"
#: of a recorded start that nothing was learnt from
UNFINISHED = "unfinished"
UNFINISHED_MEANING = "it ended by os._exit(), by a signal, or as another program: nothing was learnt"


@dataclass(frozen=True)
class Start:
    """A run, and what the log said of it."""

    seen: Seen
    outcome: str | None

    @property
    def words(self) -> list[str]:
        return (self.outcome or "").split(" ")


class Check:
    """One program, started time and again."""

    def __init__(self, request: Request, surroundings: Surroundings, terminal: Terminal | None) -> None:
        self._request = request
        self._surroundings = surroundings
        self._terminal = terminal
        here, temporary = os.getcwd(), surroundings.temporary
        paths = list_paths((request.script, *request.arguments))
        self._places = Places([here, temporary, *paths], {temporary: "$TMPDIR"}, surroundings.folder)
        self._runs = 0

    def find_facts(self) -> dict[str, Any]:
        """What is found, as `--json` prints it.  Raises NotEndedError or ChangesFilesError."""
        plain = [self._start_plainly(), self._start_plainly()]
        changed = find_changed(*(start.seen for start in plain))
        if changed and not self._request.is_accepted:
            raise ChangesFilesError(self._request.script, changed)
        yardstick = Yardstick(*(start.seen for start in plain))
        rows = [Row("cold", "same", 2)]
        rows += self._check_cached(yardstick)
        rows += self._check_warm(yardstick)
        return {
            "program": os.path.abspath(self._request.script),
            "arguments": list(self._request.arguments),
            "interpreter": self._request.interpreter,
            "runs": self._runs,
            "kinds": [row.list_facts() for row in rows],
            "varying": yardstick.list_varying(),
            "not_compared": yardstick.list_unseen(),
            "changed": changed,
        }

    # ---- cold -------------------------------------------------------------------------------

    def _start_plainly(self) -> Start:
        """Raises NotEndedError."""
        off = {"MAINSPRING": "off"} if self._request.is_enabled else {}
        start = self._start(self._request.plain_command, off)
        if start.seen.is_cut_short:
            raise NotEndedError(self._request.script, self._request.seconds)
        return start

    def _start(self, command: list[str], extra: dict[str, str], spare: int | None = None) -> Start:
        """Start the program by *command*, and look at everything before and after."""
        surroundings, terminal = self._surroundings, self._terminal
        self._runs += 1
        surroundings.clear()
        if terminal is not None:
            terminal.prepare()
        before = self._places.take_snapshot()
        run = Run(command, {**surroundings.environment, **extra}, surroundings.input)
        shown = run.finish(self._request.seconds, terminal, spare)
        after = self._places.take_snapshot()
        seen = Seen(
            shown.status,
            shown.stdout,
            shown.stderr,
            self._places.list_changes(before, after),
            shown.descriptors,
            shown.is_cut_short,
            self._places.list_replaced(before, after),
        )
        return Start(seen, surroundings.read_outcome(self._request.script))

    # ---- cached -----------------------------------------------------------------------------

    def _check_cached(self, yardstick: Yardstick) -> list[Row]:
        first = self._start(self._request.compose_run(), {})
        if first.words[0] != "absent":
            return [make_missing("first", 1, first.outcome), make_missing("cached", 0, first.outcome)]
        second = self._start(self._request.compose_run(), {})
        rows = [judge("first", 1, first.seen, yardstick)]
        if second.words[0] not in USED:
            return [*rows, make_missing("cached", 1, second.outcome)]
        return [*rows, judge("cached", 1, second.seen, yardstick)]

    # ---- warm -------------------------------------------------------------------------------

    def _check_warm(self, yardstick: Yardstick) -> list[Row]:
        """Start the program with --warm until a host makes the start."""
        recorded: Row | None = None
        host: Host | None = None
        for number in range(1, MOST_STARTS + 1):
            spare = None if host is None else find_spare(host)
            start = self._start(self._request.compose_run("--warm"), {}, spare)
            if WARM in start.words:
                missing = make_missing("recorded", 0, "never")
                return [recorded or missing, self._judge_warm(start, number, yardstick)]
            if number == 1:
                recorded = self._judge_recorded(start, yardstick)
            state = self._surroundings.read_recipe_state()
            if not state or state.startswith("never"):
                break
            if number > 1:
                host = self._surroundings.await_host(HOST_SECONDS)
        reason = self._find_reason()
        return [recorded or make_missing("recorded", 0, reason), make_missing("warm", number, reason)]

    def _judge_recorded(self, start: Start, yardstick: Yardstick) -> Row:
        if not self._surroundings.read_recipe_state():
            return make_missing("recorded", 1, self._find_reason())
        return judge("recorded", 1, start.seen, yardstick)

    def _judge_warm(self, start: Start, number: int, yardstick: Yardstick) -> Row:
        """A warm child leaves to the kernel what it has open: the end of a full start would close it."""
        row = judge("warm", number, start.seen, yardstick)
        if any(one.facet == "descriptors" for one in row.differences):
            quick = self._start_with_quick_end()
            if quick.seen.descriptors == start.seen.descriptors:
                seen = replace(start.seen, descriptors=None)
                row = judge("warm", number, seen, yardstick)
        return row

    def _start_with_quick_end(self) -> Start:
        """Start plainly, and end as a warm child does (native/launcher/environment.c says how)."""
        old = self._request.environment.get("PYTHONPATH")
        extra = {
            "PYTHONPATH": f"{PACKAGE / 'start'}:{old}" if old else str(PACKAGE / "start"),
            "MAINSPRING_START": "1" if old is None else f"1:{old}",
            "MAINSPRING_WARM": "quick:2",
        }
        return self._start(self._request.plain_command, extra)

    def _find_reason(self) -> str:
        """Why the program has no warm start: a word of a table, and what is known beyond it."""
        state = self._surroundings.read_recipe_state()
        if state.startswith("never "):
            return state.removeprefix("never ")
        for line in reversed(self._surroundings.read_host_log()):
            _, _, told = line.partition(" ended ")
            if told:
                return told
        reason = self._surroundings.read_cold_reason()
        return UNFINISHED if reason == "recorded" and not state else reason


def find_changed(first: Seen, second: Seen) -> list[str]:
    """The files that the *first* run found and changed, and the *second* did not change likewise."""
    if first.files is None or second.files is None:
        return []
    return [path for path in first.replaced if second.files.get(path) != first.files[path]]


def judge(kind: Kind, runs: int, seen: Seen, yardstick: Yardstick) -> Row:
    differences = yardstick.compare(seen)
    return Row(kind, "differs" if differences else "same", runs, differences=differences)


def make_missing(kind: Kind, runs: int, reason: str | None) -> Row:
    """A row for a start that the program does not have."""
    words = (reason or "").split(" ")
    tables = (ENDERS, HOST_ENDS, COLD, REASONS, VERDICTS)
    rows = [table[word] for word in reversed(words) for table in tables if word in table]
    meaning = rows[0].meaning if rows else NO_MEANING
    if words == [UNFINISHED]:
        meaning = UNFINISHED_MEANING
    return Row(kind, "not-available", runs, words[-1] if kind == "first" else reason, meaning)


def find_spare(host: Host) -> int | None:
    """The child of *host* that will be the next start: the youngest, for a host that answers."""
    children = [] if host.pid is None else list_children(host.pid)
    return children[-1] if children else None


def list_paths(words: tuple[str, ...]) -> list[str]:
    """The paths that arguments name, also behind an equals sign; there may be nothing there yet."""
    values = [value for word in words for value in (word, word.partition("=")[2]) if value]
    return [os.path.abspath(value) for value in values if "/" in value or os.path.lexists(value)]
