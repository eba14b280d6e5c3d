"""What changes while a host comes to be rules it out, before it has a hook of ours as well."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starts import make_bare_venv

from .parity.remains import list_descendants, wait_for
from .watched import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from .parity.world import WarmWorld

#: what `site` imports: it waits until nobody has the lock to itself
WAITS = """\
import fcntl
with open({lock!r}) as file:
    fcntl.flock(file, fcntl.LOCK_SH)
"""
#: it goes on when there is a line
PROGRAM = """\
import argparse, json, noted, sys
print(noted.VALUE, noted.find_library(), flush=True)
sys.stdin.readline()
"""
#: tells of a module, and of a library that is loaded, whatever its file is by now
NOTED = """\
import _ctypes
VALUE = {value}
LIBRARY = bytes.fromhex({library!r}).decode()  # so that nobody who reads this knows of it
handle = _ctypes.dlopen(LIBRARY, 0)
def find_library():
    return _ctypes.dlsym(handle, "value") > 0
"""


@pytest.fixture
def world(warm_world: WarmWorld, tmp_path: Path) -> WarmWorld:
    """A world of an interpreter whose `site` imports a module, with a library, and may be held up."""
    world = replace(warm_world, plain_python=make_bare_venv(tmp_path / "own"))
    world.write("program.py", PROGRAM)
    world.write("lock", "")
    source = world.write("value.c", "int value = 1;\n")
    for name in ("libvalue.so", "other.so"):
        subprocess.run(["cc", "-shared", "-fPIC", "-o", world.work / name, source], check=True)
    packages = find_packages(world)
    write_module(world, 1)
    (packages / "waits.py").write_text(WAITS.format(lock=str(world.work / "lock")))
    (packages / "both.pth").write_text("import noted, waits\n")
    return world


def find_packages(world: WarmWorld) -> Path:
    [packages] = world.plain_python.parents[1].glob("lib/python3.*/site-packages")
    return packages


@contextmanager
def held_up(world: WarmWorld) -> Iterator[None]:
    """The helper of the second start waits in `site`, as the host to be."""
    world.ask_for_warm("program.py")
    command = world.command("warm", ["program.py"])
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with (
        (world.work / "lock").open("r+") as lock,
        subprocess.Popen(command, cwd=world.work, env=world.environment(), **pipes) as second,
    ):
        assert second.stdout
        assert second.stdout.readline() == b"1 True\n"
        fcntl.flock(lock, fcntl.LOCK_EX)
        second.communicate()
        wait_for(is_anybody_waiting, "waiting: a host")
        yield


def is_anybody_waiting() -> bool:
    """Whether one of our processes waits for a lock."""
    lines = [line.split() for line in Path("/proc/locks").read_text().splitlines()]
    waiting = {int(line[5]) for line in lines if line[1:3] == ["->", "FLOCK"]}
    return any(process.number in waiting for process in list_descendants())


def write_module(world: WarmWorld, value: int) -> None:
    library = bytes(world.work / "libvalue.so").hex()
    (find_packages(world) / "noted.py").write_text(NOTED.format(value=value, library=library))


def edit_module(world: WarmWorld) -> None:
    write_module(world, 2)


def replace_library(world: WarmWorld) -> None:
    (world.work / "other.so").replace(world.work / "libvalue.so")


def rewrite_library(world: WarmWorld) -> None:
    (world.work / "libvalue.so").unlink()
    shutil.copy(world.work / "other.so", world.work / "libvalue.so")


def remove_library(world: WarmWorld) -> None:
    (world.work / "libvalue.so").unlink()


CHANGES = [edit_module, replace_library, rewrite_library, remove_library]


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_since_the_helper_set_out_rules_the_host_out(
    world: WarmWorld, change: Callable[[WarmWorld], None]
) -> None:
    with held_up(world):
        change(world)
        settle(world.work)
        settle(find_packages(world))
    wait_for(lambda: not list_descendants() or world.list_hosts(), "settled")
    assert world.list_hosts() == []
    assert "ended stale" in (world.home / ".local/state/mainspring/hosts.log").read_text()
    assert world.ask_for_warm("program.py") == world.start_plain("program.py")


def test_a_host_that_was_only_held_up_comes_up(world: WarmWorld) -> None:
    with held_up(world):
        pass
    wait_for(lambda: bool(world.list_hosts()), "up: a host")
    assert world.start_warm("program.py") == world.start_plain("program.py")
