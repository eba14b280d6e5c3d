"""`mainspring hosts` lists the hosts that answer, for programs, for pipes and for terminals."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

from status.reading import read_terminal

from mainspring.reasons import COLD

from .hosting import RECIPE

if TYPE_CHECKING:
    from .hosting import Hosts

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
PAINT = re.compile(r"\x1b\[[0-9;]*m")


def test_json_says_all_of_a_host(hosts: Hosts) -> None:
    process = hosts.let_answer("a")
    [host] = hosts.list_facts()["hosts"]
    assert 90 <= time.time() - host.pop("started") < 150
    assert host == {
        "key": "a" * 32,
        "state": "waiting",
        "meaning": "it waits for a start",
        "pid": process.pid,
        "program": "/p/black",
        "python": sys.executable,
        "terminal": "/dev/pts/7",
        "served": 1234,
        "saved_ms": 65_000,
        "pss_kb": 20_480,
        "modules": 31,
        "running": 0,
        "idle_s": 3.5,
    }


def test_a_pipe_gets_a_line_for_each(hosts: Hosts) -> None:
    pid = str(hosts.let_answer("a", program="/p/bl\tack").pid)
    hosts.note_cold("c", RECIPE, "1700000000 no-host", "1700000009 no-host", "1700000001 recorded")
    status, output, errors = hosts.call("hosts")
    assert (status, errors) == (0, "")
    lines = [line.split("\t") for line in output.splitlines()]
    assert TIME.fullmatch(lines[0].pop(4))
    assert lines == [
        ["host", "waiting", pid, "/dev/pts/7", "20480", "1234", "65000", sys.executable, "/p/bl\\tack"],
        ["cold", "no-host", "2", "2023-11-14T22:13:29Z", "/p/tool", *COLD["no-host"]],
        ["cold", "recorded", "1", "2023-11-14T22:13:21Z", "/p/tool", *COLD["recorded"]],
    ]


def test_a_pipe_gets_a_dash_for_what_is_not_known(hosts: Hosts) -> None:
    pid = str(hosts.let_answer("a", "silent").pid)
    assert hosts.call("hosts")[1].split("\t") == ["host", "no-answer", pid, *"-" * 6, "-\n"]


def test_what_was_used_last_comes_first(hosts: Hosts) -> None:
    for key, idle in zip("abc", ("70", "5", "700"), strict=True):
        hosts.let_answer(key, "plain", f"/p/{key}", idle)
    hosts.let_answer("d", "busy", "/p/d", "9000")
    assert [host["program"] for host in hosts.list_facts()["hosts"]] == ["/p/d", "/p/b", "/p/a", "/p/c"]


def test_rich_is_not_imported_for_a_pipe(hosts: Hosts) -> None:
    hosts.let_answer("a")
    status, _, errors = hosts.call("hosts", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert status == 0
    names = {line.rpartition("|")[2].strip() for line in errors.splitlines()}
    assert "mainspring.observe.hosts" in names
    assert [name for name in names if name.partition(".")[0] == "rich"] == []


def test_a_terminal_gets_tables(hosts: Hosts) -> None:
    hosts.let_answer("a")
    hosts.let_answer("b", "silent")
    hosts.note_cold("c", RECIPE.replace("/p/tool", sys.executable), "1700000000 host-stale")
    status, shown = read_terminal(hosts, "hosts")
    assert status == 0
    for text in ("Hosts", "/p/black", "pts/7", "4 s ago", "20.0 MiB", "1,234", "65.0 s"):
        assert text in shown
    for text in (
        "no-answer",
        "Cold starts",
        sys.executable,
        "host-stale",
        "the next start has a new host",
    ):
        assert text in shown
    assert "\x1b[" in shown
    assert "\t" not in shown


def test_a_host_has_one_line_of_eighty_columns(hosts: Hosts) -> None:
    path = f"/home/somebody/{'long/' * 20}bin/ansible-playbook"
    hosts.let_answer("a", program=path)
    _, shown = read_terminal(hosts, "hosts", COLUMNS="80")
    [line] = [line for line in shown.splitlines() if "pts/7" in line]
    assert "..." in line
    assert line.rstrip().endswith("/ansible-playbook")
    assert all(len(PAINT.sub("", one.rstrip())) <= 80 for one in shown.splitlines())
    assert path in hosts.call("hosts")[1]


def test_a_terminal_is_told_that_there_is_none(hosts: Hosts) -> None:
    status, shown = read_terminal(hosts, "hosts")
    assert (status, "no host is up" in shown) == (0, True)
