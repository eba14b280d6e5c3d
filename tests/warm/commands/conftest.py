"""Stages for real commands; at the end of each, nothing is left running."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

for name in ("scenes", "follow"):
    pytest.register_assert_rewrite(f"warm.commands.{name}")

from warm.parity.world import live_in  # noqa: E402 - after assertions are set up

from .scenes import Stage  # noqa: E402
from .tools import prepare_tools  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of the commands."""
    return prepare_tools()


@pytest.fixture
def stage(tmp_path: Path, tools: Path, launcher: Path, adopted_orphans: None) -> Iterator[Stage]:
    del adopted_orphans
    stage = Stage(tmp_path / "home", tools / "python", tools / "python", launcher)
    stage.home.mkdir()
    stage.work.mkdir()
    stage.temporary.mkdir()
    stage.runtime.mkdir(mode=0o700)
    yield from live_in(stage)
