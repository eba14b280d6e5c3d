"""Many starts of one script, while it changes: each runs a version that existed."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.people import check_entries, list_temporary

from mainspring.codecache.sweep import sweep_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import World

STARTS = 64


def write_version(number: int) -> bytes:
    """A script that tells at its end what its beginning says; all versions have one size."""
    filling = "# filling\n" * 100
    return f"first = {number:06}.\n{filling}last = {number:06}.\nprint(first, last)\n".encode()


def replace(script: Path, number: int) -> None:
    new = script.with_name("new")
    new.write_bytes(write_version(number))
    new.rename(script)


def rewrite(script: Path, number: int) -> None:
    descriptor = os.open(script, os.O_WRONLY)
    try:
        os.pwrite(descriptor, write_version(number), 0)
    finally:
        os.close(descriptor)


def rewrite_and_hide(script: Path, number: int) -> None:
    """With its time put back, as if nothing had happened."""
    status = script.stat()
    rewrite(script, number)
    os.utime(script, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [replace, rewrite, rewrite_and_hide])
def test_each_runs_a_version_that_existed(world: World, change: Callable[[Path, int], None]) -> None:
    script = world.home / "program.py"
    script.write_bytes(write_version(0))
    processes = []
    for number in range(1, STARTS + 1):
        processes.append(
            subprocess.Popen(
                world.command("enabled", [script]),
                env=world.environment(),
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        )
        change(script, number)
    legal = {b"%d.0 %d.0\n" % (number, number) for number in range(2 * STARTS + 1)}
    for number, process in enumerate(processes, STARTS + 1):
        output, errors = process.communicate()
        assert (process.returncode, errors) == (0, b"")
        assert output in legal
        change(script, number)
    assert world.start("enabled", script).stdout == b"%d.0 %d.0\n" % (2 * STARTS, 2 * STARTS)
    check_cache(world)


def check_cache(world: World) -> None:
    """Hold that the cache is whole."""
    assert check_entries(world.cache) == 1
    root = os.open(world.cache, os.O_RDONLY)
    try:
        sweep_all(root, 1 << 30)
    finally:
        os.close(root)
    assert list_temporary(world.cache) == []
    assert check_entries(world.cache) == 1


def test_many_first_starts_make_one_entry(world: World) -> None:
    script = world.home / "program.py"
    script.write_bytes(write_version(0))
    command, environment = world.command("enabled", [script]), world.environment()
    processes = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE) for _ in range(STARTS)
    ]
    assert {process.communicate()[0] for process in processes} == {b"0.0 0.0\n"}
    outcomes = [line.outcome for line in world.read_log()]
    assert len(outcomes) == STARTS
    assert set(outcomes) <= {"absent", "hit", "refreshed"}
    check_cache(world)


def test_a_cache_that_is_removed_meanwhile(world: World) -> None:
    script = world.home / "program.py"
    script.write_bytes(write_version(0))
    command, environment = world.command("enabled", [script]), world.environment()
    for _ in range(STARTS // 8):
        processes = [
            subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for _ in range(8)
        ]
        subprocess.run(["rm", "-rf", world.cache], check=False, stderr=subprocess.DEVNULL)
        assert {process.communicate() for process in processes} == {(b"0.0 0.0\n", b"")}
    world.start("enabled", script)
    check_cache(world)
