"""A program as a job of the shell at a terminal: in the foreground, or behind."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from .dialogue import await_reading
from .remains import list_processes, wait_for

if TYPE_CHECKING:
    from .terminal import Terminal
    from .world import WarmWorld

#: which streams are the terminal when the program is started by begin_job
AS_A_JOB: Final = "</dev/null >out"


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


def press(terminal: Terminal, key: bytes) -> list[str]:
    """Press what ends or stops the program; what is shown until the shell prompts, and the status.

    A process that waits at the terminal may stop, or end, after the shell has prompted: what is typed
    before that is still read by it.
    """
    group = os.tcgetpgrp(terminal.descriptor)
    terminal.type(key)
    shown = terminal.await_prompt().decode(errors="replace")
    wait_for(lambda: is_at_rest(group), "at rest: all of the group")
    return [shown, terminal.run("echo status $?")]


def is_at_rest(group: int) -> bool:
    return all(process.state in "TZX" for process in list_processes() if process.group == group)


def finish(terminal: Terminal) -> list[str]:
    """What is shown until the shell prompts, and the status that it knows."""
    return [terminal.await_prompt().decode(errors="replace"), terminal.run("echo status $?")]
