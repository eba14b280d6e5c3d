"""What an import, or the program between two imports, changes without an event: told by comparing."""

import os
import posix
import sys

from mainspring._warm import LC_ALL, LC_CTYPE, copy_plain, name_locale
from mainspring.warm.effects import (
    C_ENVIRONMENT,
    CHANGED_ENVIRONMENT,
    LEFT_DESCRIPTOR,
    NATIVE_THREAD,
    OTHER_ENCODING,
    RAISING_FILTERS,
    is_passing,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mainspring.warm.recipe import Cause

    #: see observe_process
    State = tuple[tuple[object, ...], ...]


TASKS = "/proc/self/task"
DESCRIPTORS = "/proc/self/fd"
FILTERS = 3  # their place in a State
UNKNOWN = ("unknown",)  # the filters, before `warnings` is imported, from 3.14 on


def copy_environment() -> "dict[bytes, bytes]":
    return copy_plain(os.environ._data)  # type: ignore[attr-defined]  # typeshed lacks it


def list_drawn(known: "dict[str, object]") -> "tuple[object, ...]":
    """The states of the shared generators that have been drawn from, or seeded.

    *known* holds what they were when they were made.
    """
    states = {}
    for name, attribute, ask in GENERATORS:
        generator = getattr(sys.modules.get(name), attribute, None)
        if generator is not None:
            states[name] = ask(generator)
    return tuple([state for name, state in states.items() if known.setdefault(name, state) != state])


def ask_numpy(generator: "Any") -> object:
    _, key, *rest = generator.get_state(legacy=True)
    return key.tobytes(), *rest


#: module, its shared generator of random numbers, and what asks that for its state
GENERATORS: "tuple[tuple[str, str, Callable[[Any], object]], ...]" = (
    ("random", "_inst", lambda generator: generator.getstate()),
    ("numpy.random.mtrand", "_rand", ask_numpy),
)


def observe_process(
    environment: "dict[bytes, bytes]",
    variables: "dict[bytes, object]",
    generators: "dict[str, object]",
) -> "State":
    """What an import may change without an event: see judge_change.

    *environment* is the one in which a host imports ahead, *variables* what is another in C; for
    *generators* see list_drawn.
    """
    present = copy_environment()
    from _signal import NSIG, getsignal  # type: ignore[import-not-found]  # typeshed has `signal`

    warnings = sys.modules.get("warnings") or sys.modules.get("_warnings")
    return (
        tuple(sys.path),
        tuple(sys.path_hooks),
        tuple(sys.meta_path),
        tuple(getattr(warnings, "filters", UNKNOWN)),
        (name_locale(LC_ALL), name_locale(LC_CTYPE)),
        tuple([getsignal(number) for number in range(1, NSIG)]),
        (sys.stdin, sys.stdout, sys.stderr),
        (count_threads(),),
        (count_descriptors(),),
        () if present == environment else (present,),
        tuple(variables.items()),
        list_drawn(generators),
    )


def count_threads() -> int:
    """How many threads the process has, by two more; 0 where the system does not say."""
    try:
        return posix.stat(TASKS).st_nlink  # that of `os` is tapped
    except OSError:
        return 0


def count_descriptors() -> int:
    """How many descriptors the process has open; 0 where the system does not say (before Linux 6.2)."""
    try:
        return posix.stat(DESCRIPTORS).st_size
    except OSError:
        return 0


#: what observe_process gives, in its order -> reason, and what it is called
OBSERVED = (
    ("import-system", "sys.path"),
    ("import-system", "sys.path_hooks"),
    ("import-system", "sys.meta_path"),
    ("warnings", "warnings.filters"),
    ("locale", "setlocale"),
    ("signals", "signal.signal"),
    ("patch", "sys.stdout"),
    NATIVE_THREAD,
    LEFT_DESCRIPTOR,
    CHANGED_ENVIRONMENT,
    C_ENVIRONMENT,
    ("entropy", "random.random"),
)


def judge_change(before: "State", after: "State") -> "Cause | None":
    """What differs between two states, of what matters."""
    found = None
    for old, new, cause in zip(before, after, OBSERVED, strict=True):
        if old == new or is_harmless(old, new, cause[1]):
            continue
        judged = sharpen(cause, old, new)
        if not is_passing(judged):
            return judged
        found = found or judged
    return found


def sharpen(cause: "Cause", old: "tuple[object, ...]", new: "tuple[object, ...]") -> "Cause":
    """*cause*, or what is worse in the same change."""
    if cause[0] == "locale" and old[1] != new[1]:
        return OTHER_ENCODING
    if cause[0] == "warnings" and any(row not in old and is_raising(row) for row in new):
        return RAISING_FILTERS
    return cause


def has_other_filters(before: "State", after: "State") -> bool:
    """Whether filters of warnings differ, though harmless: they show to who looks at all of them."""
    return before[FILTERS] != after[FILTERS]


def is_raising(row: object) -> bool:
    return isinstance(row, tuple) and row[:1] == ("error",)


def is_harmless(old: "tuple[object, ...]", new: "tuple[object, ...]", what: str) -> bool:
    """Whether it does not matter to other imports, and not to the program, when a change is made.

    A descriptor fewer is one that somebody else had opened.
    A finder behind all others is asked only for names that nobody else finds.  A filter for a category,
    or for words, of a module's own says nothing about what is warned of before that module is there.
    """
    if what in {"os.environ", "os.putenv"}:
        return new == ()
    if what == LEFT_DESCRIPTOR[1]:
        return new < old
    if what in {"sys.meta_path", "sys.path_hooks"}:
        return new[: len(old)] == old
    if what == "warnings.filters":
        if UNKNOWN in (old, new):
            return True
        return tuple([row for row in new if row in old or is_for_all(row)]) == old
    return False


def is_for_all(row: object) -> bool:
    """Whether a warning filter is for a category that Python itself knows, and no module's own words."""
    _, message, category = row[:3] if isinstance(row, tuple) and len(row) > 2 else (None,) * 3
    is_known = getattr(category, "__module__", "builtins") == "builtins"
    is_own = not is_raising(row) and begins_with_module(getattr(message, "pattern", message))
    return is_known and not is_own


def begins_with_module(message: object) -> bool:
    """Whether *message*, of a filter, is about what a module has, which it begins with the name of."""
    name, dot, _ = message.partition(".") if isinstance(message, str) else ("", "", "")
    return dot != "" and name in sys.modules
