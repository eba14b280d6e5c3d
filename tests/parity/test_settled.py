"""A script of some age, and an interpreter that keeps its bytecode elsewhere."""

from __future__ import annotations

import calendar
import os
import re
import shutil
from typing import TYPE_CHECKING

from .case import Case
from .comparison import assert_same_program, look_at_start, work_of

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Kind, World

CONTENT = b"import near\nprint(near.__file__)\n"
#: what a start may add below a PYTHONPYCACHEPREFIX: the hook's own bytecode, as for any module
OWN = re.compile(r"/(?:mainspring/.*|sitecustomize)\.cpython-\d+\.pyc$")


def test_a_script_of_some_age_is_a_plain_hit(world: World) -> None:
    case = Case("", None, program=calendar.__file__, arguments=("2024", "2"), shows=b"February")
    assert_same_program(case, world)
    kinds: tuple[Kind, ...] = ("run", "enabled")
    outcomes = [look_at_start(case, world, kind)[1] for kind in kinds]
    assert outcomes == ["hit", "hit"]
    assert world.read_log()[0].outcome == "hit"


def list_compiled(world: World, kind: Kind) -> set[str]:
    """The files below PYTHONPYCACHEPREFIX after a start of the *kind*, without their root."""
    prefix = world.home.parent / "compiled"
    shutil.rmtree(prefix, ignore_errors=True)
    case = Case("", CONTENT, files={"near.py": ""}, env={"PYTHONPYCACHEPREFIX": str(prefix)})
    assert look_at_start(case, world, kind)[0].status == 0
    return {world.unify(os.fsencode(path)).decode() for path in list_files(prefix) if path.is_file()}


def list_files(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_only_the_hooks_own_bytecode_is_added_below_a_prefix(world: World) -> None:
    plain = list_compiled(world, "plain")
    assert any("near" in path for path in plain)
    for kind in ("run", "enabled"):
        compiled = list_compiled(world, kind)
        assert plain - compiled == set()
        assert [path for path in compiled - plain if not OWN.search(path)] == []
    assert not (work_of(world) / "__pycache__").exists()
