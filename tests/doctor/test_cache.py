"""A cache that cannot be used, or only badly: for each fault one finding, and no traceback."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from security.conftest import mount
from security.people import STRANGER, check_start, list_tree, need_root, write_script

from .calling import examine, find_one, list_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from enabling.commands import Commands
    from starts import World


@pytest.fixture
def cache(world: World) -> Path:
    """A cache that holds one entry."""
    check_start(world, "absent", write_script(world))
    return world.cache


def test_it_is_somebody_else_s(cache: Path, commands: Commands) -> None:
    need_root()
    os.chown(cache, STRANGER, STRANGER)
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("other-owner", str(cache))


def test_it_is_root_s_for_another_user(theirs: Commands) -> None:
    cache = theirs.home / ".cache" / "mainspring"
    cache.mkdir(parents=True, mode=0o755)
    assert list_names(theirs) == ["other-owner"]


def test_root_in_another_user_s_home(theirs: Commands) -> None:
    """As sudo leaves HOME on some systems: a start would make no cache there."""
    theirs.prefix = ()
    found = find_one(theirs)
    assert (found["finding"], found["subject"]) == ("other-owner", str(theirs.home))
    assert list(theirs.home.iterdir()) == []


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o1777])
def test_others_can_write_to_it(cache: Path, commands: Commands, mode: int) -> None:
    cache.chmod(mode)
    found = find_one(commands)
    assert found["finding"] == "writable-by-others"
    assert found["remedy"] == f"chmod go-w {cache}"


@pytest.mark.parametrize("place", ["itself", "above"])
def test_a_file_is_in_its_place(world: World, commands: Commands, place: str) -> None:
    path = world.cache if place == "itself" else world.cache.parent
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    assert list_names(commands) == ["not-a-folder"]
    assert path.read_text() == "mine"


@pytest.mark.parametrize("target", ["nowhere", "elsewhere"])
def test_a_link_is_in_its_place(world: World, commands: Commands, target: str) -> None:
    (world.home / "elsewhere").mkdir(mode=0o700)
    world.cache.parent.mkdir()
    world.cache.symlink_to(world.home / target)
    assert list_names(commands) == ["not-a-folder"]


def test_a_broken_link_is_above_it(world: World, commands: Commands) -> None:
    world.cache.parent.symlink_to(world.home / "nowhere")
    assert list_names(commands) == ["no-access"]


@pytest.mark.parametrize("mode", [0o000, 0o500, 0o600])
def test_it_cannot_be_written_to(theirs: Commands, mode: int) -> None:
    cache = theirs.home / ".cache" / "mainspring"
    theirs.start(theirs.home.parents[0] / "slots" / "bin" / "python")
    assert cache.is_dir()
    cache.chmod(mode)
    assert list_names(theirs) == ["no-access"]


def test_it_cannot_be_made(theirs: Commands) -> None:
    theirs.home.joinpath("locked").mkdir(mode=0o755)
    path = str(theirs.home / "locked" / "deeper" / "cache")
    found = find_one(theirs, MAINSPRING_CACHE_DIR=path)
    assert (found["finding"], found["subject"]) == ("no-access", str(theirs.home / "locked"))


def test_home_does_not_exist(theirs: Commands) -> None:
    assert list_names(theirs, HOME="/nonexistent") == ["no-access"]


@pytest.mark.parametrize("exists", [True, False])
def test_the_disk_is_full(commands: Commands, small_disk: Path, exists: bool) -> None:
    cache = small_disk / "cache"
    if exists:
        cache.mkdir(mode=0o700)
    (small_disk / "filler").write_bytes(b"x" * shutil.disk_usage(small_disk).free)
    before = set(list_tree(small_disk))
    found = find_one(commands, MAINSPRING_CACHE_DIR=str(cache))
    assert found["finding"] == "disk-full"
    assert set(list_tree(small_disk)) == before


def test_the_disk_has_no_room_for_one_more_file(world: World, commands: Commands) -> None:
    need_root()
    folder = world.home / "few"
    folder.mkdir()
    mount(folder, "-t", "tmpfs", "-o", "size=1m,mode=700,nr_inodes=1", "none")
    try:
        assert list_names(commands, MAINSPRING_CACHE_DIR=str(folder)) == ["disk-full"]
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.fixture
def fixed(world: World) -> Iterator[Path]:
    """A read-only file system."""
    need_root()
    folder = world.home / "fixed"
    folder.mkdir()
    mount(folder, "-t", "tmpfs", "-o", "ro,size=64k,mode=700", "none")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("place", [".", "cache/deeper"])
def test_the_file_system_is_read_only(commands: Commands, fixed: Path, place: str) -> None:
    path = str(fixed / place)
    assert list_names(commands, MAINSPRING_CACHE_DIR=path) == ["read-only-file-system"]


def test_the_file_system_is_another_machine_s(
    commands: Commands, file_server: Callable[[str, float], Path]
) -> None:
    folder = file_server("fuse.sshfs", 0.0)
    found = find_one(commands, MAINSPRING_CACHE_DIR=str(folder))
    assert (found["finding"], found["subject"]) == ("network-file-system", str(folder))
    assert found["detail"] == "fuse.sshfs"


def test_so_is_one_that_a_link_leads_to(
    world: World, commands: Commands, file_server: Callable[[str, float], Path]
) -> None:
    world.cache.parent.symlink_to(file_server("fuse.sshfs", 0.0))
    assert "network-file-system" in list_names(commands)


def test_a_local_file_system_of_a_program_is_none(
    commands: Commands, file_server: Callable[[str, float], Path]
) -> None:
    assert examine(commands, MAINSPRING_CACHE_DIR=str(file_server("fuse.gocryptfs", 0.0))) == []


@pytest.mark.parametrize(("skew", "word"), [(3600.0, "ahead"), (-90.0, "behind")])
def test_the_clock_of_the_file_system_is_another(
    commands: Commands, file_server: Callable[[str, float], Path], skew: float, word: str
) -> None:
    folder = file_server("fuse.gocryptfs", skew)
    found = find_one(commands, MAINSPRING_CACHE_DIR=str(folder))
    assert found["finding"] == "clock-skew"
    seconds, unit, told = found["detail"].split(" ")
    assert (unit, told) == ("seconds", word)
    assert abs(float(seconds) - abs(skew)) < 1


def test_entries_were_used_in_the_future(world: World, cache: Path, commands: Commands) -> None:
    [entry] = world.entries
    os.utime(entry, (time.time() + 86_400, time.time() + 86_400))
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("entries-in-the-future", str(cache))
    assert str(entry) in found["detail"]


def test_a_script_was_changed_in_the_future(world: World, cache: Path, commands: Commands) -> None:
    assert cache.exists()
    script = world.home / "program.py"
    os.utime(script, (time.time() + 3600, time.time() + 3600))
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("script-in-the-future", str(script))
    assert f"touch {script}" in found["remedy"]


def test_entries_that_somebody_else_could_have_written(
    world: World, cache: Path, commands: Commands
) -> None:
    [entry] = world.entries
    entry.chmod(0o666)
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("untrusted-entries", str(cache))
    assert str(entry) in found["detail"]
    entry.chmod(0o600)
    entry.parent.chmod(0o777)
    assert str(entry.parent) in find_one(commands)["detail"]


@pytest.mark.parametrize("damage", ["noise", "folder"])
def test_counts_that_cannot_be_read(cache: Path, commands: Commands, damage: str) -> None:
    sums = cache / "%sums"
    if damage == "noise":
        sums.write_bytes(os.urandom(2000) + b"\n")
    else:
        sums.mkdir(mode=0o700)
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("counts-unreadable", str(sums))
