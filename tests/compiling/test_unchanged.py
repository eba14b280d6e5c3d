"""A run that finds a tree as the last one left it asks for a stat of each file, and is never wrong.

Whatever was changed, the next run does what it would have done without the record of the last.
"""

from __future__ import annotations

import os
import shutil
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from starts import World

from .calls import ask, call, count, make_program, make_tree, wait_until_aged
from .edits import CHANGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import Argument

TAG = sys.implementation.cache_tag


@dataclass
class Twins:
    """Two equal trees, and a cache for each: the one of the second will have lost its records.

    Their paths differ in one letter.
    """

    worlds: tuple[World, World]

    @property
    def trees(self) -> list[Path]:
        return [world.home / "tree" for world in self.worlds]

    def change(self, change: Callable[[Path], None]) -> None:
        for tree in self.trees:
            change(tree)

    def run(self, *words: Argument, **options: Any) -> tuple[object, object]:
        """What a run comes to with the record of the last one, and without."""
        shutil.rmtree(self.worlds[1].cache / "%trees", ignore_errors=True)
        first, second = (describe_run(world, *words, **options) for world in self.worlds)
        return first, second


def describe_run(world: World, *words: Argument, **options: Any) -> tuple[int, bytes, dict[str, bytes]]:
    """Its status, what it reported, and what it left behind, apart from times and the home's path."""
    ended = call(world, *words, "tree", **options)
    assert ended.stderr == b""
    home = os.fsencode(world.home)
    left = {
        str(path.relative_to(world.home)): blank_time(path.read_bytes()).replace(home, b"")
        for path in sorted((world.home / "tree").rglob("*.pyc"))
    }
    left |= {path.name: path.read_bytes()[8:16] for path in world.entries}
    return ended.status, ended.stdout.rpartition(b" in ")[0].replace(home, b""), left


def blank_time(content: bytes) -> bytes:
    return content[:8] + content[12:]


def make_one(home: Path, like: World) -> World:
    world = World(home, like.plain_python, like.enabled_python, like.launcher)
    tree = make_tree(home / "tree", a="a = 1\n", b="b = 1\n", sub__c="c = 1\n", sub__deep__d="d = 1\n")
    make_program(tree / "bin" / "tool")
    return world


@pytest.fixture(scope="module")
def all_twins(
    tmp_path_factory: pytest.TempPathFactory,
    bare_python: Path,
    enabled_python: Path,
    launcher: Path,
) -> dict[str, Twins]:
    """Twins for each test: made together, since they have to age."""
    base = tmp_path_factory.mktemp("twins")
    like = World(base, bare_python, enabled_python, launcher)
    twins = {}
    for name in NAMES:
        pair = make_one(base / name / "1", like), make_one(base / name / "2", like)
        twins[name] = Twins(pair)
    homes = [world.home for pair in twins.values() for world in pair.worlds]
    for world in (world for pair in twins.values() for world in pair.worlds):
        assert call(world, "tree").status == 0
    wait_until_aged(*[home / "tree" for home in homes])
    for world in (world for pair in twins.values() for world in pair.worlds):
        assert count(ask(world, "tree")) == (0, 5, 0)
        assert any(world.cache.glob("%trees/*"))
    return twins


@pytest.fixture
def twins(all_twins: dict[str, Twins], request: pytest.FixtureRequest) -> Twins:
    return all_twins[request.node.name]


def trace(world: World) -> list[str]:
    """What a run opens and asks of files in its tree."""
    log = world.home / "trace"
    command: list[Argument] = ["strace", "-f", "-qq", "-e", "trace=file", "-o", log]
    call(world, "tree", before=tuple(command))
    lines = log.read_text().splitlines()
    return [line for line in lines if '"tree' in line or '"a.py"' in line]


def test_nothing_of_an_unchanged_tree_is_opened(twins: Twins) -> None:
    lines = trace(twins.worlds[0])
    # scripts are read for their first line, and the cache has a folder of the same name
    opened = [line for line in lines if "openat(AT_FDCWD" in line and "tree/bin/" not in line]
    assert [line for line in opened if "O_PATH" not in line] == []
    assert len([line for line in lines if '"a.py"' in line]) == 1


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_noticed(twins: Twins, change: Callable[[Path], None]) -> None:
    twins.change(change)
    with_record, without = twins.run()
    assert with_record == without


NAMES = [
    "test_nothing_of_an_unchanged_tree_is_opened",
    *(f"test_a_change_is_noticed[{change.__name__}]" for change in CHANGES),
]
