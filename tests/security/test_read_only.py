"""Where writing is forbidden nothing at all is written, and what is there is still used."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from .people import check_start, let_age, list_tree, write_script

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

WAYS: dict[str, tuple[tuple[str, ...], dict[str, Any]]] = {
    "-B": (("-B",), {}),
    "PYTHONDONTWRITEBYTECODE": ((), {"PYTHONDONTWRITEBYTECODE": "1"}),
    "MAINSPRING_READONLY": ((), {"MAINSPRING_READONLY": "on"}),
}
each_way = pytest.mark.parametrize("way", WAYS)


def start(world: World, way: str, outcome: str, script: Path) -> None:
    options, changes = WAYS[way]
    check_start(world, outcome, *options, script, **changes)


def list_all(world: World) -> dict[str, tuple[int, int, bytes]]:
    """All that starts could have written to but the log."""
    return {name: found for name, found in list_tree(world.home).items() if name != "starts.log"}


@each_way
def test_no_cache_is_made(world: World, way: str) -> None:
    script = write_script(world)
    before = list_all(world)
    start(world, way, "absent read-only", script)
    assert list_all(world) == before


@each_way
def test_an_entry_is_used(world: World, way: str) -> None:
    script = write_script(world)
    let_age(script)
    check_start(world, "absent", script)
    [entry] = world.entries
    os.utime(entry, (1, 1))  # so long unused that a start would say that it used it
    before = list_all(world)
    start(world, way, "hit", script)
    assert list_all(world) == before


@each_way
def test_a_trailer_is_not_renewed(world: World, way: str) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    os.utime(script, (1, 1))
    before = list_all(world)
    start(world, way, "refreshed", script)
    start(world, way, "refreshed", script)
    assert list_all(world) == before


@each_way
def test_a_stale_entry_stays(world: World, way: str) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    script.write_text("print('changed')\n")
    before = list_all(world)
    start(world, way, "stale read-only", script)
    assert list_all(world) == before


@each_way
def test_a_corrupt_entry_stays(world: World, way: str) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    world.entries[0].write_bytes(b"")
    before = list_all(world)
    start(world, way, "corrupt read-only", script)
    assert list_all(world) == before


@pytest.mark.parametrize("word", ["off", "0", "no", "false", "OFF", "False"])
def test_everything_can_be_turned_off(world: World, word: str) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    before = list_all(world)
    check_start(world, "off", script, MAINSPRING=word)
    assert list_all(world) == before


@pytest.mark.parametrize("word", ["", "off", "0", "no"])
def test_writing_is_not_forbidden_by_a_word_for_off(world: World, word: str) -> None:
    check_start(world, "absent", write_script(world), MAINSPRING_READONLY=word)
    assert len(world.entries) == 1
