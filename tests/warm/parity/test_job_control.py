"""At a terminal, keys, fg, bg, kill and hang-up do to a warm program what they do to a plain one."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from .dialogue import await_reading, compare_dialogues, prepare_program, warm_up_in
from .remains import wait_for
from .terminal import Terminal

if TYPE_CHECKING:
    from .world import WarmWorld

#: which streams are the terminal when the program is started by begin_job
AS_A_JOB = "</dev/null >out"


def begin(world: WarmWorld, terminal: Terminal, words: str = "") -> str:
    """Start the program in the foreground, and let it come to where it reads."""
    terminal.type(f"$P program.py {words}\n".encode())
    shown = terminal.await_text(f"begun {words}".rstrip().encode() + b"\r\n").decode()
    await_reading(world)
    return shown


def begin_job(world: WarmWorld, terminal: Terminal, words: str = "") -> int:
    """Start the program in the background, where it reads from descriptor 8 of the shell."""
    terminal.run(f"rm -f way; mkfifo way; $P program.py {words} <way >out & exec 8>way")
    return await_reading(world)


def await_output(world: WarmWorld, text: str) -> None:
    wait_for(lambda: text in (world.work / "out").read_text(), text)


def await_job(terminal: Terminal, state: str) -> str:
    wait_for(lambda: state in ask_for_jobs(terminal), state)
    return ask_for_jobs(terminal)


def ask_for_jobs(terminal: Terminal) -> str:
    """A bash may miss the end of what was continued just before, until another child ends."""
    return terminal.run("env true; jobs")


def finish(terminal: Terminal) -> list[str]:
    """What is shown until the shell prompts, and the status that it knows."""
    return [terminal.await_prompt().decode(errors="replace"), terminal.run("echo status $?")]


@pytest.mark.parametrize(("typed", "status"), [(b"\x03", 130), (b"\x1c", 131), (b"\x04", 0)])
def test_a_key_that_ends_a_program(warm_world: WarmWorld, typed: bytes, status: int) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = begin(warm_world, terminal)
        terminal.type(typed)
        return [shown, *finish(terminal)]

    assert compare_dialogues(warm_world, talk)[-1] == f"status {status}\n"


@pytest.mark.parametrize("status", [0, 1, 255])
def test_what_is_typed_is_read(warm_world: WarmWorld, status: int) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = begin(warm_world, terminal, "a 'b c'".replace("'", ""))
        terminal.type(b"one\nsize\n" + f"exit {status}\n".encode())
        return [shown, *finish(terminal)]

    assert compare_dialogues(warm_world, talk)[-1] == f"status {status}\n"


def test_stopped_and_continued(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(warm_world, terminal)]
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
        shown = [begin(warm_world, terminal)]
        terminal.type(b"\x1a")
        shown += finish(terminal)
        terminal.type(b"fg\n")
        shown.append(terminal.await_text(b"program.py\r\n").decode())
        terminal.type(b"line\n")
        shown.append(terminal.await_text(b"read line\r\n").decode())
        terminal.type(b"\x03")
        return [*shown, *finish(terminal)]

    assert compare_dialogues(warm_world, talk)[-1] == "status 130\n"


@pytest.mark.parametrize("name", ["TERM", "KILL", "HUP"])
def test_a_stopped_job_is_killed(warm_world: WarmWorld, name: str) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(warm_world, terminal)]
        terminal.type(b"\x1a")
        shown += finish(terminal)
        told = [terminal.run(f"kill -{name} %1")]
        wait_for(lambda: told.append(ask_for_jobs(terminal)) or not told[-1], "ended")
        # a shell may ask for the state of its jobs before or after the signal has come
        ended = [line for line in "".join(told).splitlines() if line and "Stopped" not in line]
        return [*shown, *ended]

    compare_dialogues(warm_world, talk)


@pytest.mark.parametrize("name", ["INT", "USR1", "QUIT"])
def test_what_a_stopped_job_was_sent_comes_when_it_goes_on(warm_world: WarmWorld, name: str) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(warm_world, terminal)]
        terminal.type(b"\x1a")
        shown += [*finish(terminal), terminal.run(f"kill -{name} %1"), terminal.run("jobs")]
        terminal.type(b"fg\n")
        return [*shown, *finish(terminal), terminal.run("jobs")]

    compare_dialogues(warm_world, talk)


def test_reading_in_the_background_stops(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        terminal.run("$P program.py >out &")
        shown = [await_job(terminal, "Stopped")]
        terminal.type(b"fg\n")
        shown.append(terminal.await_text(b"program.py > out\r\n").decode())
        terminal.type(b"line\nexit 4\n")
        return [*shown, *finish(terminal), terminal.run("cat out")]

    assert compare_dialogues(warm_world, talk, ">out")[-2] == "status 4\n"


def test_on_in_the_background(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        begin_job(warm_world, terminal)
        terminal.run("kill -STOP %1")
        shown = [await_job(terminal, "Stopped"), terminal.run("bg"), await_job(terminal, "Running")]
        terminal.run("echo line >&8; echo exit 5 >&8; wait %1")
        shown.append(terminal.run("wait $!; echo status $?"))
        return [*shown, terminal.run("exec 8>&-; cat out")]

    compare_dialogues(warm_world, talk, AS_A_JOB)


@pytest.mark.parametrize("typed", [b"\x03", b"\x1c", b"\x1a"])
def test_a_key_that_is_handled(warm_world: WarmWorld, typed: bytes) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(warm_world, terminal, "handling")]
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
        shown = [begin(warm_world, terminal, "child")]
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

    compare_dialogues(warm_world, talk, "| cat")


def test_two_jobs_at_once(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(warm_world, terminal, "first")]
        terminal.type(b"\x1a")
        shown += finish(terminal)
        shown.append(begin(warm_world, terminal, "second"))
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
    import fcntl
    import struct
    import termios

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


def test_the_probe_of_the_terminal_s_state(warm_world: WarmWorld) -> None:
    """The modes that a program leaves behind are those of the terminal, and a shell resets its own."""

    def talk(terminal: Terminal) -> list[str]:
        return [terminal.run("stty -a | head -1"), begin(warm_world, terminal), *end_input(terminal)]

    compare_dialogues(warm_world, talk)


def end_input(terminal: Terminal) -> list[str]:
    terminal.type(b"\x04")
    return [*finish(terminal), terminal.run("stty -a"), str(os.tcgetpgrp(terminal.descriptor) > 0)]
