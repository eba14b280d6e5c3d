"""The kinds of start that a check compares, and what it finds of each."""

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from mainspring.observe.check.comparing import Difference

Kind = Literal["cold", "first", "cached", "recorded", "warm"]
Finding = Literal["same", "differs", "not-available"]

#: kind of start -> its meaning
KINDS: dict[Kind, str] = {
    "cold": "plain Python, twice",
    "first": "the start that makes the entry",
    "cached": "a start from the entry",
    "recorded": "a start that teaches what can be imported ahead",
    "warm": "a start from a host",
}
#: finding -> its meaning
FINDINGS: dict[Finding, str] = {
    "same": "safe: nothing differs",
    "differs": "not safe: something differs",
    "not-available": "nothing to compare, since no start was of that kind",
}

assert set(KINDS) == set(get_args(Kind))
assert set(FINDINGS) == set(get_args(Finding))


@dataclass
class Row:
    """What is found of a kind of start."""

    kind: Kind
    finding: Finding
    runs: int
    reason: str | None = None
    meaning: str | None = None
    differences: list[Difference] = field(default_factory=list)

    def list_facts(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "finding": self.finding,
            "runs": self.runs,
            "reason": self.reason,
            "meaning": self.meaning,
            "differences": [{"facet": one.facet, "diff": one.diff} for one in self.differences],
        }
