"""Coverage measures the same lines, whoever starts it."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import coverage

from .case import PADDING, UNSEEN, USER_SITE, Case, Content, each, link_to, stands_aside
from .comparison import assert_counted, assert_same_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starts import World

PROGRAM = """\
import near


def used(x):
    if x:
        return near.double(x)
    return 0


def unused():
    return 1


print(used(2))
"""
API = """\
import coverage
cov = coverage.Coverage(data_file=None, branch=True)
cov.start()
import program
cov.stop()
print([cov.analysis2(m)[1:4] for m in ("program.py", "near.py")])
"""
NEAR = "def double(x):\n    y = x * 2\n    return y\n"
AT_START = "import coverage\ncoverage.process_startup()\n"
CONFIG = "[run]\nbranch = true\ndata_file = {}\n"
#: reports what the start measured, with the interpreter of the tests
JSON = f"MAINSPRING=off PYTHONPATH= {sys.executable} -m coverage json -qo - --data-file=.coverage"
REPORT = ("sh", "-c", f'"$@"; s=$?; {JSON}; exit $s', "sh")
FOLDER = os.path.dirname(coverage.__file__)
FILES: Final[Mapping[str, Content]] = {
    "near.py": NEAR,
    "lib/coverage": link_to(FOLDER),
    "rc": CONFIG.format(".coverage"),
}
ENV = {"PYTHONPATH": "{work}/lib", "PYTHONPYCACHEPREFIX": "{work}/../compiled"}
STARTUP = {**ENV, "PYTHONUSERBASE": "{work}/base", "COVERAGE_PROCESS_START": "{work}/rc"}


def cut_meta(output: bytes) -> bytes:
    """A report without the time it was made."""
    return re.sub(rb'"timestamp": "[^"]*"', b"", output)


@each(
    Case("within", API, files={**FILES, "program.py": PROGRAM}, env=ENV, shows=b"[7, 11]"),
    Case("around", PROGRAM, ("-m", "coverage", "run"), files=FILES, env=ENV, prefix=REPORT,
         varying_files=(".coverage",), normalise=cut_meta, shows=b'"executed_lines"',
         **stands_aside("no-script")),
)  # fmt: skip
def test_coverage_measures_the_same(case: Case, open_world: World) -> None:
    assert_same_program(case, open_world)


@each(
    Case("to the end", PROGRAM + PADDING),
    Case("to an error", PROGRAM + "1/0\n" + PADDING, status=1),
    Case("to an exit", PROGRAM + "exit(4)\n" + PADDING, status=4),
)
def test_coverage_started_before_the_script_measures_the_same(case: Case, open_world: World) -> None:
    from_start = replace(
        case,
        files={**FILES, f"base/{USER_SITE}/usercustomize.py": AT_START},
        env={**STARTUP, "MAINSPRING_LOG": None, "MAINSPRING_MIN_SIZE": None},
        prefix=REPORT,
        varying_files=(".coverage",),
        normalise=cut_meta,
        shows=b'"executed_lines"',
        run=UNSEEN,  # a line of the log would be measured, too
        enabled=UNSEEN,
    )
    assert_same_program(from_start, open_world)
    assert_counted(open_world)
