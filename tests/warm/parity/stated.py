"""What of a warm start is not as in a plain one, by design: nothing else may be.

Each is told, with its reason, in docs/differences.md, in a row that begins with the words given here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

Values = list[str]


class Difference(NamedTuple):
    """A row of the probe that is not the same, what is still to hold, and where it is told."""

    row: str
    told: str
    holds: Callable[[Values, Values], bool]


def anything(_plain: Values, _warm: Values) -> bool:
    return True


def has_all_in_order(plain: Values, warm: Values) -> bool:
    """Whatever the plain start has comes in the same order; the warm one may have more."""
    return [value for value in warm if value in plain] == plain


def only_freezes(plain: Values, warm: Values) -> bool:
    """The number of frozen objects is the only thing of the collector that differs."""
    return [*plain[:3], *plain[4:]] == [*warm[:3], *warm[4:]]


STATED: Final = (
    Difference("modules", "modules imported ahead", has_all_in_order),
    Difference("importer cache", "modules imported ahead", has_all_in_order),
    Difference("gc", "`gc.get_freeze_count()`", only_freezes),
)

#: under `mainspring run`, whatever becomes of the start
STATED_OF_COLD: Final = (Difference("/proc/self/environ", "`/proc/self/environ` under `mainspring run`", anything),)
