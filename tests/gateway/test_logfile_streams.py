"""A log to a pipe, a socket or a standard stream holds up nobody, however slow its reader is."""

from __future__ import annotations

import asyncio
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from security.people import need_root

from gateway.telling import LINE, is_whole, open_log, until
from mainspring.gateway.logfile import MOST_KEPT

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def fifo(tmp_path: Path) -> Path:
    os.mkfifo(tmp_path / "pipe")
    return tmp_path / "pipe"


async def read_all(reader: int, size: int) -> bytes:
    content = b""
    while len(content) < size:
        try:
            content += os.read(reader, 65536)
        except BlockingIOError:
            await asyncio.sleep(0)
    return content


def test_a_slow_reader_gets_whole_lines_and_holds_up_nobody(fifo: Path) -> None:
    async def run() -> None:
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        log = open_log(fifo)
        total = (MOST_KEPT + (1 << 20)) // len(LINE)
        began = time.monotonic()
        for _ in range(total):
            log.write(LINE)
        assert time.monotonic() - began < 5
        assert log.lost > 0
        assert log.problem is None
        content = await read_all(reader, (total - log.lost) * len(LINE))
        assert is_whole(content)
        assert MOST_KEPT <= len(content) <= MOST_KEPT + (64 << 10) + len(LINE)
        log.write(b"after\n")
        assert await read_all(reader, 6) == b"after\n"
        log.close()
        os.close(reader)

    asyncio.run(run())


def test_a_line_longer_than_a_pipe_arrives_whole(fifo: Path) -> None:
    async def run() -> None:
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        log = open_log(fifo)
        lines = [bytes([letter]) * 300_000 + b"\n" for letter in b"abc"]
        for line in lines:
            log.write(line)
        assert await read_all(reader, 900_003) == b"".join(lines)
        assert log.lost == 0
        log.close()
        os.close(reader)

    asyncio.run(run())


def test_a_reader_that_goes_is_told_of_once_and_may_come_back(fifo: Path) -> None:
    complaints: list[str] = []

    async def run() -> None:
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        log = open_log(fifo, complaints)
        log.write(LINE)
        os.close(reader)
        for _ in range(10):
            log.write(LINE)
        assert (log.lost, len(complaints)) == (10, 1)
        assert "Broken pipe" in complaints[0]
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        log.write(LINE)
        assert log.problem is None
        assert await read_all(reader, 2 * len(LINE)) == 2 * LINE  # the first was never read
        log.close()
        os.close(reader)

    asyncio.run(run())


def test_a_reader_that_goes_while_lines_wait_costs_those_lines(fifo: Path) -> None:
    complaints: list[str] = []

    async def run() -> None:
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        log = open_log(fifo, complaints)
        for _ in range(1000):
            log.write(LINE)
        assert log.lost == 0
        os.close(reader)
        await until(lambda: log.problem is not None)
        assert 0 < log.lost <= 1000
        assert len(complaints) == 1
        log.close()

    asyncio.run(run())


def test_a_pipe_without_a_reader_waits_for_none(fifo: Path) -> None:
    complaints: list[str] = []
    log = open_log(fifo, complaints)
    log.write(LINE)
    assert (log.lost, len(complaints)) == (1, 1)
    log.close()


# ---- standard streams -----------------------------------------------------------------------------

TO_STDOUT = """
import asyncio, fcntl, os, sys
from mainspring.gateway.logfile import LogFile

async def run():
    os.setuid(int(sys.argv[2]))
    log = LogFile("access log", "-", 1, sys.stderr.write)
    count = int(sys.argv[1])
    for number in range(count):
        log.write(b"%099d\\n" % number)
    blocks = not fcntl.fcntl(1, fcntl.F_GETFL) & os.O_NONBLOCK
    print(log.lost, blocks, file=sys.stderr, flush=True)
    while log._kept:
        await asyncio.sleep(0.001)

asyncio.run(run())
"""


def write_to_stdout(count: int, stdout: int, user: int | None = None) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", TO_STDOUT, str(count), str(os.geteuid() if user is None else user)]
    return subprocess.Popen(command, stdout=stdout, stderr=subprocess.PIPE)


def number_lines(count: int) -> bytes:
    return b"".join(b"%099d\n" % number for number in range(count))


def read_until_end(read: object) -> bytes:
    assert callable(read)
    parts = []
    while part := read(65536):
        parts.append(part)
    return b"".join(parts)


def test_stdout_that_is_a_slow_pipe_still_blocks_for_all_who_share_it() -> None:
    reader, writer = os.pipe()
    child = write_to_stdout(5000, writer)
    os.close(writer)
    assert child.stderr is not None
    assert child.stderr.readline() == b"0 True\n"  # before anybody reads
    assert read_until_end(lambda size: os.read(reader, size)) == number_lines(5000)
    assert child.wait() == 0
    os.close(reader)
    child.stderr.close()


def test_stdout_that_is_a_slow_socket_holds_up_nobody() -> None:
    ours, theirs = socket.socketpair()
    child = write_to_stdout(8000, theirs.fileno())
    theirs.close()
    assert child.stderr is not None
    assert child.stderr.readline() == b"0 True\n"
    assert read_until_end(ours.recv) == number_lines(8000)
    assert child.wait() == 0
    ours.close()
    child.stderr.close()


def test_stdout_that_is_a_file_is_appended_to_where_others_write_too(tmp_path: Path) -> None:
    path = tmp_path / "out"
    with path.open("wb") as out:
        out.write(b"before\n")
        out.flush()
        child = write_to_stdout(3, out.fileno())
        assert child.wait() == 0
        assert child.stderr is not None
        child.stderr.close()
        os.write(out.fileno(), b"after\n")
    assert path.read_bytes() == b"before\n" + number_lines(3) + b"after\n"


def test_a_closed_stdout_costs_lines_alone() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    child = write_to_stdout(10, writer)
    os.close(writer)
    assert child.stderr is not None
    said = child.stderr.read()
    assert child.wait() == 0
    assert said.count(b"cannot be written (Broken pipe)") == 1
    assert b"10 True" in said
    child.stderr.close()


def test_a_stream_of_another_user_holds_up_nobody() -> None:
    need_root()
    reader, writer = os.pipe()
    with write_to_stdout(5000, writer, user=65534) as child:
        os.close(writer)
        assert child.stderr is not None
        assert child.stderr.readline() == b"0 True\n"
        assert read_until_end(lambda size: os.read(reader, size)) == number_lines(5000)
    assert child.returncode == 0
    os.close(reader)
