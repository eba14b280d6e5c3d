"""Mercurial: `hg` after `hg` over one repository comes to the same cold and warm."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .mercurial import make_scene

if TYPE_CHECKING:
    from .scenes import Stage

LONG = os.environ.get("MAINSPRING_LONG") == "1"
pytestmark = pytest.mark.timeout(600)


def test_a_repository_becomes_the_same_cold_and_warm(stage: Stage) -> None:
    stage.assert_same_warm(make_scene(is_long=LONG))
