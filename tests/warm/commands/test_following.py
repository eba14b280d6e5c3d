"""What was changed between two starts shows in the next one, whatever host it comes from."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from .follow import CHANGES, MORE_CHANGES
from .scenes import Scene, compare
from .table import TIME

if TYPE_CHECKING:
    from .follow import Change
    from .scenes import Seen, Stage, Step

STATED = CHANGES + MORE_CHANGES if os.environ.get("MAINSPRING_LONG") == "1" else CHANGES
pytestmark = pytest.mark.timeout(600)


def prepare(stage: Stage, change: Change, turn: int) -> Step:
    """The start with its surroundings in one of the two states."""
    env = {
        name: value.replace("{work}", str(stage.work))
        for name, value in {**change.step.env, **change.env[turn]}.items()
    }
    return replace(change.step, env=env, files={**change.step.files, **change.files_of[turn]})


def look_once(stage: Stage, scene: Scene, step: Step) -> Seen:
    stage.set_up(scene.files)
    return stage.take("cold", scene, step)


def look_until_warm(stage: Stage, scene: Scene, step: Step) -> list[Seen]:
    """What comes of all starts up to a warm one."""
    stage.set_up(scene.files)
    seen: list[Seen] = []
    stage.repeat_until_warm(lambda: seen.append(stage.take("warm", scene, step)))
    return seen


@pytest.mark.parametrize("change", STATED, ids=[change.name for change in STATED])
def test_a_change_shows_in_the_next_start(stage: Stage, change: Change) -> None:
    scene = Scene(change.program, (), change.files, varying=(TIME, rb"in \d+\.\d+s"))
    steps = [prepare(stage, change, turn) for turn in (0, 1)]
    cold = [look_once(stage, scene, step) for step in steps]
    assert cold[0].ended != cold[1].ended or cold[0].files != cold[1].files, "both look the same"
    for turn in (0, 1, 0, 1):
        first, *more = look_until_warm(stage, scene, steps[turn])
        assert compare(cold[turn], first) == []
        assert [one.ended for one in more] == [cold[turn].ended] * len(more)
