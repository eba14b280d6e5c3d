"""A command's ordinary uses, and its failing ones, come to the same cold and warm."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .table import SCENES

if TYPE_CHECKING:
    from .scenes import Scene, Stage

pytestmark = pytest.mark.timeout(600)  # the first one installs the commands


@pytest.mark.parametrize("scene", SCENES, ids=[scene.program for scene in SCENES])
def test_all_uses_are_the_same_cold_and_warm(stage: Stage, scene: Scene) -> None:
    stage.assert_same_warm(scene)
