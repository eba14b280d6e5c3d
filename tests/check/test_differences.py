"""A program that tells how it was started is found out, with what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .desk import Desk

PARENT = """\
import os
with open(f"/proc/{os.getppid()}/cmdline", "rb") as file:
    words = file.read().split(b"\\0")
is_host = any(word.endswith(b"tool.py") and b"check" not in words for word in words)
"""


def test_output_that_tells_of_the_host_differs_in_warm_starts_alone(desk: Desk) -> None:
    report = desk.check(PARENT + "print('host' if is_host else 'other')\n")
    assert report.findings["recorded"] == "same"
    assert report.list_facets("warm") == ["stdout"]
    assert report.find("warm")["differences"][0]["diff"][:2] == ["-other", "+host"]
    assert report.status == 1


def test_each_facet_is_told(desk: Desk) -> None:
    act = """\
import os, sys
if is_host:
    print("to stderr", file=sys.stderr)
    open("written.txt", "w").write("x")
    os.dup(0)
    sys.exit(4)
"""
    report = desk.check(PARENT + act)
    assert report.list_facets("warm") == ["stderr", "status", "files", "descriptors"]
    assert report.find("warm")["differences"][1]["diff"] == ["-0", "+4"]


def test_a_module_that_is_there_already_is_a_difference(desk: Desk) -> None:
    report = desk.check("import sys\nprint('json' in sys.modules)\nimport json\n")
    assert report.findings["cached"] == "same"
    assert report.list_facets("warm") == ["stdout"]
    assert report.find("warm")["differences"][0]["diff"][:2] == ["-False", "+True"]


def test_a_table_is_printed_on_a_terminal_and_lines_elsewhere(desk: Desk) -> None:
    lines = desk.give(desk.write("print(1)\n")).stdout.decode().splitlines()
    assert lines[:5] == ["cold: same", "first: same", "cached: same", "recorded: same", "warm: same"]
    assert "safe: nothing differs: cold, first, cached, recorded, warm" in lines
