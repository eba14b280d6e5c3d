"""A log's lines are whole, nobody waits for them, and its file may go, fill up or be slow."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from security.people import need_root

from gateway.telling import mounted_disk, until
from mainspring.gateway.logfile import MOST_KEPT, LogFile

if TYPE_CHECKING:
    from pathlib import Path

LINE = b"x" * 99 + b"\n"


def open_log(path: Path | str, complaints: list[str] | None = None) -> LogFile:
    said = [] if complaints is None else complaints
    return LogFile("access log", str(path), 1, said.append)


def is_whole(content: bytes) -> bool:
    return content == LINE * (len(content) // len(LINE))


def test_a_file_is_made_for_its_owner_and_group(tmp_path: Path) -> None:
    before = os.umask(0)
    log = open_log(tmp_path / "log")
    os.umask(before)
    log.write(LINE)
    log.close()
    assert (tmp_path / "log").read_bytes() == LINE
    assert (tmp_path / "log").stat().st_mode & 0o777 == 0o640


WRITER = """
import sys
from mainspring.gateway.logfile import LogFile
log = LogFile("access log", sys.argv[1], 1, print)
for number in range(2000):
    log.write((sys.argv[2] * (number * 3 % 5000) + "\\n").encode())
"""


def test_lines_of_several_processes_do_not_mix(tmp_path: Path) -> None:
    log = tmp_path / "log"
    command = [sys.executable, "-c", WRITER, str(log)]
    writers = [subprocess.Popen([*command, letter]) for letter in "abc"]
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    lines = log.read_text().splitlines()
    assert len(lines) == 6000
    assert all(len(set(line)) <= 1 for line in lines)


def test_reopen_goes_on_in_a_new_file(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.write(b"one\n")
    (tmp_path / "log").rename(tmp_path / "log.1")
    log.write(b"two\n")
    log.reopen()
    log.write(b"three\n")
    log.close()
    assert (tmp_path / "log.1").read_bytes() == b"one\ntwo\n"
    assert (tmp_path / "log").read_bytes() == b"three\n"


def test_reopen_keeps_the_file_where_no_new_one_can_be_had(tmp_path: Path) -> None:
    complaints: list[str] = []
    folder = tmp_path / "folder"
    folder.mkdir()
    log = open_log(folder / "log", complaints)
    folder.rename(tmp_path / "moved")
    log.reopen()
    log.write(LINE)
    assert (tmp_path / "moved" / "log").read_bytes() == LINE
    assert len(complaints) == 1
    assert "cannot be opened anew (No such file or directory)" in complaints[0]


def test_a_full_disk_costs_lines_and_nothing_else(tmp_path: Path) -> None:
    complaints: list[str] = []
    with mounted_disk(tmp_path / "disk", "64k") as disk:
        log = open_log(disk / "log", complaints)
        for _ in range(2000):
            log.write(LINE)
        content = (disk / "log").read_bytes()
        assert is_whole(content)
        assert 0 < len(content) <= 64 << 10
        assert log.lost == 2000 - len(content) // len(LINE)
        assert log.problem == os.strerror(errno.ENOSPC)
        assert len(complaints) == 1
        assert "access log" in complaints[0]
        assert "No space left on device" in complaints[0]
        lost = log.lost
        (disk / "log").rename(disk / "old")
        (disk / "old").unlink()
        log.reopen()
        log.write(LINE)
        assert (log.lost, log.problem) == (lost, None)
        assert (disk / "log").read_bytes() == LINE
        log.close()


def test_a_full_disk_that_is_freed_takes_whole_lines_again(tmp_path: Path) -> None:
    complaints: list[str] = []
    with mounted_disk(tmp_path / "disk", "64k") as disk:
        filler = disk / "filler"
        log = open_log(disk / "log", complaints)
        log.write(LINE)
        filler.write_bytes(b"x" * (60 << 10))
        for _ in range(100):
            log.write(LINE)
        filler.unlink()
        log.write(LINE)
        assert log.problem is None
        assert log.lost > 0
        assert is_whole((disk / "log").read_bytes())
        assert (disk / "log").stat().st_size == (102 - log.lost) * len(LINE)
        log.close()


def test_a_device_that_is_full_is_told_of_once() -> None:
    complaints: list[str] = []
    log = open_log("/dev/full", complaints)
    for _ in range(10):
        log.write(LINE)
    assert (log.lost, len(complaints)) == (10, 1)
    log.reopen()
    log.write(LINE)
    assert (log.lost, len(complaints)) == (11, 2)
    log.close()


def test_a_folder_that_is_missing_is_tried_again(tmp_path: Path) -> None:
    complaints: list[str] = []
    log = open_log(tmp_path / "folder" / "log", complaints)
    log.write(LINE)
    log.write(LINE)
    assert (log.lost, len(complaints)) == (2, 1)
    (tmp_path / "folder").mkdir()
    deadline = time.monotonic() + 30
    while log.problem and time.monotonic() < deadline:
        log.write(LINE)
    assert log.problem is None
    assert (tmp_path / "folder" / "log").read_bytes() == LINE
    log.close()


def test_after_close_nothing_is_written_and_nothing_raised(tmp_path: Path) -> None:
    complaints: list[str] = []
    log = open_log(tmp_path / "log", complaints)
    log.close()
    log.write(LINE)
    assert (log.lost, complaints) == (1, [])
    assert (tmp_path / "log").read_bytes() == b""


# ---- pipes ----------------------------------------------------------------------------------------


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
