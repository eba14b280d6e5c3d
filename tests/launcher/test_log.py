"""The line that a plain start leaves in MAINSPRING_LOG, and that no log harms a start."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .layout import Finished, Layout, Word

UNHARMED = (0, b"unharmed\n", b"")


@pytest.fixture(autouse=True)
def off(layout: Layout) -> None:
    """Every start here is a plain one, for the same reason."""
    layout.environment["MAINSPRING"] = "off"


def start(layout: Layout, *descriptors: int) -> Finished:
    return layout.call("run", "--python", "/bin/sh", "-c", "echo unharmed", descriptors=descriptors)


def outcome(ended: Finished) -> tuple[int, bytes, bytes]:
    return ended.returncode, ended.stdout, ended.stderr


def test_a_line_is_program_reason_and_milliseconds(layout: Layout) -> None:
    layout.keep_log()
    began = time.monotonic()
    start(layout)
    passed = (time.monotonic() - began) * 1000
    line = layout.log.read_bytes()
    assert re.fullmatch(rb"-c\toff\t\d+\.\d{3}\n", line)
    assert 0 <= float(line.split(b"\t")[2]) <= passed


def test_lines_are_appended_to_a_file_of_the_user_s_own(layout: Layout) -> None:
    layout.keep_log()
    start(layout)
    assert stat.S_IMODE(layout.log.stat().st_mode) == 0o600
    start(layout)
    assert layout.logged() == [(b"-c", b"off")] * 2


@pytest.mark.parametrize(
    ("script", "program"),
    [
        ("/a/b.py", b"/a/b.py"),
        ("b.py", b"{root}/b.py"),
        ("./b.py", b"{root}/./b.py"),
        ("../x/./b.py", b"{root}/../x/./b.py"),
        ("", b"{root}/"),
        ("/a b", b"/a b"),
        ("/tab\t", b"/tab\\t"),
        ("/line\nline", b"/line\\nline"),
        ("/return\r", b"/return\\r"),
        ("/back\\slash", b"/back\\\\slash"),
        ("/\x01\x1b\x1f\x7f", b"/\\x01\\x1b\\x1f\\x7f"),
        ("/\u00e9\udcff", b"/\xc3\xa9\xff"),
        ("/" + "long/" * 2000, b"/" + b"long/" * 2000),
    ],
)
def test_the_program_keeps_to_its_column(layout: Layout, script: str, program: bytes) -> None:
    layout.stand_in()
    layout.keep_log()
    layout.call("run", script)
    expected = program.replace(b"{root}", os.fsencode(layout.root))
    assert layout.logged() == [(expected, b"off")]


def test_a_module_s_name_is_escaped_too(layout: Layout) -> None:
    layout.stand_in()
    layout.keep_log()
    layout.call("run", "-m", "a\tb\\")
    assert layout.logged() == [(b"-m a\\tb\\\\", b"off")]


def test_a_number_is_a_descriptor(layout: Layout) -> None:
    with layout.log.open("wb") as log:
        layout.environment["MAINSPRING_LOG"] = str(log.fileno())
        assert outcome(start(layout, log.fileno())) == UNHARMED
    assert layout.logged() == [(b"-c", b"off")]


def test_a_pipe_gets_its_line(layout: Layout) -> None:
    reader, writer = os.pipe()
    layout.environment["MAINSPRING_LOG"] = str(writer)
    assert outcome(start(layout, writer)) == UNHARMED
    assert os.read(reader, 100).startswith(b"-c\toff\t")
    os.close(reader)
    os.close(writer)


def test_a_pipe_without_a_reader_does_not_end_the_program(layout: Layout) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    layout.environment["MAINSPRING_LOG"] = str(writer)
    command: list[Word] = [layout.mainspring, "run", "--python", "/bin/sh", "-c", "echo unharmed"]
    ended = subprocess.run(
        command,
        env=layout.environment,
        capture_output=True,
        timeout=60,
        check=False,
        pass_fds=[writer],
        restore_signals=True,
    )
    os.close(writer)
    assert outcome(ended) == UNHARMED


def fill(pipe: int) -> None:
    while True:
        os.write(pipe, b"x" * 4096)


def test_a_full_pipe_does_not_hold_the_program(layout: Layout) -> None:
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with pytest.raises(BlockingIOError):
        fill(writer)
    os.set_blocking(writer, True)
    layout.environment["MAINSPRING_LOG"] = str(writer)
    assert outcome(start(layout, writer)) == UNHARMED
    os.close(reader)
    os.close(writer)


def test_a_limit_on_file_sizes_does_not_end_the_program(layout: Layout) -> None:
    layout.keep_log()
    layout.log.write_bytes(b"x" * 4096)
    limit = 'ulimit -f 1; exec "$@"'
    words = ["run", "--python", "/bin/sh", "-c", "echo unharmed"]
    ended = layout.execute("/bin/bash", "-c", limit, "bash", layout.mainspring, *words)
    assert outcome(ended) == UNHARMED
    assert layout.log.stat().st_size == 4096


@pytest.mark.parametrize(
    "value", ["", "999", "99999999999999999999", "missing/log", "/", ".", "folder", "a\nb/c"]
)
def test_a_log_that_cannot_be_written_goes_unmentioned(layout: Layout, value: str) -> None:
    (layout.root / "folder").mkdir()
    layout.environment["MAINSPRING_LOG"] = value
    assert outcome(start(layout)) == UNHARMED


def test_a_link_is_not_followed(layout: Layout) -> None:
    layout.keep_log()
    layout.log.symlink_to("target")
    assert outcome(start(layout)) == UNHARMED
    assert not (layout.root / "target").exists()


def test_only_a_regular_file_is_written(layout: Layout) -> None:
    layout.keep_log()
    os.mkfifo(layout.log)
    reader = os.open(layout.log, os.O_RDONLY | os.O_NONBLOCK)
    try:
        assert outcome(start(layout)) == UNHARMED
        assert os.read(reader, 100) == b""
    finally:
        os.close(reader)


def test_a_pipe_that_nobody_reads_is_no_log(layout: Layout) -> None:
    layout.keep_log()
    os.mkfifo(layout.log)
    assert outcome(start(layout)) == UNHARMED


def test_a_start_with_the_hook_is_not_the_launcher_s_to_log(layout: Layout) -> None:
    layout.environment["MAINSPRING"] = "on"
    layout.keep_log()
    assert outcome(start(layout)) == UNHARMED
    assert not layout.log.exists()


def test_a_failure_of_the_launcher_is_not_logged(layout: Layout) -> None:
    layout.keep_log()
    assert layout.call("run", "--python", "/missing/python", "script").returncode == 127
    assert not layout.log.exists()
