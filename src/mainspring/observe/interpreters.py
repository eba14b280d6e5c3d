"""Asks the interpreters that a user has whether their starts come past Mainspring, several at once.

Asking one is running it: only those are asked that nobody but root and the user can change.
"""

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal, get_args

from mainspring.errors import UnusableInterpreterError
from mainspring.observe.candidates import Candidate
from mainspring.observe.trust import find_distrust
from mainspring.reasons import REASONS
from mainspring.slot.inspection import Slot, inspect_slot
from mainspring.slot.question import NoAnswer
from mainspring.slot.survey import Answer, Survey, ask, describe_answer

SECONDS = 10.0
AT_ONCE = 8

State = Literal[
    "enabled",
    "not-enabled",
    "slot-outdated",
    "slot-package-gone",
    "slot-shadowed",
    "old-python",
    "not-cpython",
    "not-working",
    "no-answer",
    "not-asked",
]
STATES: dict[State, str] = {
    "enabled": "its starts use cached code",
    "not-enabled": "its starts do not come past Mainspring",
    "slot-outdated": "its slot is not what this release of Mainspring would write",
    "slot-package-gone": "its slot leads to a package that is no longer there",
    "slot-shadowed": "another sitecustomize is found before its slot",
    "old-python": "it is older than 3.11",
    "not-cpython": "it is not CPython",
    "not-working": "it does not work as a Python interpreter",
    "no-answer": f"it did not answer within {SECONDS:.0f} seconds",
    "not-asked": "it was not asked: somebody else could change it",
}
assert set(STATES) == set(get_args(State))


@dataclass(frozen=True)
class Interpreter:
    """An interpreter, and what it said of itself, if it was asked."""

    path: str
    found_in: tuple[str, ...]
    state: State
    detail: str | None = None
    version: str | None = None
    slot: Slot | None = None
    survey: Survey | None = None


def ask_each(candidates: Iterable[Candidate]) -> list[Interpreter]:
    """What each of *candidates* says, in their order."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(ask_interpreter, candidates))


def ask_interpreters(candidates: Iterable[Candidate]) -> list[Interpreter]:
    """Ask all of *candidates*, and tell of each interpreter once: many names lead to the same."""
    found: dict[tuple[str, str], Interpreter] = {}
    for answer in ask_each(candidates):
        key = identify_interpreter(answer)
        before = found.get(key)
        if before is not None:
            places = dict.fromkeys((*before.found_in, *answer.found_in))
            answer = replace(before, found_in=tuple(places))  # noqa: PLW2901 - the two are one
        found[key] = answer
    return list(found.values())


def identify_interpreter(answer: Interpreter) -> tuple[str, str]:
    """What tells an interpreter from another, whatever name it was asked by."""
    if answer.survey is None:
        return answer.path, ""
    return os.path.realpath(answer.survey.executable), os.path.realpath(answer.survey.prefix)


def ask_interpreter(candidate: Candidate) -> Interpreter:
    """What the interpreter at *candidate* says, if it can be trusted."""
    path, found_in = candidate.path, candidate.found_in
    try:
        distrust = find_distrust(path)
    except OSError as error:
        return Interpreter(path, found_in, "not-working", error.strerror or str(error))
    if distrust is not None:
        reason, place = distrust
        return Interpreter(path, found_in, "not-asked", f"{place}: {REASONS[reason].meaning}")
    try:
        return describe_interpreter(candidate, ask(path, SECONDS))
    except UnusableInterpreterError as error:
        late = isinstance(error.__cause__, NoAnswer)
        return Interpreter(path, found_in, "no-answer" if late else "not-working")


def describe_interpreter(candidate: Candidate, answer: Answer) -> Interpreter:
    """Raises UnusableInterpreterError, for an answer that is none."""
    path, found_in = candidate.path, candidate.found_in
    try:
        version = ".".join(map(str, answer["version"]))
        is_cpython = answer["implementation"] in {"cpython", "python"}
        survey = describe_answer(path, answer)
    except UnusableInterpreterError:
        return Interpreter(path, found_in, "old-python" if is_cpython else "not-cpython", None, version)
    except (KeyError, TypeError) as error:
        raise UnusableInterpreterError(f"{path} gave no answer to work with", "") from error
    slot = inspect_slot(survey)
    return Interpreter(survey.executable, found_in, judge_slot(slot), None, version, slot, survey)


def judge_slot(slot: Slot | None) -> State:
    if slot is None:
        return "not-enabled"
    states: dict[str, State] = {
        "in-place": "enabled",
        "outdated": "slot-outdated",
        "package-gone": "slot-package-gone",
        "shadowed": "slot-shadowed",
    }
    return states[slot.condition]
