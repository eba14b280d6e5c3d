"""Stages for real commands; at the end of each, nothing is left running."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pytest

for name in ("scenes", "follow"):
    pytest.register_assert_rewrite(f"warm.commands.{name}")

from warm.parity.world import live_in  # noqa: E402 - after assertions are set up

from .scenes import ShimStage, Stage  # noqa: E402
from .tools import prepare_numpy, prepare_pipx, prepare_tools  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

AnyStage = TypeVar("AnyStage", bound=Stage)


@pytest.fixture(scope="session")
def tools() -> Path:
    """The folder of the commands."""
    return prepare_tools()


@pytest.fixture(scope="session")
def by_pipx() -> Path:
    """The folder of the commands that pipx has installed."""
    return prepare_pipx()


@pytest.fixture
def stage(tmp_path: Path, tools: Path, launcher: Path, adopted_orphans: None) -> Iterator[Stage]:
    del adopted_orphans
    yield from set_up(Stage(tmp_path / "home", tools / "python", tools / "python", launcher))


@pytest.fixture
def shim_stage(tmp_path: Path, tools: Path, launcher: Path, adopted_orphans: None) -> Iterator[ShimStage]:
    """A stage whose programs are those of another environment than Mainspring's, by shims."""
    del adopted_orphans
    yield from set_up(ShimStage(tmp_path / "home", tools / "python", tools / "python", launcher))


@pytest.fixture
def pipx_stage(
    tmp_path: Path, by_pipx: Path, launcher: Path, adopted_orphans: None
) -> Iterator[ShimStage]:
    """The same, with programs that pipx has installed."""
    del adopted_orphans
    yield from set_up(ShimStage(tmp_path / "home", by_pipx / "python", by_pipx / "python", launcher))


@pytest.fixture
def numpy_stage(tmp_path: Path, launcher: Path) -> Iterator[Stage]:
    """A stage for programs that use numpy."""
    python = prepare_numpy() / "python"
    yield from set_up(Stage(tmp_path / "home", python, python, launcher))


def set_up(stage: AnyStage) -> Iterator[AnyStage]:
    stage.home.mkdir()
    stage.work.mkdir()
    stage.temporary.mkdir()
    stage.runtime.mkdir(mode=0o700)
    yield from live_in(stage)  # type: ignore[arg-type, misc]
