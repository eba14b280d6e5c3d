from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .stage import Stage, staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def stage(launcher: Path, clean_env: dict[str, str], tmp_path: Path) -> Iterator[Stage]:
    """A program without a recipe, and no host."""
    with staged(tmp_path / "stage", launcher, clean_env) as one:
        yield one


@pytest.fixture
def warm(stage: Stage) -> Stage:
    """A program that has a host."""
    stage.put_recipe()
    stage.bring_up()
    return stage
