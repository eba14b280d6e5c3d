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


def only_modules(plain: Values, warm: Values) -> bool:
    """The list of modules that the probe took before anything else is the only value that differs."""
    return drop_modules(plain) == drop_modules(warm)


def drop_modules(values: Values) -> Values:
    return [value for value in values if not value.startswith(('"modules = ', '"importer_cache = '))]


def only_ours(_plain: Values, warm: Values) -> bool:
    return all("mainspring" in value for value in warm)


def has_same_names(plain: Values, warm: Values) -> bool:
    return [value.split(":")[0] for value in plain] == [value.split(":")[0] for value in warm]


def only_the_coerced_locale(plain: Values, warm: Values) -> bool:
    return [value for value in warm if not value.startswith("'LC_CTYPE=C.")] == plain


#: rows of the probe, what still holds of them, and the words in docs/differences.md
STATED: Final = (
    Difference("modules", "`sys.modules`", has_all_in_order),
    Difference("importer cache", "`sys.modules`", has_all_in_order),
    Difference("modules at the end", "`sys.modules`", has_all_in_order),
    Difference("importer cache at the end", "`sys.modules`", has_all_in_order),
    Difference("values of main", "`sys.modules`", only_modules),
    Difference("classes of ours", "`object.__subclasses__()`", only_ours),
    Difference("/proc/self/environ", "where CPython sets LC_CTYPE", only_the_coerced_locale),
    Difference("gc", "`gc.get_freeze_count()`", only_freezes),
    Difference("signal at the parent's end", "`PR_GET_PDEATHSIG`", anything),
    Difference("is first in its group", "session and process group", anything),
    Difference("is first in its session", "session and process group", anything),
)

#: under `mainspring run`, whatever becomes of the start; and namespaces that are made anew for each
STATED_OF_COLD: Final = (
    Difference("/proc/self/environ", "`/proc/self/environ` under `mainspring run`", anything),
    Difference("namespaces", "", has_same_names),
)

#: effects of imports (test_imports.py) that show, and where that is told
STATED_EFFECTS: Final = {
    "clock": "a clock that was read by an import",
    "monotonic clock": "a clock that was read by an import",
    "clock of the process": "a clock that was read by an import",
    "date": "a clock that was read by an import",
    "main read": "an import that looks at `__main__`",
    "stack": "an import that looks at `__main__`, or at the stack",
}
