"""Whatever is where the cache should be, the program runs, and the log says what is wrong."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from .people import STRANGER, check_start, list_tree, need_root, write_script

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

    from .people import PrefixedWorld


def make_cache(world: World, mode: int = 0o700) -> Path:
    world.cache.mkdir(parents=True)
    world.cache.chmod(mode)
    return world.cache


def test_a_first_start_makes_it_for_the_user_alone(world: World) -> None:
    check_start(world, "absent", write_script(world))
    assert world.cache.stat().st_mode & 0o777 == 0o700


def test_no_setting_leads_to_one(world: World) -> None:
    check_start(world, "absent no-cache-folder", write_script(world), HOME=None)


@pytest.mark.parametrize("name", ["HOME", "XDG_CACHE_HOME", "MAINSPRING_CACHE_DIR"])
@pytest.mark.parametrize("value", ["", ".", "cache", "../cache", "~/cache"])
def test_a_relative_path_counts_as_unset(world: World, name: str, value: str) -> None:
    script = write_script(world)
    before = list_tree(world.home).keys()
    changes: dict[str, Any] = {"HOME": None, name: value}
    check_start(world, "absent no-cache-folder", script, **changes)
    assert list_tree(world.home).keys() - before == {"starts.log"}


def test_a_relative_setting_gives_way_to_the_next(world: World) -> None:
    changes: dict[str, Any] = {"MAINSPRING_CACHE_DIR": "x", "XDG_CACHE_HOME": "y"}
    check_start(world, "absent", write_script(world), **changes)
    assert len(world.entries) == 1


def test_each_setting_comes_before_the_next(world: World) -> None:
    script = write_script(world)
    own, shared = world.home / "own", world.home / "shared"
    check_start(world, "absent", script, XDG_CACHE_HOME=str(shared))
    check_start(world, "absent", script, XDG_CACHE_HOME=str(shared), MAINSPRING_CACHE_DIR=str(own))
    assert (shared / "mainspring").is_dir()
    assert own.is_dir()
    assert not world.cache.exists()


def test_a_file_is_there(world: World) -> None:
    world.cache.parent.mkdir()
    world.cache.write_bytes(b"mine")
    check_start(world, "untrusted not-a-folder", write_script(world))
    assert world.cache.read_bytes() == b"mine"


def test_a_file_is_above_it(world: World) -> None:
    world.cache.parent.write_bytes(b"mine")
    check_start(world, "untrusted not-a-folder", write_script(world))


@pytest.mark.parametrize("target", ["nowhere", "elsewhere"])
def test_a_link_is_there(world: World, target: str) -> None:
    (world.home / "elsewhere").mkdir(mode=0o700)
    world.cache.parent.mkdir()
    world.cache.symlink_to(world.home / target)
    check_start(world, "untrusted not-a-folder", write_script(world))
    assert list_tree(world.home / "elsewhere") == {}


def test_a_broken_link_is_above_it(world: World) -> None:
    world.cache.parent.symlink_to(world.home / "nowhere")
    check_start(world, "absent no-access", write_script(world))


def test_a_link_above_it_leads_to_a_cache_that_is_judged_there(world: World) -> None:
    (world.home / "elsewhere").mkdir()
    world.cache.parent.symlink_to(world.home / "elsewhere")
    script = write_script(world)
    check_start(world, "absent", script)
    check_start(world, "hit", script)


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777, 0o720, 0o1777])
def test_others_can_write_to_it(world: World, mode: int) -> None:
    make_cache(world, mode)
    check_start(world, "untrusted writable-by-others", write_script(world))
    assert list_tree(world.cache) == {}


@pytest.mark.parametrize("mode", [0o700, 0o750, 0o755, 0o711])
def test_others_may_read_it(world: World, mode: int) -> None:
    make_cache(world, mode)
    check_start(world, "absent", write_script(world))


def test_it_is_somebody_else_s(world: World) -> None:
    need_root()
    os.chown(make_cache(world), STRANGER, STRANGER)
    check_start(world, "untrusted other-owner", write_script(world))
    assert list_tree(world.cache) == {}


def test_it_is_root_s(stranger: PrefixedWorld) -> None:
    make_cache(stranger, 0o755)
    check_start(stranger, "untrusted other-owner", write_script(stranger))


def test_root_makes_nothing_in_another_user_s_home(world: World) -> None:
    need_root()
    os.chown(world.home, STRANGER, STRANGER)
    log = world.home.parent / "log"
    world.settings["MAINSPRING_LOG"] = str(log)
    script = write_script(world)
    before = list_tree(world.home)
    started = world.start("enabled", script)
    assert started == world.start("plain", script)
    assert list_tree(world.home) == before
    assert log.read_text().split("\t")[1] == "absent other-owner"


def test_root_uses_no_entry_of_another_user(stranger: PrefixedWorld) -> None:
    script = write_script(stranger)
    check_start(stranger, "absent", script)
    before = list_tree(stranger.cache)
    stranger.prefix = ()
    stranger.log.unlink()
    check_start(stranger, "untrusted other-owner", script)
    assert list_tree(stranger.cache) == before


def test_it_cannot_be_made(stranger: PrefixedWorld) -> None:
    script = write_script(stranger)
    stranger.home.joinpath("locked").mkdir(mode=0o755)
    folder = str(stranger.home / "locked" / "deeper" / "cache")
    check_start(stranger, "absent no-access", script, MAINSPRING_CACHE_DIR=folder)


def test_home_does_not_exist(stranger: PrefixedWorld) -> None:
    check_start(stranger, "absent no-access", write_script(stranger), HOME="/nonexistent")


@pytest.mark.parametrize("mode", [0o000, 0o400, 0o600])
def test_it_cannot_be_searched(stranger: PrefixedWorld, mode: int) -> None:
    script = write_script(stranger)
    check_start(stranger, "absent", script)
    stranger.cache.chmod(mode)
    check_start(stranger, "untrusted no-access", script)


@pytest.mark.parametrize("name", ["", "build"])
def test_it_cannot_be_written_to(stranger: PrefixedWorld, name: str) -> None:
    script, other = write_script(stranger), write_script(stranger, name="other.py")
    check_start(stranger, "absent", script)
    [build] = [path for path in stranger.cache.iterdir() if path.is_dir()]
    [entry] = stranger.entries
    locked = {"": [entry.parent], "build": [stranger.cache, build, entry.parent]}[name]
    for folder in locked:
        folder.chmod(0o500)
    check_start(stranger, "hit", script)
    check_start(stranger, "absent no-access", other)


def test_entries_that_cannot_be_renewed_are_still_used(stranger: PrefixedWorld) -> None:
    script = write_script(stranger)
    check_start(stranger, "absent", script)
    [entry] = stranger.entries
    entry.parent.chmod(0o500)
    os.utime(script, (1, 1))
    check_start(stranger, "refreshed no-access", script)
    check_start(stranger, "refreshed no-access", script)
