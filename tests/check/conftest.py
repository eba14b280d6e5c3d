from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .desk import Desk

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World


@pytest.fixture
def desk(world: World, tmp_path: Path) -> Desk:
    """An empty folder to check programs in."""
    one = Desk(world, tmp_path / "work")
    one.folder.mkdir()
    one.temporary.mkdir()
    return one
