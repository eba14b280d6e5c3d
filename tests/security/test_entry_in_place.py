"""What is found in an entry's place is judged before it is read, and never waited for."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .people import STRANGER, check_start, need_root, put_before, write_script

if TYPE_CHECKING:
    from collections.abc import Callable

    from starts import World

    from .people import PrefixedWorld


def keep_entry(world: World) -> tuple[Path, Path]:
    """A script and its entry."""
    script = write_script(world)
    check_start(world, "absent", script)
    [entry] = world.entries
    return script, entry


def put_socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path.name)
    finally:
        os.chdir(here)


def put_device(path: Path) -> None:
    need_root()
    os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))


def put_folder(path: Path) -> None:
    path.mkdir(mode=0o700)


def put_fifo(path: Path) -> None:
    os.mkfifo(path, 0o600)


@pytest.mark.parametrize(
    ("put", "reason"),
    [
        (put_fifo, "not-a-file"),
        (put_folder, "not-a-file"),
        (put_device, "not-a-file"),
        (put_socket, "no-access"),
    ],
)
def test_only_a_file_is_read(world: World, put: Callable[[Path], None], reason: str) -> None:
    script, entry = keep_entry(world)
    entry.unlink()
    put(entry)
    before = entry.lstat()
    check_start(world, f"untrusted {reason}", script)
    assert entry.lstat().st_ino == before.st_ino


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o660, 0o666, 0o777])
def test_an_entry_that_others_can_write_to(world: World, mode: int) -> None:
    script, entry = keep_entry(world)
    entry.chmod(mode)
    check_start(world, "untrusted writable-by-others", script)
    assert stat.S_IMODE(entry.stat().st_mode) == mode


def test_an_entry_of_another_user(world: World) -> None:
    need_root()
    script, entry = keep_entry(world)
    os.chown(entry, STRANGER, STRANGER)
    check_start(world, "untrusted other-owner", script)


def test_an_entry_of_root_in_a_user_s_cache(stranger: PrefixedWorld) -> None:
    script, entry = keep_entry(stranger)
    os.chown(entry, 0, 0)
    entry.chmod(0o644)
    check_start(stranger, "untrusted other-owner", script)


def test_an_entry_that_cannot_be_read(stranger: PrefixedWorld) -> None:
    script, entry = keep_entry(stranger)
    entry.chmod(0)
    check_start(stranger, "untrusted no-access", script)


def list_levels(world: World, entry: Path) -> list[Path]:
    """The folders from the build's down to the entry's, and the entry."""
    parts = entry.relative_to(world.cache).parts
    return [world.cache.joinpath(*parts[: i + 1]) for i in range(len(parts))]


def test_a_link_at_any_level_is_not_followed(world: World) -> None:
    script, entry = keep_entry(world)
    aside = world.home / "aside"
    levels = list_levels(world, entry)
    assert len(levels) > 4
    for level in levels:
        level.rename(aside)
        level.symlink_to(aside)
        reason = "no-access" if level == entry else "not-a-folder"
        check_start(world, f"untrusted {reason}", script)
        level.unlink()
        aside.rename(level)
    check_start(world, "hit", script)


def test_a_broken_link_at_any_level_is_not_written_through(world: World) -> None:
    script, entry = keep_entry(world)
    nowhere, aside = world.home / "nowhere", world.home / "aside"
    for level in list_levels(world, entry):
        level.rename(aside)
        level.symlink_to(nowhere)
        reason = "no-access" if level == entry else "not-a-folder"
        check_start(world, f"untrusted {reason}", script)
        assert not nowhere.exists()
        level.unlink()
        aside.rename(level)


def test_a_folder_that_others_can_write_to_at_any_level(world: World) -> None:
    script, entry = keep_entry(world)
    for level in list_levels(world, entry)[:-1]:
        level.chmod(0o770)
        check_start(world, "untrusted writable-by-others", script)
        level.chmod(0o700)
    check_start(world, "hit", script)


def test_a_folder_of_another_user_at_any_level(world: World) -> None:
    need_root()
    script, entry = keep_entry(world)
    for level in list_levels(world, entry)[:-1]:
        os.chown(level, STRANGER, STRANGER)
        check_start(world, "untrusted other-owner", script)
        os.chown(level, 0, 0)
    check_start(world, "hit", script)


def test_a_file_in_a_folder_s_place_at_any_level(world: World) -> None:
    script, entry = keep_entry(world)
    aside = world.home / "aside"
    for level in list_levels(world, entry)[:-1]:
        level.rename(aside)
        level.write_bytes(b"")
        check_start(world, "untrusted not-a-folder", script)
        level.unlink()
        aside.rename(level)


@pytest.mark.parametrize("mask", ["000", "002", "022", "077"])
def test_no_umask_opens_it_to_others(world: World, mask: str) -> None:
    masked = put_before(world, "sh", "-c", f'umask {mask}; exec "$@"', "sh")
    script = write_script(world)
    check_start(masked, "absent", script)
    check_start(masked, "hit", script)
    below = [world.cache, *world.cache.rglob("*")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in below if path.is_dir()} == {0o700}
    assert {stat.S_IMODE(path.stat().st_mode) for path in below if path.is_file()} == {0o600}


def test_a_umask_that_locks_the_user_out_stops_no_program(stranger: PrefixedWorld) -> None:
    stranger.prefix = ("sh", "-c", 'umask 777; exec "$@"', "sh", *stranger.prefix)
    script = write_script(stranger)
    stranger.log.touch(mode=0o600)
    os.chown(stranger.log, STRANGER, STRANGER)
    check_start(stranger, "absent no-access", script)
    check_start(stranger, "untrusted no-access", script)
