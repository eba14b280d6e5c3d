"""Each difference that these tests let pass is told, with its reason, in the documentation."""

from __future__ import annotations

from pathlib import Path

import pytest

from .stated import STATED, STATED_EFFECTS, STATED_OF_COLD

DOCUMENT = Path(__file__).parents[3] / "docs" / "differences.md"
WORDS = {difference.told for difference in (*STATED, *STATED_OF_COLD)} | set(STATED_EFFECTS.values())


@pytest.mark.parametrize("words", sorted(WORDS))
def test_a_stated_difference_is_told(words: str) -> None:
    rows = [line.split("|") for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    assert [row for row in rows if words in row[1] and row[4].strip()]
