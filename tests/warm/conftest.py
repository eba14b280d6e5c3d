from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from warm.recording import Program

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World


@pytest.fixture
def program(world: World, tmp_path: Path) -> Program:
    """A program whose starts can be recorded."""
    return Program(world, tmp_path / "program")
