"""How Mainspring does on this machine for this user: interpreters, cache and starts, as one value."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mainspring.observe.candidates import find_candidates, find_folder
from mainspring.observe.holdings import Holdings, take_stock
from mainspring.observe.interpreters import Interpreter, ask_interpreters
from mainspring.observe.quantities import format_time
from mainspring.observe.starts import Starts, Sum, explain_outcome, split_outcome


@dataclass(frozen=True)
class Status:
    """All that `status` tells."""

    interpreters: list[Interpreter]
    holdings: Holdings
    starts: Starts

    def list_facts(self) -> dict[str, Any]:
        """The facts as `status --json` prints them; docs/reference/status.md says what they are."""
        return {
            "interpreters": [list_interpreter_facts(found) for found in self.interpreters],
            "cache": {
                "path": self.holdings.path,
                "condition": self.holdings.condition,
                "entries": self.holdings.entries,
                "size": self.holdings.size,
                "bound": self.holdings.bound,
            },
            "starts": {
                "since": self.starts.since,
                **list_sum_facts(self.starts.total),
                "outcomes": [list_outcome_facts(*item) for item in self.starts.rank_outcomes()],
                "programs": [
                    {"program": program, **list_sum_facts(amounts)}
                    for program, amounts in self.starts.rank_programs()
                ],
                "not_understood": self.starts.not_understood,
                "problem": self.starts.problem,
            },
        }


def list_interpreter_facts(found: Interpreter) -> dict[str, Any]:
    slot = found.slot
    return {
        "path": found.path,
        "version": found.version,
        "state": found.state,
        "found_in": list(found.found_in),
        "slot": None if slot is None else {"kind": slot.kind, "path": slot.path},
        "detail": found.detail,
    }


def list_outcome_facts(outcome: str, amounts: Sum) -> dict[str, Any]:
    verdict, reason = split_outcome(outcome)
    meaning = explain_outcome(outcome)
    return {"verdict": verdict, "reason": reason, "meaning": meaning, **list_sum_facts(amounts)}


def list_sum_facts(amounts: Sum) -> dict[str, int]:
    return {"count": amounts.starts, "saved_us": amounts.saved_us, "spent_us": amounts.spent_us}


def find_status(environment: Mapping[str, str], folder: str) -> Status:
    """How things stand, seen from *folder*."""
    holdings, starts = take_stock(environment)
    return Status(ask_interpreters(find_candidates(environment, folder)), holdings, starts)


# ---- as lines -------------------------------------------------------------------------------


def list_lines(status: Status) -> list[tuple[str, ...]]:
    """The status as lines of fields, of which the first says what the line is about."""
    holdings, starts = status.holdings, status.starts
    lines = [list_interpreter_fields(found) for found in status.interpreters]
    lines.append(("cache", holdings.condition, holdings.path or "-", holdings.explain()))
    lines.append(("entries", str(holdings.entries)))
    lines.append(("size", str(holdings.size)))
    lines.append(("bound", "-" if holdings.bound is None else str(holdings.bound)))
    lines.append(("starts", str(starts.total.starts)))
    lines.append(("since", format_time(starts.since)))
    lines += [("saved_us", str(starts.total.saved_us)), ("spent_us", str(starts.total.spent_us))]
    for outcome, amounts in starts.rank_outcomes():
        lines.append(("outcome", str(amounts.starts), outcome, explain_outcome(outcome)))
    for program, amounts in starts.rank_programs():
        lines.append(("program", *(str(number) for number in list_sum_facts(amounts).values()), program))
    return lines + [("problem", problem) for problem in list_problems(starts)]


def list_interpreter_fields(found: Interpreter) -> tuple[str, ...]:
    slot = found.slot
    how = (slot.kind, slot.path) if slot else ("-", found.detail or "-")
    return ("interpreter", found.state, found.version or "-", found.path, *how)


def list_problems(starts: Starts) -> list[str]:
    """What stands against the counts, in words."""
    problems = [] if starts.problem is None else [starts.problem]
    if starts.not_understood:
        problems.append(f"{starts.not_understood} starts are counted with outcomes that are unknown")
    return problems


def look_around() -> Status:
    """The status of this process's user, here and now."""
    return find_status(os.environ, find_folder())
