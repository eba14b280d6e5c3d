"""Why starts that were to be warm were cold, as the launcher noted it in the runtime folder.

    ID.cold := (SECONDS SP REASON LF)*         a line for each

ID.recipe says whose they are, and what was learnt.
"""

import os
import re
from dataclasses import dataclass
from typing import Any

from mainspring.places import Refused, read_trusted_file
from mainspring.reasons import COLD, Row
from mainspring.warm.recipe import read_recipe

COLD_FILE = re.compile(r"([0-9a-f]{32})\.cold")
LINE = re.compile(r"([0-9]{1,15}) ([a-z-]+)")
UNKNOWN = Row("this release of Mainspring does not know that reason", "nothing to do")


@dataclass(frozen=True)
class ColdStarts:
    """The starts of one program that were cold for a reason; its path is not known without a recipe."""

    program: str | None
    program_id: str
    state: str
    reason: str
    times: tuple[int, ...]

    @property
    def name(self) -> str:
        """What it is called."""
        return f"a program without a recipe ({self.program_id})" if self.program is None else self.program

    @property
    def row(self) -> Row:
        return COLD.get(self.reason, UNKNOWN)

    def list_facts(self) -> dict[str, Any]:
        return {
            "program": self.name,
            "recipe": self.state,
            "reason": self.reason,
            "meaning": self.row.meaning,
            "remedy": self.row.remedy,
            "times": list(self.times),
        }


def find_cold_starts(folder: int) -> list[ColdStarts]:
    """Those that the runtime folder tells of, the latest first."""
    found = []
    for name in os.listdir(folder):
        if match := COLD_FILE.fullmatch(name):
            found += read_cold_starts(folder, match[1])
    return sorted(found, key=lambda starts: starts.times[-1], reverse=True)


def read_cold_starts(folder: int, program_id: str) -> list[ColdStarts]:
    times: dict[str, list[int]] = {}
    for line in read_lines(folder, f"{program_id}.cold"):
        if match := LINE.fullmatch(line):
            times.setdefault(match[2], []).append(int(match[1]))
    recipe = read_recipe(folder, program_id)
    program, state = (None, "absent") if recipe is None else (recipe.program, recipe.state)
    return [
        ColdStarts(program, program_id, state, reason, tuple(sorted(some)))
        for reason, some in times.items()
    ]


def find_program(folder: int, program_id: str) -> str | None:
    """The path of the program that has a recipe; None if it has none."""
    recipe = read_recipe(folder, program_id)
    return None if recipe is None else recipe.program


def choose_telling(cold: list[ColdStarts], hosted: set[str]) -> list[ColdStarts]:
    """Those of *cold* that still matter: of programs that exist, but for what was learnt meanwhile.

    The programs *hosted* have a host by now.
    """
    return [
        one
        for one in cold
        if one.program is not None
        and os.path.exists(one.program)
        and not (one.reason == "recorded" and os.path.normpath(one.program) in hosted)
    ]


def read_lines(folder: int, name: str) -> list[str]:
    """The whole lines of a file; none if it cannot be read or trusted."""
    try:
        content, _ = read_trusted_file(os.dup(folder), name, (os.geteuid(),))
    except (OSError, Refused):
        return []
    return os.fsdecode(content).split("\n")[:-1]
