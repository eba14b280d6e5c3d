"""`mainspring hosts` tells of what answers strangely, or not at all, and waits for none of it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .hosting import Hosts

STRANGE = (
    "too-long", "empty", "other-type", "no-json", "no-object", "cut-off", "wrong-types", "huge-number",
)  # fmt: skip


def test_one_that_does_not_answer_is_listed_within_two_seconds(hosts: Hosts) -> None:
    for key in "abcdef":
        hosts.let_answer(key, "silent")
    began = time.monotonic()
    assert hosts.list_states() == ["no-answer"] * 6
    assert time.monotonic() - began < 3


def test_one_that_takes_no_connection_is_listed_too(hosts: Hosts) -> None:
    hosts.let_answer("a", "full")
    assert hosts.list_states() == ["no-answer"]


def test_a_stopped_one_is_listed_too(hosts: Hosts) -> None:
    process = hosts.let_answer("a")
    process.send_signal(signal.SIGSTOP)
    [host] = hosts.list_facts()["hosts"]
    assert (host["state"], host["pid"], host["program"]) == ("no-answer", process.pid, None)


@pytest.mark.parametrize("manner", STRANGE)
def test_a_strange_answer_is_told_as_one(hosts: Hosts, manner: str) -> None:
    hosts.let_answer("a", manner)
    assert hosts.list_states() == ["no-answer" if manner == "cut-off" else "strange"]
    assert hosts.call("hosts")[0] == 0


def test_what_a_dead_host_left_is_removed(hosts: Hosts) -> None:
    hosts.let_answer("a").kill()
    hosts.answering[0].wait()
    left = hosts.runtime / f"{'a' * 32}.sock"
    assert left.is_socket()
    assert hosts.list_states() == []
    assert not left.exists()


def test_what_a_host_holds_the_lock_of_is_left(hosts: Hosts) -> None:
    hosts.let_answer("a", "lingering")
    hosts.let_answer("c").kill()
    hosts.answering[1].wait()
    dead, held = (hosts.runtime / f"{key * 32}.sock" for key in "ca")
    dead.rename(held)
    assert hosts.list_states() == []
    assert held.is_socket()
