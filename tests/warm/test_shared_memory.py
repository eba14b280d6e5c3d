"""What a program does to the memory that it shares with its host is of no consequence to that."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from warm.parity.remains import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warm.parity.world import WarmWorld

STARTS = 4
#: does something to each mapping that it shares, or tells of what a process that it forks has of them
PROGRAM = """\
import argparse, json, logging, os, sys
def list_shared():
    with open("/proc/self/maps") as file:
        lines = [line.split() for line in file if " rw-s " in line]
    return [tuple(int(place, 16) for place in line[0].split("-")) for line in lines]
def scribble(pattern):
    with open("/proc/self/mem", "r+b", buffering=0) as memory:
        for start, end in list_shared():
            memory.seek(start)
            memory.write(os.urandom(end - start) if pattern == "random" else
                         bytes([int(pattern, 16)]) * (end - start))
def tell_of_fork():
    process = os.fork()
    if process == 0:
        os.write(1, b"%d shared\\n" % len(list_shared()))
        sys.exit(7)
    os.write(1, b"%d\\n" % os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]))
if sys.argv[1:] == ["fork"]:
    tell_of_fork()
elif sys.argv[1:] == ["count"]:
    print(len(list_shared()))
elif sys.argv[1:] != ["warm-up"]:
    scribble(sys.argv[1])
"""
PATTERNS = ["00", "7f", "80", "ff", "random"]


@pytest.fixture
def program(warm_world: WarmWorld) -> Iterator[WarmWorld]:
    """A world with the program, and with a host that fails at nothing."""
    warm_world.write("program.py", PROGRAM)
    warm_world.warm_up("program.py")
    yield warm_world
    log = (warm_world.home / ".local/state/mainspring/hosts.log").read_text()
    assert "failed" not in log
    assert "error" not in log


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_host_goes_on_whatever_stands_there(program: WarmWorld, pattern: str) -> None:
    """From its first start on, when what programs write to is still being found out."""
    host = program.find_host()
    assert program.start_warm("program.py", "count").stdout != b"0\n"
    for _ in range(STARTS):
        assert program.start_warm("program.py", pattern) == program.start_plain("program.py", pattern)
        assert program.start_warm("program.py", "warm-up").status == 0
    assert program.find_host() == host


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_start_is_counted_that_was_not_made(program: WarmWorld, pattern: str) -> None:
    made = 1 + STARTS
    program.warm_up("program.py")
    for _ in range(STARTS):
        program.start_warm("program.py", pattern)
        made += 2  # it is warmed up before
        [host] = program.list_hosts()
        assert 0 <= host["served"] <= made + STARTS
        assert 0 <= count_warm(program) <= made + STARTS
        assert host["idle_s"] >= 0


def test_a_host_that_is_not_used_ends_whenever_it_was_used_as_it_is_told(warm_world: WarmWorld) -> None:
    """By what stands there, that is in two centuries."""
    warm_world.settings["MAINSPRING_HOST_IDLE"] = "2"
    warm_world.write("program.py", PROGRAM)
    warm_world.start_warm("program.py", "7f")
    wait_for(lambda: not warm_world.list_hosts(), "without a host", 20)


def test_a_process_that_the_program_forks_shares_nothing(program: WarmWorld) -> None:
    """It may have given up the rights that its host has; and it ends like any other."""
    for _ in range(2):
        forked = program.start_warm("program.py", "fork")
        assert forked == program.start_plain("program.py", "fork")
        assert forked.stdout == b"0 shared\n7\n"


def count_warm(world: WarmWorld) -> int:
    command = [world.launcher, "status", "--json"]
    told: dict[str, Any] = json.loads(subprocess.check_output(command, env=world.environment()))
    rows = told["starts"]["outcomes"]
    return next((int(row["count"]) for row in rows if row["verdict"] == "warm"), 0)
