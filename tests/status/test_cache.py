"""What the cache holds, or why there is none, in clear words and never a traceback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, check_start, list_tree, need_root, write_script

from mainspring.reasons import REASONS

from .reading import command_as, find_line, read_facts, read_lines, read_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from enabling.commands import Commands
    from security.people import PrefixedWorld
    from starts import World

NOTHING = {"entries": 0, "size": 0}


def test_a_cache_in_use(world: World, commands: Commands) -> None:
    for name in ("one.py", "two.py"):
        check_start(world, "absent", write_script(world, name=name))
    cache = read_facts(commands)["cache"]
    assert cache == {
        "path": str(world.cache),
        "condition": "in-use",
        "entries": 2,
        "size": sum(path.stat().st_size for path in world.entries),
        "bound": 512 << 20,
    }
    assert find_line(commands, "cache") == ["in-use", str(world.cache), "it holds entries"]
    assert find_line(commands, "entries") == ["2"]
    assert find_line(commands, "size") == [str(cache["size"])]
    assert find_line(commands, "bound") == [str(512 << 20)]


def test_the_bound_is_what_is_set(world: World, commands: Commands) -> None:
    check_start(world, "absent", write_script(world))
    assert read_facts(commands, MAINSPRING_MAX_SIZE="3K")["cache"]["bound"] == 3072
    assert read_facts(commands, MAINSPRING_MAX_SIZE="much")["cache"]["bound"] == 512 << 20
    (world.cache / "%max-size").write_text("7000\n")
    assert read_facts(commands)["cache"]["bound"] == 7000


def test_there_is_none_yet_and_none_is_made(commands: Commands) -> None:
    cache = read_facts(commands)["cache"]
    path = commands.home / ".cache" / "mainspring"
    assert cache == {"path": str(path), "condition": "none-yet", "bound": None, **NOTHING}
    assert find_line(commands, "bound") == ["-"]
    assert list(commands.home.iterdir()) == []


def test_it_is_empty(world: World, commands: Commands) -> None:
    world.cache.mkdir(parents=True, mode=0o700)
    cache = read_facts(commands)["cache"]
    assert cache == {"path": str(world.cache), "condition": "empty", "bound": 512 << 20, **NOTHING}


def test_no_setting_leads_to_one(commands: Commands) -> None:
    cache = read_facts(commands, HOME="")["cache"]
    assert cache == {"path": None, "condition": "no-cache-folder", "bound": None, **NOTHING}


def spoil(path: Path, fault: str) -> None:
    path.mkdir(parents=True, mode=0o700)
    if fault == "writable-by-others":
        path.chmod(0o770)
    elif fault == "other-owner":
        need_root()
        os.chown(path, STRANGER, STRANGER)
    else:
        path.rmdir()
        path.write_text("mine")


@pytest.mark.parametrize("fault", ["writable-by-others", "other-owner", "not-a-folder"])
def test_it_cannot_be_used(world: World, commands: Commands, fault: str) -> None:
    spoil(world.cache, fault)
    assert read_facts(commands)["cache"]["condition"] == fault
    expected = [fault, str(world.cache), REASONS[fault].meaning]  # type: ignore[index]
    assert find_line(commands, "cache") == expected
    status, shown = read_terminal(commands, "status")
    assert status == 0
    assert REASONS[fault].meaning in shown  # type: ignore[index]


@pytest.mark.parametrize("mode", [0o000, 0o300, 0o600])
def test_it_cannot_be_read(stranger: PrefixedWorld, mode: int) -> None:
    check_start(stranger, "absent", write_script(stranger))
    stranger.cache.chmod(mode)
    theirs = command_as(stranger)
    cache = read_facts(theirs)["cache"]
    assert (cache["condition"], cache["entries"]) in {("no-access", 0), ("empty", 0)}
    assert cache["condition"] == "no-access" or mode == 0o600


def test_odd_things_in_it(world: World, commands: Commands) -> None:
    check_start(world, "absent", write_script(world))
    [build] = [path for path in world.cache.iterdir() if path.is_dir()]
    (build / "dir%.pyc").mkdir()
    (build / "link%.pyc").symlink_to("/etc/passwd")
    (build / "no entry").write_text("x")
    (build / "%interpreter").write_bytes(b"\xff\0\xff")
    os.mkfifo(world.cache / "fifo")
    (world.cache / "loop").symlink_to(".")
    cache = read_facts(commands)["cache"]
    assert (cache["condition"], cache["entries"]) == ("in-use", 1)


def test_looking_changes_nothing(world: World, commands: Commands) -> None:
    check_start(world, "absent", write_script(world))
    before = list_tree(world.home)
    read_facts(commands)
    read_lines(commands)
    read_terminal(commands, "status")
    assert list_tree(world.home) == before
