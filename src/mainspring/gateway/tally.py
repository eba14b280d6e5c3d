"""What requests come to is counted by script, in bounded memory, whatever clients ask for."""

from __future__ import annotations

import time
from collections import Counter, deque
from typing import TYPE_CHECKING, NamedTuple

from mainspring.gateway.times import Times

if TYPE_CHECKING:
    from mainspring.gateway.served import Served

#: scripts that are counted apart; all further ones are OTHER together
MOST_SCRIPTS = 200
OTHER = "other"
#: requests that were refused before a script was found
NO_SCRIPT = "none"
#: words that are counted apart: more than any table of them has
MOST_WORDS = 200
MOST_RESTARTS = 50
#: seconds of one half of what "lately" means
HALF = 300.0


class Restart(NamedTuple):
    """A start that was cold though earlier ones of its script were warm: when, and why."""

    moment: float
    script: str
    reason: str


class ScriptTally:
    """The requests of one script."""

    __slots__ = ("classes", "cold_again", "kinds", "received", "sent", "times", "waited")

    def __init__(self) -> None:
        self.times = Times()
        self.classes = [0] * 6  # by the first digit of the status; 0 for none
        self.kinds = {"warm": 0, "cold": 0, "kept": 0}
        self.cold_again = 0  # starts that were cold though earlier ones were warm
        self.received = self.sent = 0
        self.waited = 0.0

    def add(self, served: Served) -> None:
        self.times.add(served.seconds)
        self.classes[min(served.status // 100, 5)] += 1
        if served.kind is not None:
            self.kinds[served.kind] += 1
            if served.kind == "cold" and self.kinds["warm"]:
                self.cold_again += 1
        self.received += served.received
        self.sent += served.sent
        self.waited += served.waited

    def add_all(self, other: ScriptTally) -> None:
        self.times.add_all(other.times)
        self.classes = [one + more for one, more in zip(self.classes, other.classes, strict=True)]
        self.kinds = {kind: count + other.kinds[kind] for kind, count in self.kinds.items()}
        self.cold_again += other.cold_again
        self.received += other.received
        self.sent += other.sent
        self.waited += other.waited


class Tally:
    """All requests that have ended, and what became of hosts."""

    def __init__(self) -> None:
        self.scripts: dict[str, ScriptTally] = {}
        self.reasons: Counter[str] = Counter()
        self.cold_reasons: Counter[str] = Counter()
        self.restarts: deque[Restart] = deque(maxlen=MOST_RESTARTS)
        self._recent, self._before = Times(), Times()
        self._turn = time.monotonic() + HALF

    def add(self, served: Served) -> None:
        script = served.script or NO_SCRIPT
        (self.scripts.get(script) or self._begin(script)).add(served)
        if served.reason:
            count_word(self.reasons, served.reason)
        if time.monotonic() >= self._turn:
            self._turn_over()
        self._recent.add(served.seconds)

    def add_cold(self, script: str, reason: str) -> None:
        count_word(self.cold_reasons, reason)
        found = self.scripts.get(script)
        if found is not None and found.kinds["warm"]:
            self.restarts.append(Restart(time.time(), script, reason))

    def sum_up(self) -> ScriptTally:
        whole = ScriptTally()
        for one in self.scripts.values():
            whole.add_all(one)
        return whole

    def sum_up_lately(self) -> tuple[float, Times]:
        """The requests of the last five to ten minutes, and how many seconds those are."""
        if time.monotonic() >= self._turn:
            self._turn_over()
        lately = Times()
        lately.add_all(self._before)
        lately.add_all(self._recent)
        return HALF + HALF - max(0.0, self._turn - time.monotonic()), lately

    def _begin(self, script: str) -> ScriptTally:
        if len(self.scripts) >= MOST_SCRIPTS:
            script = OTHER
        return self.scripts.setdefault(script, ScriptTally())

    def _turn_over(self) -> None:
        now = time.monotonic()
        is_old = now >= self._turn + HALF
        self._before, self._recent = Times() if is_old else self._recent, Times()
        self._turn = HALF + (now if is_old else self._turn)


def count_word(counter: Counter[str], word: str) -> None:
    counter[word if word in counter or len(counter) < MOST_WORDS else OTHER] += 1
