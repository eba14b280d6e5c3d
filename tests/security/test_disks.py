"""A disk that is full, at any point, or read-only: the program runs, and no part is left over."""

from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from .conftest import mount
from .people import check_start, list_temporary, list_tree, need_root, write_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starts import World

PAGE = 4096


def use_disk(world: World, disk: Path) -> Path:
    """Put the cache of *world* onto *disk*."""
    cache = disk / "cache"
    world.settings["MAINSPRING_CACHE_DIR"] = str(cache)
    return cache


def write_long_script(world: World, size: int) -> Path:
    """A script whose entry is of *size* bytes and some."""
    return write_script(world, f"text = '{'x' * size}'\nprint(len(text))\n", "long.py")


def test_an_entry_that_does_not_fit(world: World, small_disk: Path) -> None:
    cache = use_disk(world, small_disk)
    script = write_long_script(world, 100_000)
    check_start(world, "absent disk-full", script)
    check_start(world, "absent disk-full", script)
    assert list_temporary(cache) == []
    assert list(cache.rglob("*.pyc")) == []


def test_an_entry_is_cut_at_any_page(world: World, small_disk: Path) -> None:
    cache = use_disk(world, small_disk)
    script = write_long_script(world, 5 * PAGE)
    outcomes = []
    for free in range(0, 10 * PAGE, PAGE):
        filler = small_disk / "filler"
        filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - free))
        before = len(world.read_log())
        assert world.start("enabled", script) == world.start("plain", script)
        outcomes.append(world.read_log()[before].outcome)
        assert list_temporary(cache) == []
        shutil.rmtree(cache, ignore_errors=True)
        filler.unlink()
    assert outcomes == sorted(outcomes, reverse=True)
    assert set(outcomes) == {"absent disk-full", "absent"}


@pytest.fixture
def few_files(world: World) -> Iterator[Path]:
    """Where to mount file systems that hold few files."""
    need_root()
    folder = world.home / "few"
    folder.mkdir()
    yield folder
    subprocess.run(["umount", "-l", folder], check=False, capture_output=True)


def test_the_disk_has_no_room_for_one_more_file_at_any_point(world: World, few_files: Path) -> None:
    cache = use_disk(world, few_files)
    script = write_script(world)
    outcomes = []
    for files in range(2, 30):
        mount(few_files, "-t", "tmpfs", "-o", f"size=1m,mode=700,nr_inodes={files}", "none")
        before = len(world.read_log())
        started = world.start("enabled", script)
        outcomes.append(world.read_log()[before].outcome)
        left = list_temporary(cache)
        subprocess.run(["umount", few_files], check=True)
        assert started == world.start("plain", script)
        assert left == []
        if outcomes[-1] == "absent":
            break
    assert outcomes[0] == "absent disk-full"
    assert outcomes[-1] == "absent"


def test_an_entry_is_used_on_a_full_disk(world: World, small_disk: Path) -> None:
    cache = use_disk(world, small_disk)
    script = write_script(world)
    check_start(world, "absent", script)
    (small_disk / "filler").write_bytes(b"x" * shutil.disk_usage(small_disk).free)
    before = {name for name in list_tree(cache) if not name.startswith("%")}
    check_start(world, "hit", script)
    os.utime(script, (1, 1))
    check_start(world, "refreshed disk-full", script)
    assert {name for name in list_tree(cache) if not name.startswith("%")} == before


@pytest.fixture
def read_only_cache(world: World) -> Iterator[tuple[World, Path]]:
    """A world whose cache has one entry, and is then on a read-only file system."""
    need_root()
    script = write_script(world)
    check_start(world, "absent", script)
    mount(world.cache, "--bind", world.cache)
    mount(world.cache, "-o", "remount,bind,ro")
    yield world, script
    subprocess.run(["umount", "-l", world.cache], check=True)


def test_a_read_only_file_system(read_only_cache: tuple[World, Path]) -> None:
    world, script = read_only_cache
    other = write_script(world, name="other.py")
    before = list_tree(world.cache)
    check_start(world, "hit", script)
    check_start(world, "absent read-only-file-system", other)
    os.utime(script, (1, 1))
    check_start(world, "refreshed read-only-file-system", script)
    script.write_text("print('changed')\n")
    check_start(world, "stale read-only-file-system", script)
    assert list_tree(world.cache) == before


def test_a_cache_that_would_be_made_on_a_read_only_file_system(world: World) -> None:
    need_root()
    folder = world.home / "fixed"
    folder.mkdir()
    mount(folder, "-t", "tmpfs", "-o", "ro,size=64k,mode=755", "none")
    try:
        use_disk(world, folder)
        check_start(world, "absent read-only-file-system", write_script(world))
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
