"""At a terminal, keys, fg, bg and what is typed do to a warm program what they do to a plain one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .dialogue import await_reading, await_rest, compare_dialogues
from .jobs import AS_A_JOB, await_job, begin, begin_job, finish, press

if TYPE_CHECKING:
    from .terminal import Terminal
    from .world import WarmWorld


@pytest.mark.parametrize(("typed", "status"), [(b"\x03", 130), (b"\x1c", 131), (b"\x04", 0)])
def test_a_key_that_ends_a_program(warm_world: WarmWorld, typed: bytes, status: int) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = begin(warm_world, terminal)
        return [shown, *press(terminal, typed)]

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
            shown += [*press(terminal, b"\x1a"), terminal.run("jobs")]
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
        shown += press(terminal, b"\x1a")
        terminal.type(b"fg\n")
        shown.append(terminal.await_text(b"program.py\r\n").decode())
        terminal.type(b"line\n")
        shown.append(terminal.await_text(b"read line\r\n").decode())
        await_rest(warm_world)
        return [*shown, *press(terminal, b"\x03")]

    assert compare_dialogues(warm_world, talk)[-1] == "status 130\n"


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
        shown += [*press(terminal, typed), terminal.run("jobs")]
        if typed == b"\x1a":
            terminal.type(b"fg\n")
            shown.append(terminal.await_text(b"program.py child\r\n").decode())
            terminal.type(b"again\n")
            shown.append(terminal.await_text(b"again\r\n").decode())
            shown += press(terminal, b"\x03")
        return shown

    compare_dialogues(warm_world, talk)


def test_in_a_pipeline(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        terminal.type(b"$P program.py | cat\n")
        shown = [terminal.await_text(b"begun\r\n").decode()]
        await_reading(warm_world)
        shown += press(terminal, b"\x1a")
        terminal.type(b"fg\n")
        shown.append(terminal.await_text(b"cat\r\n").decode())
        terminal.type(b"line\n")
        shown.append(terminal.await_text(b"read line\r\n").decode())
        await_rest(warm_world)
        terminal.type(b"\x03")
        return [*shown, terminal.await_prompt().decode(), terminal.run("echo status ${PIPESTATUS[@]}")]

    compare_dialogues(warm_world, talk, "| cat")


def test_two_jobs_at_once(warm_world: WarmWorld) -> None:
    def talk(terminal: Terminal) -> list[str]:
        shown = [begin(warm_world, terminal, "first")]
        shown += press(terminal, b"\x1a")
        shown.append(begin(warm_world, terminal, "second"))
        shown += [*press(terminal, b"\x1a"), terminal.run("jobs")]
        for job in ("1", "2"):
            terminal.type(f"fg %{job}\n".encode())
            shown.append(terminal.await_text(b"\r\n").decode())
            terminal.type(f"exit {job}\n".encode())
            shown += finish(terminal)
        return shown

    assert compare_dialogues(warm_world, talk)[-1] == "status 2\n"


def test_the_probe_of_the_terminal_s_state(warm_world: WarmWorld) -> None:
    """The modes that a program leaves behind are those of the terminal, and a shell resets its own."""

    def talk(terminal: Terminal) -> list[str]:
        return [terminal.run("stty -a | head -1"), begin(warm_world, terminal), *end_input(terminal)]

    compare_dialogues(warm_world, talk)


def end_input(terminal: Terminal) -> list[str]:
    shown = press(terminal, b"\x04")
    return [*shown, terminal.run("stty -a"), str(os.tcgetpgrp(terminal.descriptor) > 0)]
