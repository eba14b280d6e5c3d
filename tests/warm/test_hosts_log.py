"""`mainspring hosts log` tells of hosts that were, and with `-f` of those that come."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from people.terminal import Terminal
from status.reading import read_terminal

from mainspring.reasons import ENDERS, HOST_ENDS

if TYPE_CHECKING:
    from pathlib import Path

    from .hosting import Hosts


def write_log(hosts: Hosts, text: str) -> Path:
    hosts.state.mkdir(parents=True, exist_ok=True)
    path = hosts.state / "hosts.log"
    path.write_text(text)
    return path


def test_log_prints_what_hosts_wrote(hosts: Hosts) -> None:
    assert hosts.call("hosts", "log") == (0, "", "")
    write_log(hosts, "one\ntwo\x1b\nthree\nunfinis")
    assert hosts.call("hosts", "log") == (0, "one\ntwo\\x1b\nthree\n", "")
    assert hosts.call("hosts", "log", "-n", "1") == (0, "three\n", "")
    assert hosts.call("hosts", "log", "-n", "0") == (0, "", "")
    assert hosts.call("hosts", "log", "-n", "9")[1].count("\n") == 3
    assert hosts.call("hosts", "log", "-n", "-1")[0] == 2


def test_log_says_on_a_terminal_what_the_reasons_mean(hosts: Hosts) -> None:
    lines = [
        "2026-01-01 10:00:00 7 up 31 modules /p/tool",
        "2026-01-01 10:00:01 7 ended idle after 3 starts /p/tool",
        "2026-01-01 10:00:02 8 ended effect json clock time.time /p/tool",
        "2026-01-01 10:00:03 9 ended nonsense",
    ]
    write_log(hosts, "".join(f"{line}\n" for line in lines))
    assert hosts.call("hosts", "log")[1].splitlines() == lines
    status, shown = read_terminal(hosts, "hosts", "log")
    assert (status, shown.splitlines()) == (
        0,
        [
            lines[0],
            f"{lines[1]} ({HOST_ENDS['idle'].meaning})",
            f"{lines[2]} ({HOST_ENDS['effect'].meaning}; it {ENDERS['clock'].meaning})",
            lines[3],
        ],
    )


def test_log_goes_on_until_interrupted(hosts: Hosts) -> None:
    path = write_log(hosts, "zero\none\n")
    command = [str(hosts.launcher), "hosts", "log", "-n", "1", "-f"]
    with Terminal(command, hosts.environment(), hosts.home) as terminal:
        assert "zero" not in terminal.wait_for("one")
        with path.open("a") as log:
            log.write("two\n")
        terminal.wait_for("two")
        newer = hosts.state / "newer"
        newer.write_text("two\nthree\n")
        newer.rename(path)
        assert terminal.wait_for("three").count("two") == 1
        os.write(terminal.ours, b"\x03")
        assert terminal.process.wait() == 130
