"""What the starts so far came to: their outcomes, the time saved and spent, who gained most.

Times are in microseconds; a program is as the log keeps it, with control characters escaped.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from mainspring.codecache.tally import count_damaged, read_since, read_totals
from mainspring.reasons import REASONS, VERDICTS

MOST_PROGRAMS = 10
LATEST = 32_503_680_000.0  # the year 3000
Totals = Mapping[tuple[str, bytes], list[int]]


@dataclass(frozen=True)
class Sum:
    """How many starts, what they saved and what Mainspring took of them."""

    starts: int = 0
    saved_us: int = 0
    spent_us: int = 0

    @property
    def gained_us(self) -> int:
        return self.saved_us - self.spent_us

    def plus(self, amounts: list[int]) -> "Sum":
        starts, saved_us, spent_us = amounts
        return Sum(self.starts + starts, self.saved_us + saved_us, self.spent_us + spent_us)


@dataclass(frozen=True)
class Starts:
    """All that is known of the starts; *since* is seconds since the epoch."""

    since: float | None = None
    total: Sum = field(default_factory=Sum)
    outcomes: dict[str, Sum] = field(default_factory=dict)
    programs: dict[str, Sum] = field(default_factory=dict)
    not_understood: int = 0
    problem: str | None = None

    def rank_outcomes(self) -> list[tuple[str, Sum]]:
        return sorted(self.outcomes.items(), key=lambda item: (-item[1].starts, item[0]))

    def rank_programs(self) -> list[tuple[str, Sum]]:
        """The programs that gained most, first; those that gained nothing are left out."""
        gained = [item for item in self.programs.items() if item[0] and item[1].gained_us > 0]
        return sorted(gained, key=lambda item: (-item[1].gained_us, item[0]))[:MOST_PROGRAMS]


def read_starts(root: int) -> Starts:
    """What the cache open at *root* has counted; the problem, where that cannot be read."""
    try:
        totals, since, damaged = read_totals(root), read_since(root), count_damaged(root)
    except (OSError, ValueError, OverflowError) as error:
        return Starts(problem=f"the counts of starts cannot be read: {describe_error(error)}")
    starts = sum_starts(totals, since if is_time(since) else None)
    if damaged:
        return replace(starts, problem=f"the counts of starts are damaged: {damaged} lines are no sums")
    return starts


def is_time(seconds: float | None) -> bool:
    """Whether *seconds* can be a time that something was counted at: counts may be damaged."""
    return seconds is not None and 0 < seconds < LATEST


def describe_error(error: Exception) -> str:
    return getattr(error, "strerror", None) or "they are damaged"


def sum_starts(totals: Totals, since: float | None) -> Starts:
    known = {key: amounts for key, amounts in totals.items() if is_outcome(key[0])}
    total = Sum()
    for amounts in known.values():
        total = total.plus(amounts)
    return Starts(
        since,
        total,
        sum_by(known, lambda key: key[0]),
        sum_by(known, lambda key: os.fsdecode(key[1])),
        sum(amounts[0] for key, amounts in totals.items() if key not in known),
    )


def sum_by(totals: Totals, name: Callable[[tuple[str, bytes]], str]) -> dict[str, Sum]:
    sums: dict[str, Sum] = {}
    for key, amounts in totals.items():
        sums[name(key)] = sums.get(name(key), Sum()).plus(amounts)
    return sums


def is_outcome(outcome: str) -> bool:
    """Whether *outcome* is one that a start of this release gives: counts may be damaged."""
    words = outcome.split(" ")
    return all(word in VERDICTS or word in REASONS for word in words)


def split_outcome(outcome: str) -> tuple[str | None, str | None]:
    """The verdict and the reason in *outcome*, as far as there are any."""
    words = outcome.split(" ")
    verdict = next((word for word in words if word in VERDICTS), None)
    reason = next((word for word in words if word in REASONS), None)
    return verdict, reason


def explain_outcome(outcome: str) -> str:
    """The one-line meanings of the words of *outcome*."""
    words = outcome.split(" ")
    return "; ".join((REASONS[word] if word in REASONS else VERDICTS[word]).meaning for word in words)
