"""A program that does the same however it is started is found to be safe, whatever it does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .desk import IS_COUNTED, KINDS

if TYPE_CHECKING:
    from .desk import Desk

SAFE = dict.fromkeys(KINDS, "same")
PROGRAMS = {
    "nothing": "",
    "prints": "import sys\nprint('out')\nprint('err', file=sys.stderr)\n",
    "exits 3": "raise SystemExit(3)\n",
    "raises": "import json\njson.loads('{')\n",
    "dies": "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n",
    "writes": "open('out.txt', 'w').write('x')\n",
    "leaves open": "kept = open(__file__)\n",
    "a megabyte": "import sys\nsys.stdout.write('0123456789abcde\\n' * 65536)\n",
    "bytes": "import sys\nsys.stdout.buffer.write(bytes(range(256)))\n",
    "its surroundings": "import os, sys\nprint(sorted(os.environ.items()), sys.path, os.getcwd())\n",
    "imports": "import argparse, json\nprint(json.dumps(argparse.__name__))\n",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_it_is_safe(desk: Desk, name: str) -> None:
    report = desk.check(PROGRAMS[name])
    assert report.findings == SAFE, report.facts
    assert report.facts["varying"] == {}
    assert report.facts["not_compared"] == []
    assert report.status == 0


def test_every_run_gets_the_same_input_and_arguments(desk: Desk) -> None:
    count = "import sys\nopen(sys.argv[1], 'a').write(sys.stdin.read())\n"
    report = desk.check(count, "log.txt", "--json", stdin=b"line\n")
    assert (desk.folder / "log.txt").read_text() == "line\n" * report.facts["runs"]
    assert report.facts["arguments"] == ["log.txt", "--json"]


def test_what_varies_by_itself_is_told_and_held_against_nobody(desk: Desk) -> None:
    vary = (
        "import os, time, tempfile, random\nprint('first')\nprint(os.getpid(), time.time())\n"
        "print(random.random())\nprint('last')\ntempfile.mkstemp()\n"
    )
    report = desk.check(vary)
    assert report.findings == SAFE, report.facts
    assert report.facts["varying"]["stdout"] == "2 lines"
    assert report.facts["varying"]["files"] == "2 files"


def test_lines_beside_one_that_varies_are_compared(desk: Desk) -> None:
    mixed = f"import os\nprint(os.getpid())\nprint({IS_COUNTED})\n"
    report = desk.check(mixed)
    assert report.findings["cached"] == "differs"
    assert report.find("cached")["differences"][0]["diff"][:3] == [
        " (varies by itself)",
        "-False",
        "+True",
    ]


def test_a_program_can_be_run_in_a_terminal(desk: Desk) -> None:
    # which one it is depends on who else opens terminals just then
    ask = "import os\nprint(os.isatty(0), os.ttyname(1)[:9])\nprint(len(input('name? ')))\n"
    report = desk.check(ask, options=("--terminal",), stdin=b"Bob\n")
    assert report.findings == SAFE, report.facts
    assert report.facts["varying"] == {}
