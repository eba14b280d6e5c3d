"""Calls `doctor`, and reads what it found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mainspring.observe.doctor.findings import FINDINGS

if TYPE_CHECKING:
    from enabling.commands import Commands
    from starts import Argument


def examine(commands: Commands, *scripts: Argument, **changes: str) -> list[dict[str, Any]]:
    """What `doctor --json` found; as text it says the same, and both end accordingly."""
    status, output, errors = commands.call("doctor", "--json", *scripts, env=changes)
    assert errors == ""
    facts = json.loads(output)
    assert facts.keys() == {"healthy", "findings", "notes", "checked"}
    findings = facts["findings"]
    assert isinstance(findings, list)
    assert (facts["healthy"], status) == (not findings, 1 if findings else 0)
    text_status, text, errors = commands.call("doctor", *scripts, env=changes)
    assert (text_status, errors) == (status, "")
    check_text(text, findings)
    return findings


def check_text(text: str, findings: list[dict[str, Any]]) -> None:
    """Hold that *text* tells each finding by its name, with its meaning and its remedy."""
    lines = text.splitlines()
    told = [line.partition(":")[0] for line in lines if line[0] != " "]
    assert [name for name in told if name in FINDINGS] == [one["finding"] for one in findings]
    for one in findings:
        assert FINDINGS[one["finding"]].meaning == one["meaning"]
        assert f"    remedy: {one['remedy']}" in lines
        assert "{" not in one["remedy"]
    assert ("nothing stands in the way" in lines) == (not findings)
    assert any(line.startswith("checked: ") for line in lines)


def list_names(commands: Commands, *scripts: Argument, **changes: str) -> list[str]:
    """The names of what is found."""
    return [one["finding"] for one in examine(commands, *scripts, **changes)]


def find_one(commands: Commands, *scripts: Argument, **changes: str) -> dict[str, Any]:
    """The one thing that is found."""
    [finding] = examine(commands, *scripts, **changes)
    return finding
