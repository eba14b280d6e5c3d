"""Whatever an import does beside defining names, a warm program does what a plain one does."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import pytest

from .effects import EFFECTS
from .remains import wait_for
from .stated import STATED_EFFECTS

if TYPE_CHECKING:
    from starts import Ended

    from .world import WarmKind, WarmWorld

LONG = os.environ.get("MAINSPRING_LONG") == "1"
#: after which there is a host, if there is to be one
RECORDED = 2
STARTS = 8 if LONG else 3
PROGRAM = """\
import argparse, json, logging, subprocess
import effect
import os, sys, {modules}
print({shown})
"""
#: what the programs show with
MODULES = re.compile(
    r"\b(asyncio|atexit|datetime|decimal|faulthandler|gc|io|locale|resource|signal|socket|threading|time"
    r"|tracemalloc|warnings)\."
)


def compose_program(shown: str) -> str:
    modules = sorted({"os", *MODULES.findall(shown)})
    return PROGRAM.format(modules=", ".join(modules), shown=shown)


@pytest.mark.parametrize("name", [name for name in EFFECTS if name not in STATED_EFFECTS])
def test_after_an_import_with_an_effect(warm_world: WarmWorld, name: str) -> None:
    """Each start is like a plain one in the same place, whether it comes from a host or not."""
    program = lay_out_effect(warm_world, name)
    for number in range(STARTS):
        if number >= RECORDED:
            await_host(warm_world)
        plain, left = start(warm_world, "plain", program, number)
        warm, written = start(warm_world, "warm", program, number)
        assert warm == plain, warm_world.explain()
        assert written == left


@pytest.mark.parametrize("name", STATED_EFFECTS)
def test_an_effect_that_is_stated(warm_world: WarmWorld, name: str) -> None:
    """It shows, but nothing fails by it."""
    program = lay_out_effect(warm_world, name)
    warm_world.repeat_until_warm(lambda: start(warm_world, "warm", program, 0))
    assert start(warm_world, "warm", program, 1)[0].status == 0


def lay_out_effect(world: WarmWorld, name: str) -> str:
    text, shown = EFFECTS[name]
    world.write("effect.py", text)
    return str(world.write("program.py", compose_program(shown)))


def await_host(world: WarmWorld) -> None:
    """Give a host time to come up; where nothing can be imported ahead, none does."""
    try:
        wait_for(world.list_hosts, "up: a host", 0.4)
    except AssertionError:
        pass


def start(world: WarmWorld, kind: WarmKind, program: str, number: int) -> tuple[Ended, list[str]]:
    """What a start showed and wrote, in a folder, an environment and with words of its *number*."""
    folder = world.work / f"folder-{number}"
    folder.mkdir(exist_ok=True)
    (folder / "which").write_text(f"{number}")
    (folder / "written").unlink(missing_ok=True)
    environment = world.environment(WORD=str(number))
    ended = world.start(kind, program, str(number), env=environment, cwd=folder, stdin=b"typed\n")
    return ended, [path.read_text() for path in folder.glob("written")]
