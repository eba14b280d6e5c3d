"""What cases take for granted beside a world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def equal_footing(bare_python: Path, enabled_python: Path) -> None:
    """Where the slot is a .pth line, the plain interpreter reads a .pth file too.

    Reading any loads the codec utf-8-sig, before a line of it runs.
    """
    for line in enabled_python.parents[1].rglob("mainspring.pth"):
        folder = bare_python.parents[1] / line.parent.relative_to(enabled_python.parents[1])
        (folder / "another.pth").write_text("# nothing\n")
