"""`mainspring hosts stop` ends hosts, waits for slow ones, and says what does not end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .hosting import Hosts


def test_stop_ends_all(hosts: Hosts) -> None:
    processes = [hosts.let_answer("a"), hosts.let_answer("b", program="/p/http")]
    status, output, errors = hosts.call("hosts", "stop")
    assert (status, errors) == (0, "")
    assert sorted(output.splitlines()) == sorted(
        f"ended {program} (process {process.pid})"
        for program, process in zip(("/p/black", "/p/http"), processes, strict=True)
    )
    assert [process.wait() for process in processes] == [0, 0]
    assert hosts.call("hosts", "stop") == (0, "no host is up\n", "")


def test_stop_takes_several_programs(hosts: Hosts) -> None:
    stopped = [hosts.let_answer("a"), hosts.let_answer("b", program="/p/http")]
    hosts.let_answer("c", program="/p/left")
    assert hosts.call("hosts", "stop", "black", "/p/http", "black")[1].count("ended ") == 2
    assert [process.wait() for process in stopped] == [0, 0]
    assert [host["program"] for host in hosts.list_facts()["hosts"]] == ["/p/left"]


@pytest.mark.parametrize("word", ["http", "/p/http", "/p/../p/http"])
def test_stop_ends_those_of_a_program(hosts: Hosts, word: str) -> None:
    hosts.let_answer("a")
    process = hosts.let_answer("b", program="/p/./http")
    assert hosts.call("hosts", "stop", word)[0] == 0
    assert process.wait() == 0
    assert [host["program"] for host in hosts.list_facts()["hosts"]] == ["/p/black"]


def test_stop_of_a_program_without_a_host_is_told(hosts: Hosts) -> None:
    hosts.let_answer("a")
    status, output, errors = hosts.call("hosts", "stop", "lack")
    assert (status, output) == (1, "")
    assert (
        errors == "mainspring: there is no host of lack; `mainspring hosts` lists those that there are\n"
    )
    assert hosts.list_states() == ["waiting"]


def test_stop_says_at_once_what_a_host_waits_for(hosts: Hosts) -> None:
    process = hosts.let_answer("a", "busy")
    assert hosts.call("hosts", "stop") == (
        0,
        f"/p/black (process {process.pid}) ends when 2 programs that run have ended: 4711, 4712\n",
        "",
    )
    assert process.poll() is None


@pytest.mark.parametrize("manner", ["ending", "refusing"])
def test_one_that_ends_just_then_has_ended(hosts: Hosts, manner: str) -> None:
    process = hosts.let_answer("a", manner)
    assert hosts.call("hosts", "stop") == (0, f"ended /p/black (process {process.pid})\n", "")


@pytest.mark.parametrize("is_full", [False, True])
def test_one_that_is_slow_is_waited_for(hosts: Hosts, *, is_full: bool) -> None:
    """It is listed as one that does not answer within a second; it has ten to end."""
    process = hosts.let_answer("a")
    process.send_signal(signal.SIGSTOP)
    command = [hosts.launcher, "hosts", "stop"]
    with ExitStack() as stack:
        if is_full:
            fill_queue(hosts.runtime, "a", stack)
        stopping = subprocess.Popen(command, env=hosts.environment(), stdout=subprocess.PIPE)
        began = time.monotonic()
        while time.monotonic() < began + 3:  # a second to list it, and two more
            with pytest.raises(subprocess.TimeoutExpired):
                stopping.wait(0.1)
    process.send_signal(signal.SIGCONT)
    with stopping:
        assert stopping.stdout is not None
        printed = stopping.stdout.read().decode()
    nameless = f"ended host {'a' * 32}"  # whose process is not known before there is room to ask
    numbers = ["", f" (process {process.pid})"] if is_full else [f" (process {process.pid})"]
    assert (stopping.returncode, printed) in [(0, f"{nameless}{number}\n") for number in numbers]
    assert process.wait() == 0


def fill_queue(runtime: Path, key: str, stack: ExitStack) -> None:
    """Knock until there is no room for another."""
    folder = os.open(runtime, os.O_PATH)
    stack.callback(os.close, folder)
    while True:
        knocking = stack.enter_context(socket.socket(socket.AF_UNIX))
        knocking.setblocking(False)
        try:
            knocking.connect(f"/proc/self/fd/{folder}/{key * 32}.sock")
        except BlockingIOError:
            return


def test_stop_says_what_does_not_end(hosts: Hosts) -> None:
    process = hosts.let_answer("a")
    silent = hosts.let_answer("b", "silent")
    status, output, errors = hosts.call("hosts", "stop")
    assert (status, output) == (1, f"ended /p/black (process {process.pid})\n")
    assert f"host {'b' * 32} (process {silent.pid}) does not answer" in errors
