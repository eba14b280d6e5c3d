"""A log's lines are whole, nobody waits for them, and its file may go, fill up or be slow."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from gateway.telling import LINE, is_whole, mounted_disk, open_log

if TYPE_CHECKING:
    from pathlib import Path


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
