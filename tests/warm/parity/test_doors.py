"""What comes at a host's doors at once, or is less than a question, concerns nobody else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .remains import list_descendants, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import WarmWorld

#: starts after which a host has no descriptors for a time
SURVEYED = 3
TIMES = 6
PROGRAM = """\
import argparse, json, logging, os, sys
if not sys.argv[1:]:
    print(os.getpid(), flush=True)
    print(sys.stdin.read())
"""


@contextmanager
def stopped(process: int) -> Iterator[None]:
    os.kill(process, signal.SIGSTOP)
    try:
        wait_for(lambda: read_state(process) == "T", "stopped")
        yield
    finally:
        os.kill(process, signal.SIGCONT)


def read_state(process: int) -> str:
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]


def has_ended(process: int) -> bool:
    return read_state(process) == "Z"


def count_ticks(process: int) -> int:
    """What *process* has had of processors so far, as the kernel counts it."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def test_an_end_that_is_told_late_is_of_no_later_start(warm_world: WarmWorld) -> None:
    """The number of the killed launcher's connection is that of the next one by then."""
    warm_world.write("program.py", PROGRAM)
    for _ in range(SURVEYED):
        warm_world.start_warm("program.py", "warm-up")
    host = warm_world.find_host()
    for _ in range(TIMES):  # a file that comes to a folder on the way is told in between
        assert end_late(warm_world, host) == b"line"


def end_late(world: WarmWorld, host: int) -> bytes:
    """What a start copies of its input that comes while the end of one before is not noticed yet."""
    with world.begin("warm", "program.py", stdin=subprocess.PIPE) as first:
        assert first.stdout
        child = int(first.stdout.readline())
        wait_for(lambda: has_spare(host, child), "forked: a spare child")
        with stopped(host):
            for number in (first.pid, child):
                os.kill(number, signal.SIGKILL)
                wait_for(partial(has_ended, number), "ended")
            second = world.begin("warm", "program.py", stdin=subprocess.PIPE)
            wait_for(lambda: is_waiting(second.pid), "connected: the next launcher")
    output, _ = second.communicate(b"line", timeout=10)
    assert second.returncode == 0
    return output.splitlines()[1]


def has_spare(host: int, child: int) -> bool:
    return any(process.parent == host and process.number != child for process in list_descendants())


def is_waiting(process: int) -> bool:
    return "poll" in Path(f"/proc/{process}/wchan").read_text()


@pytest.mark.parametrize("said", [b"Q", b"\x01\0\0\0"])
@pytest.mark.parametrize("goes_away", [False, True])
def test_who_says_less_than_a_question_keeps_no_host_at_work(
    warm_world: WarmWorld, said: bytes, goes_away: bool
) -> None:
    warm_world.write("program.py", PROGRAM)
    warm_world.warm_up("program.py")
    host = warm_world.find_host()
    with knocking(warm_world) as connection:
        before = count_ticks(host)
        connection.sendall(said)
        if goes_away:
            connection.shutdown(socket.SHUT_WR)
        connection.settimeout(10)
        with suppress(ConnectionResetError):  # it was not read
            assert connection.recv(1) == b""
    warm_world.start_warm("program.py", "warm-up")
    assert count_ticks(host) - before < os.sysconf("SC_CLK_TCK")


@contextmanager
def knocking(world: WarmWorld) -> Iterator[socket.socket]:
    """A connection with the one host that is up."""
    [name] = world.folder.glob("*.sock")
    folder = os.open(world.folder, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(f"/proc/self/fd/{folder}/{name.name}")
            yield connection
    finally:
        os.close(folder)
