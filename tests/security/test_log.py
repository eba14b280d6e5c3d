"""The log never stops or fails a program, and one line in it is one start."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .people import check_start, put_before, write_script

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Ended, World


def start_with(world: World, target: str | Path, *arguments: str | Path) -> Ended:
    """Start, logging to *target*; it has to be as a plain start."""
    script = write_script(world)
    environment = world.environment(MAINSPRING_LOG=str(target))
    started = world.start("enabled", script, *arguments, env=environment, timeout=5)
    assert started == world.start("plain", script, *arguments, env=environment)
    assert started.stderr == b""
    return started


def test_lines_are_added_to_a_file(world: World) -> None:
    world.log.write_text("before\tall\t0.000\n")
    script = write_script(world)
    check_start(world, "absent", script)
    check_start(world, "hit", script)
    assert [line.outcome for line in world.read_log()] == ["all", "absent", "hit"]
    assert [line.program for line in world.read_log()][1:] == [str(script)] * 2


def test_it_is_made_for_the_user_alone(world: World) -> None:
    masked = put_before(world, "sh", "-c", 'umask 000; exec "$@"', "sh")
    check_start(masked, "absent", write_script(world))
    assert world.log.stat().st_mode & 0o777 == 0o600


def test_it_may_be_a_descriptor(world: World) -> None:
    target = world.home / "seventh"
    opened = put_before(world, "sh", "-c", 'exec 7>>"$0"; exec "$@"', target)
    start_with(opened, "7")
    assert target.read_text().split("\t")[1] == "absent"


@pytest.mark.parametrize("number", ["99", "2147483648", "99999999999999999999999", "9" * 5000])
def test_a_descriptor_that_is_not_open(world: World, number: str) -> None:
    start_with(world, number)


def test_a_descriptor_that_cannot_be_written_to(world: World) -> None:
    opened = put_before(world, "sh", "-c", 'exec 7</dev/null; exec "$@"', "sh")
    start_with(opened, "7")


def test_a_pipe_that_nobody_reads_is_not_waited_for(world: World) -> None:
    # a FIFO open at both ends, and full, at descriptor 7
    fifo = world.home / "fifo"
    os.mkfifo(fifo)
    both = os.open(fifo, os.O_RDWR | os.O_NONBLOCK)
    try:
        fill(both)
        opened = put_before(world, "sh", "-c", 'exec 7<>"$0"; exec "$@"', fifo)
        start_with(opened, "7")
    finally:
        os.close(both)


def fill(pipe: int) -> None:
    while True:
        try:
            os.write(pipe, b"x")
        except BlockingIOError:
            return


def test_a_folder_is_no_log(world: World) -> None:
    start_with(world, world.home)


def test_a_missing_folder_is_not_made(world: World) -> None:
    start_with(world, world.home / "missing" / "log")
    assert not (world.home / "missing").exists()


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_not_followed(world: World, exists: bool) -> None:
    target = world.home / "target"
    if exists:
        target.write_bytes(b"mine")
    (world.home / "link").symlink_to(target)
    start_with(world, world.home / "link")
    assert (target.read_bytes() if target.exists() else None) == (b"mine" if exists else None)


@pytest.mark.parametrize("read", [True, False])
def test_a_fifo_is_not_waited_for(world: World, read: bool) -> None:
    fifo = world.home / "fifo"
    os.mkfifo(fifo)
    reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK) if read else None
    start_with(world, fifo)
    if reader is not None:
        assert os.read(reader, 100) == b""
        os.close(reader)


@pytest.mark.parametrize(
    "name",
    [
        "two\nlines",
        "/forged.py\thit\t0.001\n/and.py",
        "\r\x1b[2K\x7f",
        "back\\nslash",
        "next\x85line",
        "separators\u2028\u2029\x1c\x1d\x1e\x0b\x0c",
        "\x9b2K",
        "caf\udce9",
    ],
)
def test_a_name_forges_no_line(world: World, name: str) -> None:
    script = world.home / f"{name.replace('/', '_')}.py"
    script.write_text("print('odd')\n")
    for _ in range(2):
        assert world.start("enabled", script) == world.start("plain", script)
    [first, second, end] = world.log.read_bytes().split(b"\n")
    assert end == b""
    assert first.count(b"\t") == second.count(b"\t") == 2
    assert first.split(b"\t")[0] == second.split(b"\t")[0]
    assert all(byte >= 32 and byte != 127 for byte in first.replace(b"\t", b""))


def test_a_start_that_stands_aside_tells_its_program_too(world: World) -> None:
    script = write_script(world)
    check_start(world, "small", script, MAINSPRING_MIN_SIZE="1M")
    assert world.read_log()[0].program == str(script)
