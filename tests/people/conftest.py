from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from enabling.commands import Commands

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def commands(launcher: Path, tmp_path: Path) -> Commands:
    """The commands, with a home of their own."""
    home = tmp_path / "home"
    home.mkdir()
    return Commands(launcher, home)
