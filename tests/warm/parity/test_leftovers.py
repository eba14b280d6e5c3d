"""What hosts and programs leave in the runtime folder is removed when nobody needs it, and not before."""

from __future__ import annotations

import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from .remains import list_descendants, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from .world import WarmWorld

PROGRAM = "import argparse, json, logging\nprint('ran')\n"
MONTH = 30 * 24 * 3600
DEAD, HELD, FAILED, FAILED_LONG_AGO, OLD, NEW = (letter * 32 for letter in "abcdef")
SWEEP = """\
import os, sys
from mainspring.warm.leftovers import remove_leftovers
folder = os.open(sys.argv[1], os.O_RDONLY)
print(flush=True)
while True:
    remove_leftovers(folder)
"""


def leave_socket(path: Path) -> None:
    """A socket at which nobody listens."""
    folder = os.open(path.parent, os.O_PATH)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    os.close(folder)


def leave(path: Path, age: float = 0, content: str = "") -> None:
    path.write_text(content)
    os.utime(path, (time.time() - age, time.time() - age))


def test_a_new_host_removes_what_is_left_of_others(warm_world: WarmWorld) -> None:
    folder = warm_world.folder
    folder.mkdir(mode=0o700)
    for key in (DEAD, HELD, FAILED):
        leave_socket(folder / f"{key}.sock")
    leave(folder / f"{DEAD}.lock")
    leave(folder / f"{FAILED}.lock", 60, "++++")
    leave(folder / f"{FAILED_LONG_AGO}.lock", MONTH / 15, "++++")
    for suffix in ("recipe", "recipe-new", "cold"):
        leave(folder / f"{OLD}.{suffix}", MONTH + 60)
        leave(folder / f"{NEW}.{suffix}", MONTH - 3600)
    leave(folder / "other", 2 * MONTH)
    warm_world.write("program.py", PROGRAM)
    with (folder / f"{HELD}.lock").open("w") as lock:
        fcntl.lockf(lock, fcntl.LOCK_EX)
        warm_world.warm_up("program.py")
        gone = [f"{DEAD}.sock", f"{DEAD}.lock", f"{FAILED}.sock", f"{FAILED_LONG_AGO}.lock"]
        gone += [f"{OLD}.{suffix}" for suffix in ("recipe", "recipe-new", "cold")]
        wait_for(lambda: not [name for name in gone if (folder / name).exists()], "removed")
        kept = {f"{HELD}.sock", f"{HELD}.lock", f"{FAILED}.lock", "other"}
        kept |= {f"{NEW}.{suffix}" for suffix in ("recipe", "recipe-new", "cold")}
        assert kept <= set(os.listdir(folder))
        assert warm_world.ask_for_warm("program.py").stdout == b"ran\n"
        assert warm_world.last_outcome == "warm"


def test_a_host_that_ends_leaves_only_what_was_learnt(warm_world: WarmWorld) -> None:
    warm_world.write("program.py", PROGRAM)
    warm_world.warm_up("program.py")
    warm_world.stop_hosts()
    suffixes = {name.partition(".")[2] for name in os.listdir(warm_world.folder)}
    assert suffixes == {"recipe", "cold", "lock"}
    assert [path.name for path in warm_world.folder.glob("*.lock")] == ["recipes.lock"]


def test_a_recipe_that_is_used_does_not_grow_old(warm_world: WarmWorld) -> None:
    warm_world.write("program.py", PROGRAM)
    warm_world.warm_up("program.py")
    [recipe] = warm_world.folder.glob("*.recipe")
    leave(recipe, MONTH - 60, recipe.read_text())
    assert warm_world.ask_for_warm("program.py").stdout == b"ran\n"
    assert warm_world.last_outcome == "warm"
    wait_for(lambda: time.time() - recipe.stat().st_mtime < 60, "young again: the recipe")


def test_after_a_host_was_killed_one_cold_start_is_enough(warm_world: WarmWorld) -> None:
    """However often, and also where it was killed together with what was about to come."""
    warm_world.write("program.py", PROGRAM)
    warm_world.warm_up("program.py")
    for _ in range(5):
        killed = warm_world.find_host()
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: not list_descendants(), "gone")
        assert warm_world.ask_for_warm("program.py").stdout == b"ran\n"
        wait_for(warm_world.list_hosts, "up: a host")
        assert warm_world.ask_for_warm("program.py").stdout == b"ran\n"
        assert warm_world.last_outcome == "warm"


def test_a_host_that_comes_up_while_locks_are_removed_has_its_own(warm_world: WarmWorld) -> None:
    warm_world.write("program.py", PROGRAM)
    warm_world.warm_up("program.py")
    command = [sys.executable, "-c", SWEEP, warm_world.folder]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as sweeping:
        try:
            assert sweeping.stdout
            assert sweeping.stdout.readline() == b"\n"
            for _ in range(10):
                os.kill(warm_world.find_host(), signal.SIGKILL)
                warm_world.warm_up("program.py")
                assert find_holders(warm_world) == [warm_world.find_host()]
        finally:
            sweeping.kill()


def find_holders(world: WarmWorld) -> list[int]:
    """The processes that hold the lock of a key, in the file that is in place."""
    keys = [path.stem for path in world.folder.glob("*.sock")]
    inodes = {(world.folder / f"{key}.lock").stat().st_ino for key in keys}
    with open("/proc/locks", encoding="ascii") as file:
        locks = [line.split() for line in file if "->" not in line]
    return [int(lock[4]) for lock in locks if int(lock[5].split(":")[2]) in inodes]
