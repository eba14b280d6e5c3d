"""What scripts complain of is logged line by line; however much it is, log and memory stay bounded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tracemalloc
from itertools import pairwise
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from gateway.telling import make_served
from mainspring.gateway.errorlog import (
    ALL_FIRST,
    ALL_STEADY,
    FIRST,
    LONGEST_LINE,
    STEADY,
    ErrorLines,
    ErrorLog,
)
from mainspring.gateway.logfile import LogFile

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = re.compile(
    rb"\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d\] \[a1b2c3-1\] /srv/cgi/hello\.py: "
)


def open_log(path: Path) -> ErrorLog:
    complaints: list[str] = []
    return ErrorLog(LogFile("error log", str(path), 2, complaints.append))


def read_texts(path: Path) -> list[str]:
    """The lines of a log, without what each begins with."""
    texts = []
    for line in path.read_bytes().splitlines(keepends=True):
        begin = BEGIN.match(line)
        assert begin is not None, line
        assert line.endswith(b"\n")
        texts.append(line[begin.end() : -1].decode())
    return texts


def feed(path: Path, *parts: bytes) -> list[str]:
    lines = ErrorLines(open_log(path), make_served())
    for part in parts:
        lines.feed(part)
    lines.end()
    return read_texts(path)


def test_each_line_has_its_time_request_and_script(tmp_path: Path) -> None:
    traceback = b'Traceback (most recent call last):\n  File "x.py", line 1, in <module>\n'
    assert feed(tmp_path / "log", traceback) == traceback.decode().splitlines()


def test_a_real_scripts_stderr(tmp_path: Path) -> None:
    code = "import sys; sys.stderr.write('one\\ntwo'); 1 / 0"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).stderr
    texts = feed(tmp_path / "log", *(bytes([byte]) for byte in said))
    assert texts[0] == "one"
    assert texts[1].startswith("twoTraceback")
    assert texts[-1] == "ZeroDivisionError: division by zero"


@law(300)
@given(data=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=5))
def test_lines_are_the_same_however_they_are_cut(data: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(data)]
    parts = [data[begin:end] for begin, end in pairwise(edges)]
    log = Collector()
    lines = ErrorLines(log, make_served())
    for part in parts:
        lines.feed(part)
    lines.end()
    whole = Collector()
    lines = ErrorLines(whole, make_served())
    lines.feed(data)
    lines.end()
    assert log.texts == whole.texts
    expected = data.split(b"\n")
    assert len(log.texts) == len(expected) - (expected[-1] == b"")
    assert all(text.isprintable() for text in log.texts)


NOWHERE = LogFile("error log", os.devnull, 2, print)


class Collector(ErrorLog):
    """A log that goes nowhere."""

    def __init__(self) -> None:
        super().__init__(NOWHERE)
        self.texts: list[str] = []

    def write(self, name: str, text: str) -> int:
        self.texts.append(text)
        return super().write(name, text)


def test_nothing_that_a_terminal_obeys_is_logged(tmp_path: Path) -> None:
    texts = feed(tmp_path / "log", b"\x1b[2J\x07\x00\xff\xc3\xa9\t\xe2\x80\xa8x\r\n\xc2\x9b31m\n")
    assert texts == ["\\x1b[2J\\x07\\x00\\xff\u00e9\\t\\u2028x", "\\x9b31m"]


def test_a_script_cannot_forge_another_requests_line(tmp_path: Path) -> None:
    forged = "x\r[2026-01-01T00:00:00.000+00:00] [other-1] /srv/cgi/other.py: \u2028forged"
    [text] = feed(tmp_path / "log", forged.encode())
    assert text.startswith("x\\r[2026")


def test_a_long_line_is_cut_and_says_by_how_much(tmp_path: Path) -> None:
    texts = feed(tmp_path / "log", *[b"x" * 1000] * 100, b"\nnext\n")
    assert texts == ["x" * LONGEST_LINE + f"... ({100_000 - LONGEST_LINE} bytes more)", "next"]


def test_a_flood_costs_bounded_log_and_memory_and_is_counted(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    lines = ErrorLines(log, make_served())
    part = (b"y" * 99 + b"\n") * 655
    lines.feed(part)
    tracemalloc.start()
    for _ in range(16_000):  # 1 GB
        lines.feed(part)
    lines.end()
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1 << 20
    assert (tmp_path / "log").stat().st_size < FIRST + 60 * STEADY
    texts = read_texts(tmp_path / "log")
    left_out = [
        re.fullmatch(r"\.\.\. (\d+) lines left out here, (\d+) bytes: .*", text) for text in texts
    ]
    told = sum(int(found[1]) for found in left_out if found)
    assert told == log.left_out > 10_000_000
    assert told + texts.count("y" * 99) == 655 * 16_001
    assert sum(int(found[2]) for found in left_out if found) == 100 * told


def test_a_flood_without_lines_costs_a_line(tmp_path: Path) -> None:
    texts = feed(tmp_path / "log", *[b"z" * 65536] * 2000)
    assert texts == ["z" * LONGEST_LINE + f"... ({2000 * 65536 - LONGEST_LINE} bytes more)"]


def test_a_flood_of_empty_lines_is_bounded_too(tmp_path: Path) -> None:
    texts = feed(tmp_path / "log", *[b"\n" * 65536] * 500)
    assert (tmp_path / "log").stat().st_size < FIRST + 60 * STEADY
    assert texts.count("") < 10_000


def test_many_scripts_together_are_bounded(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    part = (b"w" * 99 + b"\n") * 655
    for _ in range(300):
        lines = ErrorLines(log, make_served())
        for _ in range(10):
            lines.feed(part)
        lines.end()
    most = ALL_FIRST + 60 * ALL_STEADY
    assert ALL_FIRST <= (tmp_path / "log").stat().st_size < most


def test_a_note_of_the_gateways_has_its_lines(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.note(make_served(), "the script gave no head\nit wrote: \x1b[m\udcff")
    assert read_texts(tmp_path / "log") == ["the script gave no head", "it wrote: \\x1b[m\\xff"]


def test_a_request_without_a_script_is_named_by_a_hyphen(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.note(make_served(script=None), "no such script")
    assert (tmp_path / "log").read_text().endswith("] [a1b2c3-1] -: no such script\n")


def test_a_scripts_name_makes_no_second_line(tmp_path: Path) -> None:
    log = open_log(tmp_path / "log")
    log.note(make_served(script="/srv/a\nb\x1b.py"), "x")
    assert (tmp_path / "log").read_text().endswith("] /srv/a\\nb\\x1b.py: x\n")
