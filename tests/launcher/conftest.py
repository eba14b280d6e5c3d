from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from .layout import Layout, make_package

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def layout(launcher: Path, clean_env: dict[str, str], tmp_path: Path) -> Layout:
    """An installation of its own for a test, so that it may be bent and broken."""
    root = tmp_path / "installed"
    (root / "bin").mkdir(parents=True)
    mainspring = root / "bin" / "mainspring"
    shutil.copy(launcher, mainspring)
    start = make_package(root / "lib" / "python3.11" / "site-packages")
    return Layout(root, mainspring, start, dict(clean_env))
