"""A script that cannot be read, or goes while it is, is CPython's to complain about."""

from __future__ import annotations

import os
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from security.people import check_start, list_temporary, write_script

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starts import Ended, World

#: how long a script gets exchanged, in starts
ROUNDS = 40


def outcome_of(world: World, started: Ended, *arguments: str | Path) -> str:
    """The outcome of a start that failed as plain Python's does."""
    assert started == world.start("plain", *arguments)
    return world.read_log()[-1].outcome


def test_a_missing_script(world: World) -> None:
    script = world.home / "missing.py"
    started = world.start("enabled", script)
    assert started.status == 2
    assert outcome_of(world, started, script) == "no-source"


def test_a_script_whose_entry_outlived_it(world: World) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    script.unlink()
    assert outcome_of(world, world.start("enabled", script), script) == "no-source"


def test_a_folder_without_main(world: World) -> None:
    folder = world.home / "folder"
    folder.mkdir()
    assert outcome_of(world, world.start("enabled", folder), folder) == "not-a-file"


@pytest.mark.parametrize("name", ["/dev/null", "/dev/fd/0", "/proc/self/fd/0"])
def test_a_device(world: World, name: str) -> None:
    started = world.start("enabled", name, stdin=b"print('piped')\n")
    assert started == world.start("plain", name, stdin=b"print('piped')\n")
    assert world.read_log()[-1].outcome == "not-a-file"


def test_a_fifo_is_read_once(world: World) -> None:
    fifo = world.home / "fifo"
    os.mkfifo(fifo)
    results = []
    for kind in ("enabled", "plain"):
        writer = threading.Thread(target=fifo.write_text, args=("print('through a fifo')\n",))
        writer.start()
        results.append(world.start("enabled" if kind == "enabled" else "plain", fifo))
        writer.join()
    assert results[0] == results[1]
    assert results[0].stdout == b"through a fifo\n"
    assert [line.outcome for line in world.read_log()] == ["not-a-file"]


def test_a_working_directory_that_is_gone(world: World) -> None:
    script = write_script(world)
    gone = world.home / "gone"
    ended = []
    for python in (world.enabled_python, world.plain_python):
        gone.mkdir()
        command = f'rmdir "{gone}"; exec "$@"'
        done = subprocess.run(
            ["sh", "-c", command, "sh", python, "program.py"],
            cwd=gone,
            env=world.environment(),
            check=False,
            capture_output=True,
        )
        ended.append((done.returncode, done.stdout, world.unify(done.stderr)))
    assert ended[0] == ended[1]
    assert script.exists()


@contextmanager
def keep_changing(change: Callable[[int], None]) -> Iterator[None]:
    """Call *change* with rising numbers, as often as can be, in a thread of its own."""
    stop = threading.Event()

    def go_on() -> None:
        number = 0
        while not stop.is_set():
            change(number)
            number += 1

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def test_a_script_that_comes_and_goes(world: World) -> None:
    script = world.home / "program.py"
    aside = world.home / "aside.py"
    aside.write_text("print('here')\n")
    legal = {(0, b"here\n"), (2, b"")}

    def change(number: int) -> None:
        (aside if number % 2 == 0 else script).rename(script if number % 2 == 0 else aside)

    with keep_changing(change):
        for _ in range(ROUNDS):
            started = world.start("enabled", script)
            assert (started.status, started.stdout) in legal
            assert b"mainspring" not in started.stderr
    assert list_temporary(world.cache) == []


def test_a_script_that_is_replaced_by_others(world: World) -> None:
    script = world.home / "program.py"
    versions = [f"version = {n}\nprint('version', version, {n})\n" for n in range(10)]
    script.write_text(versions[0])
    legal = {f"version {n} {n}\n".encode() for n in range(10)}

    def change(number: int) -> None:
        new = world.home / "new"
        new.write_text(versions[number % 10])
        new.rename(script)

    with keep_changing(change):
        for _ in range(ROUNDS):
            started = world.start("enabled", script)
            assert started.stdout in legal
            assert (started.status, started.stderr) == (0, b"")


def test_a_script_that_is_cut_while_it_is_read(world: World) -> None:
    """In place, as editors that do not rename write: an empty script is one that existed."""
    script = world.home / "program.py"
    whole = "print('whole')\n" + "# filling\n" * 2000
    legal = {b"whole\n", b""}

    def change(number: int) -> None:
        script.write_text(whole if number % 2 == 0 else "")

    with keep_changing(change):
        for _ in range(ROUNDS):
            started = world.start("enabled", script)
            assert started.stdout in legal
            assert b"mainspring" not in started.stderr
    script.write_text(whole)
    assert world.start("enabled", script).stdout == b"whole\n"
