"""What can be found stands in one table: the code gives nothing else, and all of it is described."""

from __future__ import annotations

import re
from pathlib import Path

from docs.test_tables import read_rows

from mainspring.observe.doctor.findings import FINDINGS
from mainspring.observe.interpreters import STATES

ROOT = Path(__file__).parents[2]
PARTS = ROOT / "src" / "mainspring" / "observe"


def find_names() -> set[str]:
    """The names that the code gives to findings."""
    text = "".join(path.read_text() for path in PARTS.rglob("*.py") if path.name != "findings.py")
    return set(re.findall(r'(?:Finding|find|find_setting)\(\s*"([a-z-]+)"', text))


def test_every_finding_that_is_given_is_in_the_table() -> None:
    assert len(find_names()) > 10
    assert find_names() <= FINDINGS.keys()


def test_every_state_that_is_in_the_way_is_in_the_table() -> None:
    assert STATES.keys() - {"enabled"} <= FINDINGS.keys()


def test_the_documentation_has_the_same_table() -> None:
    rows = read_rows((ROOT / "docs" / "reference" / "doctor.md").read_text(encoding="utf-8"), "finding")
    said = {row[0].strip("` "): [cell.strip() for cell in row[1:]] for row in rows}
    assert said == {
        name: [
            row.meaning.strip("`"),
            row.remedy.replace("{subject}", "...").replace("{name}", "...").strip("`"),
        ]
        for name, row in FINDINGS.items()
    }


def test_the_documentation_has_the_states_too() -> None:
    rows = read_rows((ROOT / "docs" / "reference" / "status.md").read_text(encoding="utf-8"), "state")
    said = {row[0].strip("` "): row[1].strip() for row in rows}
    assert said == STATES
