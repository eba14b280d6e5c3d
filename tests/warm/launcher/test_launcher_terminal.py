"""In a terminal a warm program is a job like any other: bash does not see the difference."""

from __future__ import annotations

import os
import re
import select
import shlex
import signal
import time
from typing import TYPE_CHECKING

import pytest
from people.terminal import open_terminal

from .stage import PATIENCE_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .stage import Stage

BASH = ("bash", "--norc", "--noprofile", "--noediting", "-i")
PROGRAM = """
import os, signal, sys, time
def note(number, frame):
    os.write(1, f"<{signal.Signals(number).name}>".encode())
for number in (signal.SIGINT, signal.SIGCONT, signal.SIGWINCH, signal.SIGTERM):
    signal.signal(number, note)
signal.signal(signal.SIGUSR1, lambda *_: sys.exit(41))
print(f"<ready {os.getpgrp()} {os.tcgetpgrp(0)} {os.getpid()}>", flush=True)
while True:
    time.sleep(1000)
"""


class Terminal:
    """A bash with job control, in a terminal of its own."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.shown = ""
        environment = {**stage.environment, "PS1": "", "TERM": "dumb"}
        self.shell, self.controller = open_terminal(BASH, environment, stage.root)

    def type(self, text: str) -> None:
        os.write(self.controller, text.encode())

    def give(self, *more: str) -> None:
        """The command line that starts the program."""
        words = map(os.fspath, self.stage.command(self.stage.script))
        self.type(" ".join([*map(shlex.quote, map(str, words)), *more]) + "\n")

    def expect(self, pattern: str) -> re.Match[str]:
        """What matches *pattern*, and is shown after all that was expected so far."""
        end = time.monotonic() + PATIENCE_S
        while not (found := re.search(pattern, self.shown)):
            ready, _, _ = select.select([self.controller], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {pattern} in {self.shown!r}"
            self.shown += os.read(self.controller, 4096).decode()
        self.shown = self.shown[found.end() :]
        return found

    def settle(self) -> str:
        """All that is shown until the shell has answered another command."""
        self.type("echo set''tled\n")
        shown = ""
        while not shown.endswith("settled"):
            shown += self.expect(r"(?s).*?(?:\n|settled)")[0]
        return shown

    def close(self) -> None:
        self.shell.kill()
        self.shell.wait()
        os.close(self.controller)


@pytest.fixture
def terminal(stage: Stage) -> Iterator[Terminal]:
    """A terminal in whose session the program has a host."""
    stage.put_recipe()
    one = Terminal(stage)
    try:
        one.give()
        one.expect("ran")
        wait_until(lambda: stage.notes("host"))
        stage.write(PROGRAM)
        yield one
    finally:
        one.close()


def begin(terminal: Terminal) -> tuple[int, int]:
    """The program's process group and number."""
    terminal.give("; echo ended=$?")
    ready = terminal.expect(r"<ready (\d+) (\d+) (\d+)>")
    assert ready[1] == ready[2], "it is in the foreground"
    return int(ready[1]), int(ready[3])


def test_a_host_lives_in_the_session_of_its_terminal(terminal: Terminal) -> None:
    [host] = terminal.stage.notes("host")
    assert host["session"] == terminal.shell.pid
    assert host["group"] == host["pid"]


def test_an_interrupt_reaches_the_program_once(terminal: Terminal) -> None:
    _, process = begin(terminal)
    for _ in range(3):
        terminal.type("\x03")
        terminal.expect("<SIGINT>")
    os.kill(process, signal.SIGUSR1)
    terminal.expect("ended=41")
    assert "SIGINT" not in terminal.settle()


def test_the_program_is_stopped_and_brought_to_the_foreground_again(terminal: Terminal) -> None:
    _, process = begin(terminal)
    for _ in range(3):
        terminal.type("\x1a")
        terminal.expect("Stopped")
        terminal.type("fg\n")
        terminal.expect("<SIGCONT>")
    terminal.type("\x03")
    terminal.expect("<SIGINT>")
    os.kill(process, signal.SIGUSR1)
    wait_until(lambda: not os.path.exists(f"/proc/{process}/fd/0"))


def test_a_stopped_program_has_the_status_of_one(terminal: Terminal) -> None:
    group, _ = begin(terminal)
    terminal.type("\x1a")
    terminal.expect("Stopped")
    terminal.expect(f"ended={128 + signal.SIGTSTP}")
    terminal.type("jobs -l\n")
    terminal.expect(r"\d+ Stopped")
    terminal.type("kill -9 %1\n")
    # a shell tells of a job's end before the next command that it reads once it has heard of it
    wait_until(lambda: "Killed" in terminal.settle())
    assert not os.path.exists(f"/proc/{group}/exe")


def test_a_signal_to_the_job_reaches_the_program_once(terminal: Terminal) -> None:
    group, process = begin(terminal)
    os.killpg(group, signal.SIGTERM)
    terminal.expect("<SIGTERM>")
    os.kill(process, signal.SIGUSR1)
    terminal.expect("ended=41")
    assert "SIGTERM" not in terminal.settle()


def test_a_signal_to_the_launcher_reaches_the_program(terminal: Terminal) -> None:
    group, process = begin(terminal)
    assert group != process, "the launcher led the group"
    os.kill(group, signal.SIGTERM)
    terminal.expect("<SIGTERM>")
    os.kill(process, signal.SIGUSR1)
    terminal.expect("ended=41")


IN_PIPE = """
import os, sys
print("<", os.getpgrp() == os.tcgetpgrp(2), ">", flush=True)
sys.stdin.read()
"""


def test_in_a_pipe_it_is_a_part_of_the_job(terminal: Terminal) -> None:
    stage = terminal.stage
    stage.write("print('ran')")
    terminal.give("| cat | cat")
    terminal.expect("ran")
    wait_until(lambda: len(stage.notes("host")) == 2)
    stage.write(IN_PIPE)
    terminal.give("| cat | cat")
    terminal.expect("< True >")
    assert stage.requests()
    terminal.type("\x03")
    terminal.expect("KeyboardInterrupt")
    terminal.settle()
    terminal.type("echo was=${PIPESTATUS[*]}.\n")
    terminal.expect("was=0")


def test_a_start_that_leads_the_session_is_cold(stage: Stage) -> None:
    stage.put_recipe()
    process, controller = open_terminal(stage.command(stage.script), stage.environment, stage.root)
    status = process.wait()
    os.close(controller)
    assert status == 0
    assert stage.reasons() == ["session-leader"]
