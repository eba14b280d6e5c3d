"""The service manager hears how the service stands, if there is one, and its absence harms nobody."""

from __future__ import annotations

import os
import socket
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mainspring.gateway.notify import find_notifier

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["file", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[socket.socket, str]]:
    """A manager's socket, and what NOTIFY_SOCKET calls it."""
    name = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.settimeout(60)
        made.bind(name if request.param == "file" else f"\0{name}")
        yield made, name if request.param == "file" else f"@{name}"


def test_each_message_is_one_datagram(manager: tuple[socket.socket, str]) -> None:
    made, name = manager
    environment = {"NOTIFY_SOCKET": name, "OTHER": "1"}
    with closing(find_notifier(environment)) as notifier:
        assert environment == {"OTHER": "1"}  # scripts do not learn of it
        notifier.tell_ready("serving /srv")
        assert made.recv(1000) == b"READY=1\nSTATUS=serving /srv"
        notifier.tell_stopping("ending")
        assert made.recv(1000) == b"STOPPING=1\nSTATUS=ending"
        notifier.tell_alive()
        assert made.recv(1000) == b"WATCHDOG=1"


def test_a_reload_says_when(manager: tuple[socket.socket, str]) -> None:
    made, name = manager
    before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
    with closing(find_notifier({"NOTIFY_SOCKET": name})) as notifier:
        notifier.tell_reloading()
    first, _, moment = made.recv(1000).decode().partition("\nMONOTONIC_USEC=")
    assert first == "RELOADING=1"
    assert before <= int(moment) <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000


@pytest.mark.parametrize(
    "name", ["", "/nowhere/n", "@nobody-is-here", "/", "@", "vsock:2:1", "n", "/a\0b"]
)
def test_without_a_manager_nothing_happens(name: str) -> None:
    find_notifier({"NOTIFY_SOCKET": name}).tell_ready("serving")


def test_a_manager_that_has_gone_is_no_failure(tmp_path: Path) -> None:
    name = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(name)
        notifier = find_notifier({"NOTIFY_SOCKET": name})
    with closing(notifier):
        notifier.tell_ready("serving")


def test_a_manager_that_reads_nothing_makes_nobody_wait(tmp_path: Path) -> None:
    name = str(tmp_path / "n")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(name)
        with closing(find_notifier({"NOTIFY_SOCKET": name})) as notifier:
            for _ in range(10000):
                notifier.tell_alive()


@pytest.mark.parametrize(
    ("period", "process", "seconds"),
    [
        ("3000000", "", 1.5),
        ("3000000", "ours", 1.5),
        ("3000000", "1", 0.0),
        ("", "", 0.0),
        ("soon", "", 0.0),
        ("-5", "", 0.0),
        ("0", "", 0.0),
    ],
)
def test_signs_of_life_are_sent_twice_as_often_as_is_wanted(
    period: str, process: str, seconds: float
) -> None:
    process = str(os.getpid()) if process == "ours" else process
    environment = {"WATCHDOG_USEC": period, "WATCHDOG_PID": process}
    assert find_notifier(environment).interval == seconds
    assert environment == {}
