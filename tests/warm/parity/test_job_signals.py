"""At a terminal, kill and hang-up do to a warm job what they do to a plain one."""

from __future__ import annotations

import fcntl
import signal
import struct
import termios
from typing import TYPE_CHECKING

import pytest

from .dialogue import await_reading, compare_dialogues, prepare_program, warm_up_in
from .jobs import AS_A_JOB, ask_for_jobs, await_job, await_output, begin, begin_job, finish, press
from .remains import wait_for
from .terminal import Terminal

if TYPE_CHECKING:
    from .world import WarmWorld


@pytest.mark.parametrize("name", ["TERM", "KILL", "HUP"])
def test_a_stopped_job_is_killed(warm_world: WarmWorld, name: str) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(warm_world, terminal)]
        shown += press(terminal, b"\x1a")
        told = [terminal.run(f"kill -{name} %1")]
        wait_for(lambda: told.append(ask_for_jobs(terminal)) or not told[-1], "ended")
        # a shell may ask for the state of its jobs before or after the signal has come, find that the job
        # goes on (bash continues what it kills), and take what it runs meanwhile for the current job
        states = [line for line in "".join(told).splitlines() if line]
        ended = [line for line in states if "Stopped" not in line and "Running" not in line]
        return [*shown, *(line.replace("[1]-", "[1]+") for line in ended)]

    compare_dialogues(warm_world, talk)


@pytest.mark.parametrize("name", ["INT", "USR1", "QUIT"])
def test_what_a_stopped_job_was_sent_comes_when_it_goes_on(warm_world: WarmWorld, name: str) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(warm_world, terminal)]
        shown += [*press(terminal, b"\x1a"), terminal.run(f"kill -{name} %1"), terminal.run("jobs")]
        terminal.type(b"fg\n")
        return [*shown, *finish(terminal), terminal.run("jobs")]

    compare_dialogues(warm_world, talk)


def test_the_number_that_the_shell_knows_is_stopped(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        begin_job(warm_world, terminal)
        shown = []
        for _ in range(3):
            terminal.run("kill -TSTP $!")
            shown.append(await_job(terminal, "Stopped"))
            terminal.run("kill -CONT $!")
            shown.append(await_job(terminal, "Running"))
        terminal.run("kill -KILL $!; wait $!")
        return [*shown, terminal.run("wait $!; echo status $?")]

    assert compare_dialogues(warm_world, talk, AS_A_JOB)[-1].endswith("status 137\n")


def test_a_new_size_is_told(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        terminal.run("stty cols 80 rows 24")
        shown = [begin(warm_world, terminal, "handling")]
        set_size(terminal, 33, 99)
        shown.append(terminal.await_text(b"got SIGWINCH\r\n").decode())
        terminal.type(b"size\nexit 0\n")
        return [*shown, *finish(terminal)]

    assert "columns=99, lines=33" in compare_dialogues(warm_world, talk)[-2]


def set_size(terminal: Terminal, lines: int, columns: int) -> None:
    fcntl.ioctl(terminal.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@pytest.mark.parametrize("state", ["running", "stopped", "in the background"])
def test_a_hang_up_ends_the_program_and_the_host(warm_world: WarmWorld, state: str) -> None:
    for kind in ("plain", "warm"):
        hang_up(warm_world, kind, state)
        assert (warm_world.work / "hung-up").read_text() == "SIGHUP"


def hang_up(world: WarmWorld, kind: str, state: str) -> None:
    prepare_program(world)
    (world.work / "hung-up").unlink(missing_ok=True)
    terminal = Terminal(world.work, world.environment(TERM="dumb"))
    try:
        warm_up_in(world, terminal)
        terminal.run("P='" + " ".join(map(str, world.command(kind, []))) + "'")
        terminal.type(b"$P program.py hung-up" + b" &" * (state == "in the background") + b"\n")
        await_reading(world)
        if state == "stopped":
            terminal.type(b"\x1a")
            terminal.await_text(b"Stopped")
    finally:
        terminal.close()
    world.assert_nothing_runs()
    wait_for(lambda: not world.list_hosts(), "ended: the host of the terminal")


@pytest.mark.parametrize("words", ["", "handling"])
@pytest.mark.parametrize("group", ["", "-"])
def test_a_kill_of_the_job_s_number(warm_world: WarmWorld, words: str, group: str) -> None:
    """`kill $!` and `kill -- -$!`, as a script or another shell would."""

    def talk(terminal: Terminal) -> list[str]:
        shown = []
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGKILL):
            begin_job(warm_world, terminal, words)
            terminal.run(f"kill -{number.value} -- {group}$!")
            if words and number != signal.SIGKILL:
                await_output(warm_world, f"got {number.name}")
                terminal.run("echo exit 9 >&8")
            terminal.run("wait $!")
            shown.append(terminal.run("exec 8>&-; wait $!; echo status $?"))
            if number != signal.SIGKILL:  # nobody can say how far it came
                shown.append(terminal.run("cat out"))
        return shown

    compare_dialogues(warm_world, talk, AS_A_JOB)
