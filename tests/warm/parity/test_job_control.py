"""At a terminal, ^C, ^Z, ^\\, fg, bg, kill and hang-up do to a warm program what they do to a plain one."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from .dialogue import PROGRAM, compare_dialogues, warm_up_in
from .remains import wait_for
from .terminal import PROMPT, Terminal

if TYPE_CHECKING:
    from .world import WarmWorld

STATUS = b"echo status $?\n"


def begin(terminal: Terminal, words: str = "") -> str:
    terminal.type(f"$P program.py {words}\n".encode())
    return terminal.await_text(b"begun" + (f" {words}".encode() if words else b"") + b"\r\n").decode()


def finish(terminal: Terminal) -> list[str]:
    """What is shown until the shell prompts, and the status that it knows."""
    return [terminal.await_prompt().decode(errors="replace"), terminal.run("echo status $?")]


@pytest.mark.parametrize(("typed", "status"), [(b"\x03", 130), (b"\x1c", 131), (b"\x04", 0)])
def test_a_key_that_ends_a_program(warm_world: WarmWorld, typed: bytes, status: int) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = begin(terminal)
        terminal.type(typed)
        return [shown, *finish(terminal)]

    assert compare_dialogues(warm_world, talk)[-1] == f"status {status}\n"


@pytest.mark.parametrize("status", [0, 1, 255])
def test_what_is_typed_is_read(warm_world: WarmWorld, status: int) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = begin(terminal, "a 'b c'".replace("'", ""))
        terminal.type(b"one\nsize\n" + f"exit {status}\n".encode())
        return [shown, *finish(terminal)]

    assert compare_dialogues(warm_world, talk)[-1] == f"status {status}\n"


def test_stopped_and_continued(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(terminal)]
        for _ in range(3):
            terminal.type(b"\x1a")
            shown += [*finish(terminal), terminal.run("jobs")]
            terminal.type(b"fg\n")
            shown.append(terminal.await_text(b"program.py\r\n").decode())
            terminal.type(b"line\n")
            shown.append(terminal.await_text(b"read line\r\n").decode())
        terminal.type(b"exit 7\n")
        return [*shown, *finish(terminal)]

    shown = compare_dialogues(warm_world, talk)
    assert shown[2] == "status 148\n"
    assert shown[-1] == "status 7\n"


def test_interrupted_after_it_was_stopped(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(terminal)]
        terminal.type(b"\x1a")
        shown += finish(terminal)
        terminal.type(b"fg\n")
        shown.append(terminal.await_text(b"program.py\r\n").decode())
        terminal.type(b"\x03")
        return [*shown, *finish(terminal)]

    assert compare_dialogues(warm_world, talk)[-1] == "status 130\n"


@pytest.mark.parametrize("name", ["TERM", "KILL", "INT", "HUP", "USR1"])
def test_a_stopped_job_is_killed(warm_world: WarmWorld, name: str) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(terminal)]
        terminal.type(b"\x1a")
        shown += finish(terminal)
        terminal.run(f"kill -{name} %1")
        terminal.type(b"fg\n")
        shown += [terminal.await_prompt().decode(), terminal.run("echo status $?")]
        return [*shown, terminal.run("jobs")]

    compare_dialogues(warm_world, talk)


def test_reading_in_the_background_stops(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        terminal.type(b"$P program.py &\n")
        terminal.await_text(b"begun\r\n")
        wait_for(lambda: "Stopped" in terminal.run("jobs"), "stopped")
        shown = [terminal.run("jobs")]
        terminal.type(b"fg\n")
        shown.append(terminal.await_text(b"program.py\r\n").decode())
        terminal.type(b"line\nexit 4\n")
        return [*shown, *finish(terminal)]

    assert compare_dialogues(warm_world, talk)[-1] == "status 4\n"


def test_on_in_the_background(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        terminal.type(b"mkfifo -m 600 way; $P program.py <way & exec 8>way\n")
        terminal.await_text(b"begun\r\n")
        terminal.run("kill -STOP %1")
        wait_for(lambda: "Stopped" in terminal.run("jobs"), "stopped")
        shown = [terminal.run("jobs"), terminal.run("bg"), terminal.run("jobs")]
        terminal.type(b"echo line >&8; echo exit 5 >&8; wait %1; echo status $?\n")
        shown.append(terminal.await_text(b"status 5\r\n").decode().partition("status")[2])
        terminal.run("exec 8>&-; rm way")
        return shown

    compare_dialogues(warm_world, talk)


@pytest.mark.parametrize("typed", [b"\x03", b"\x1c", b"\x1a"])
def test_a_key_that_is_handled(warm_world: WarmWorld, typed: bytes) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(terminal, "handling")]
        for _ in range(3):
            terminal.type(typed)
            shown.append(terminal.await_text(b"got SIG").decode())
            shown.append(terminal.await_text(b"\r\n").decode())
        terminal.type(b"exit 6\n")
        return [*shown, *finish(terminal)]

    assert compare_dialogues(warm_world, talk)[-1] == "status 6\n"


@pytest.mark.parametrize("typed", [b"\x03", b"\x1c", b"\x1a"])
def test_a_key_reaches_what_the_program_started(warm_world: WarmWorld, typed: bytes) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(terminal, "child")]
        terminal.type(b"to the child\n")
        shown.append(terminal.await_text(b"to the child\r\n").decode())
        terminal.type(typed)
        shown += [*finish(terminal), terminal.run("jobs")]
        if typed == b"\x1a":
            terminal.type(b"fg\n")
            shown.append(terminal.await_text(b"program.py child\r\n").decode())
            terminal.type(b"again\n")
            shown.append(terminal.await_text(b"again\r\n").decode())
            terminal.type(b"\x03")
            shown += finish(terminal)
        return shown

    compare_dialogues(warm_world, talk)


def test_in_a_pipeline(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        terminal.type(b"$P program.py | cat\n")
        shown = [terminal.await_text(b"begun\r\n").decode()]
        terminal.type(b"\x1a")
        shown += finish(terminal)
        terminal.type(b"fg\n")
        shown.append(terminal.await_text(b"cat\r\n").decode())
        terminal.type(b"line\n")
        shown.append(terminal.await_text(b"read line\r\n").decode())
        terminal.type(b"\x03")
        return [*shown, terminal.await_prompt().decode(), terminal.run("echo status ${PIPESTATUS[@]}")]

    compare_dialogues(warm_world, talk)


def test_two_jobs_at_once(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(terminal, "first")]
        terminal.type(b"\x1a")
        shown += finish(terminal)
        shown.append(begin(terminal, "second"))
        terminal.type(b"\x1a")
        shown += [*finish(terminal), terminal.run("jobs")]
        for job in ("1", "2"):
            terminal.type(f"fg %{job}\n".encode())
            shown.append(terminal.await_text(b"\r\n").decode())
            terminal.type(f"exit {job}\n".encode())
            shown += finish(terminal)
        return shown

    assert compare_dialogues(warm_world, talk)[-1] == "status 2\n"


def test_the_number_that_the_shell_knows_is_stopped(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        terminal.type(b"mkfifo way; $P program.py <way & exec 8>way\n")
        terminal.await_text(b"begun\r\n")
        shown = []
        for _ in range(3):
            terminal.run("kill -TSTP $!")
            wait_for(lambda: "Stopped" in terminal.run("jobs"), "stopped")
            shown.append(terminal.run("jobs"))
            terminal.run("kill -CONT $!")
            wait_for(lambda: "Running" in terminal.run("jobs"), "continued")
            shown.append(terminal.run("jobs"))
        shown.append(terminal.run("kill -KILL $!; wait $!; echo status $?")[-20:])
        terminal.run("exec 8>&-; rm way")
        return shown

    assert compare_dialogues(warm_world, talk)[-1].endswith("status 137\n")


def test_a_new_size_is_told(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        terminal.run("stty cols 80 rows 24")
        shown = [begin(terminal, "handling")]
        set_size(terminal, 33, 99)
        shown.append(terminal.await_text(b"got SIGWINCH\r\n").decode())
        terminal.type(b"size\nexit 0\n")
        return [*shown, *finish(terminal)]

    assert "columns=99, lines=33" in compare_dialogues(warm_world, talk)[-2]


def set_size(terminal: Terminal, lines: int, columns: int) -> None:
    import fcntl
    import struct
    import termios

    fcntl.ioctl(terminal.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


@pytest.mark.parametrize("state", ["running", "stopped", "in the background"])
def test_a_hang_up_ends_the_program_and_the_host(warm_world: WarmWorld, state: str) -> None:
    for kind in ("plain", "warm"):
        hang_up(warm_world, kind, state)
        assert (warm_world.work / "hung-up").read_text() == "SIGHUP\n"


def hang_up(world: WarmWorld, kind: str, state: str) -> None:
    world.write("program.py", PROGRAM)
    (world.work / "hung-up").unlink(missing_ok=True)
    terminal = Terminal(world.work, world.environment(TERM="dumb"))
    try:
        warm_up_in(world, terminal)
        terminal.run("P='" + " ".join(map(str, world.command(kind, []))) + "'")
        background = " <(cat) &" if state == "in the background" else ""
        terminal.type(f"$P program.py hung-up{background}\n".encode())
        terminal.await_text(b"begun hung-up")
        if state == "stopped":
            terminal.type(b"\x1a")
            terminal.await_text(PROMPT)
    finally:
        terminal.close()
    world.assert_nothing_runs()
    wait_for(lambda: not world.list_hosts(), "ended: the host of the terminal")


@pytest.mark.parametrize("words", ["", "handling"])
@pytest.mark.parametrize("group", [False, True])
def test_a_kill_of_the_job_s_number(warm_world: WarmWorld, words: str, group: bool) -> None:
    """`kill $!` and `kill -- -$!`, as a script or another shell would."""

    def talk(terminal: Terminal) -> list[str]:
        shown = []
        for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGINT, signal.SIGKILL):
            terminal.type(f"mkfifo way; $P program.py {words} <way & exec 8>way\n".encode())
            terminal.await_text(b"begun")
            terminal.await_prompt()
            terminal.run(f"kill -{number.value} -- {'-' if group else ''}$!")
            if words and number != signal.SIGKILL:
                shown.append(terminal.await_text(f"got {number.name}\r\n".encode()).decode()[-20:])
                terminal.run("echo exit 9 >&8")
            terminal.run("wait $!")
            shown.append(terminal.run("wait $!; echo status $?")[-20:])
            terminal.run("exec 8>&-; rm way")
        return shown

    compare_dialogues(warm_world, talk)


def test_the_probe_of_the_terminal_s_state(warm_world: WarmWorld) -> None:
    """The modes that a program leaves behind are those of the terminal, and a shell resets its own."""

    def talk(terminal: Terminal) -> list[str]:
        return [terminal.run("stty -a | head -1"), begin(terminal), *end_input(terminal)]

    compare_dialogues(warm_world, talk)


def end_input(terminal: Terminal) -> list[str]:
    terminal.type(b"\x04")
    return [*finish(terminal), terminal.run("stty -a"), str(os.tcgetpgrp(terminal.descriptor) > 0)]
