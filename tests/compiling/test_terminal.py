"""On a terminal there is a bar; ^C ends it all at once, and leaves nothing behind."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from .calls import make_program
from .workers import (
    GIANT,
    MEGABYTE,
    PATIENCE,
    find_workers,
    is_there,
    measure,
    wait_for,
    write_modules,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starts import Argument, World

CONTROL_C = b"\x03"


@dataclass
class Terminal:
    """A command that runs in a terminal of its own."""

    process: subprocess.Popen[bytes]
    master: int
    shown: bytes = b""

    def read(self) -> bool:
        """Take what there is to read for a moment; False at its end."""
        if not select.select([self.master], [], [], 0.02)[0]:
            return True
        try:
            part = os.read(self.master, 1 << 16)
        except OSError:
            return False
        self.shown += part
        return bool(part)

    def type(self, text: bytes) -> None:
        os.write(self.master, text)

    def finish(self) -> int:
        """Read to the end; the exit status."""
        end = time.monotonic() + PATIENCE
        while self.read():
            assert time.monotonic() < end, self.shown
        return self.process.wait(PATIENCE)


def open_terminal(world: World, *words: Argument) -> Terminal:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 100, 0, 0))
    process = subprocess.Popen(
        [world.launcher, "compile", *words],
        cwd=world.home,
        env=world.environment(TERM="xterm-256color"),
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        preexec_fn=take_terminal,  # noqa: PLW1509 - no thread is running here
    )
    os.close(slave)
    return Terminal(process, master)


def take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    opened: list[Terminal] = []
    yield opened
    for terminal in opened:
        if terminal.process.poll() is None:
            terminal.process.kill()
            terminal.process.wait()
        os.close(terminal.master)


def test_a_bar_shows_rate_and_time_left(world: World, terminals: list[Terminal]) -> None:
    write_modules(world.home / "tree", 120)
    terminals.append(open_terminal(world, "tree"))
    assert terminals[0].finish() == 0
    shown = terminals[0].shown.decode()
    assert "compiling" in shown
    assert "\u2501" in shown
    assert re.search(r"\d\.\d/1\.\d MB", shown)
    assert re.search(r"\d+\.\d [kM]B/s", shown)
    assert re.search(r"\d:\d\d:\d\d", shown)
    # it is taken away again, and the cursor given back
    last = shown.rpartition("\x1b[?25h")[2]
    assert "compiling" not in last
    assert re.search(r"120 compiled, 0 unchanged, 0 failed in \d+\.\d s\r\n$", last)


@pytest.mark.parametrize("words", [["-q"], ["--json"], ["-qq"]])
def test_there_is_no_bar_where_none_is_wanted(
    world: World, terminals: list[Terminal], words: list[str]
) -> None:
    write_modules(world.home / "tree", 30)
    terminals.append(open_terminal(world, *words, "tree"))
    assert terminals[0].finish() == 0
    assert b"\x1b" not in terminals[0].shown
    assert b"compiling" not in terminals[0].shown


def list_leftovers(world: World) -> list[str]:
    """Temporary files in the tree and in the cache."""
    names = [str(path) for path in world.home.rglob("*")]
    return [name for name in names if "%tmp" in name or re.search(r"\.pyc\.\d+$", name)]


def wait_for_giant(terminal: Terminal) -> list[int]:
    """Wait until a worker is at work on something large; all workers."""
    wait_for(
        lambda: (
            terminal.read()
            and any(measure(one) > 60 * MEGABYTE for one in find_workers(terminal.process))
        )
    )
    return find_workers(terminal.process)


def test_control_c_ends_it_at_once_and_leaves_nothing(world: World, terminals: list[Terminal]) -> None:
    tree = write_modules(world.home / "tree", 60)
    (tree / "giant.py").write_text(GIANT * 4)  # a minute or so
    terminal = open_terminal(world, "-j2", "tree")
    terminals.append(terminal)
    workers = wait_for_giant(terminal)
    assert len(workers) == 2
    typed = time.monotonic()
    terminal.type(CONTROL_C)
    assert terminal.finish() == 130
    assert time.monotonic() - typed < 20
    wait_for(lambda: not any(map(is_there, workers)))
    assert list_leftovers(world) == []
    assert b"Traceback" not in terminal.shown
    assert re.search(
        rb"mainspring: interrupted: \d+ compiled, 0 unchanged, 0 failed in .* s\r\n$", terminal.shown
    )
    assert terminal.shown.count(b"\x1b[?25l") == terminal.shown.count(b"\x1b[?25h")


def test_control_c_while_a_script_has_a_worker_of_its_own(
    world: World, terminals: list[Terminal]
) -> None:
    make_program(world.home / "script", "#!/usr/bin/env python3\nprint('\\N{SNOWMAN}')\n" + GIANT * 4)
    terminal = open_terminal(world, "script")
    terminals.append(terminal)
    workers = wait_for_giant(terminal)
    terminal.type(CONTROL_C)
    assert terminal.finish() == 130
    wait_for(lambda: not any(map(is_there, workers)))
    assert list_leftovers(world) == []


@pytest.mark.parametrize("times", [2, 30])
def test_control_c_more_than_once(world: World, terminals: list[Terminal], times: int) -> None:
    """As an impatient user types it; the first one counts."""
    write_modules(world.home / "tree", 2000)  # more than is compiled before a busy machine hears of it
    for files in (1, 20, 60):
        terminal = open_terminal(world, "-f", "tree")
        terminals.append(terminal)
        folder = world.home / "tree" / "__pycache__"
        before = count_changed(folder, 0)
        started = time.time_ns()
        wait_for(lambda: terminal.read() and count_changed(folder, started) >= files)  # noqa: B023
        workers = find_workers(terminal.process)
        for _ in range(times):
            terminal.type(CONTROL_C)
            select.select([], [], [], 0.002)
        assert terminal.finish() == 130
        wait_for(lambda: not any(map(is_there, workers)))  # noqa: B023
        assert list_leftovers(world) == []
        assert b"Traceback" not in terminal.shown, before


def count_changed(folder: object, since: int) -> int:
    try:
        with os.scandir(str(folder)) as entries:
            return sum(entry.stat().st_mtime_ns >= since - 10**7 for entry in entries)
    except FileNotFoundError:
        return 0


def test_an_interrupt_by_a_signal_to_the_command_alone(world: World) -> None:
    tree = write_modules(world.home / "tree", 20)
    (tree / "giant.py").write_text(GIANT * 4)
    process = subprocess.Popen(
        [world.launcher, "compile", "tree"],
        cwd=world.home,
        env=world.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_for(lambda: any(measure(one) > 60 * MEGABYTE for one in find_workers(process)))
    workers = find_workers(process)
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, output) == (130, b"")
    assert errors.startswith(b"mainspring: interrupted: ")
    wait_for(lambda: not any(map(is_there, workers)))


def test_workers_do_not_outlive_a_command_that_was_killed(world: World) -> None:
    write_modules(world.home / "tree", 200)
    process = subprocess.Popen(
        [world.launcher, "compile", "tree"],
        cwd=world.home,
        env=world.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_for((world.home / "tree" / "__pycache__").is_dir)
    workers = find_workers(process)
    assert workers
    process.kill()
    process.wait()
    wait_for(lambda: not any(map(is_there, workers)))
