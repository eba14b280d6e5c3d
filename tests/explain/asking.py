"""Asks `explain` about a program, and holds that asking changes nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from security.people import list_tree
from starts import give_command

from mainspring.reasons import REASONS, VERDICTS

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument, World


def call(
    world: World, *words: Argument, cwd: Path | None = None, **changes: str | None
) -> tuple[int, str, str]:
    """`mainspring explain WORDS`; its status, and what it printed."""
    return give_command(world, "explain", *words, cwd=cwd, **changes)


def explain(
    world: World,
    *words: Argument,
    python: Path | None = None,
    cwd: Path | None = None,
    **changes: str | None,
) -> dict[str, Any]:
    """The facts, which the text has to tell as well."""
    before = list_tree(world.home)
    words = ("--python", python or world.enabled_python, *words)
    status, output, errors = call(world, "--json", *words, cwd=cwd, **changes)
    facts: dict[str, Any] = json.loads(output)
    expected = int(facts["reason"] == "no-module")
    assert (status, errors) == (expected, "")
    row = (REASONS | VERDICTS)[facts["reason"] or facts["verdict"]]
    assert (facts["meaning"], facts["remedy"]) == (row.meaning, row.remedy)
    status, text, errors = call(world, *words, cwd=cwd, **changes)
    assert (status, errors) == (expected, "")
    assert facts["would"] in text
    if facts["reason"] is not None:
        assert facts["meaning"] in text
    if facts["module"] is not None:
        assert f"{facts['module']['state']}: {facts['module']['meaning']}" in text
    assert list_tree(world.home) == before
    return facts
