"""The launcher leaves nothing of its own behind in the process that it becomes."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout, Word

TELL_SURROUNDINGS = """
import json, os, resource, sys

def is_open(number):
    try:
        os.fstat(number)
    except OSError:
        return False
    return True

status = open("/proc/self/status").read().splitlines()
surroundings = {
    "open": [number for number in range(100) if is_open(number)],
    "streams": [stream is None for stream in (sys.stdin, sys.stdout, sys.stderr)],
    "signals": [line for line in status if line.startswith(("SigBlk", "SigIgn", "SigCgt"))],
    "folder": os.getcwd(),
    "umask": [line for line in status if line.startswith("Umask")],
    "nice": os.nice(0),
    "files": resource.getrlimit(resource.RLIMIT_NOFILE),
    "parent": os.getppid(),
    "group": os.getpgrp(),
    "process": os.getpid(),
}
with open(sys.argv[1], "w") as told:
    json.dump(surroundings, told)
"""


def tell(layout: Layout, shell: str, *command: Word, first_line: str = "") -> dict[str, object]:
    """What the program sees if *shell* prepares the process that then becomes *command*."""
    told = layout.root / "told"
    script = layout.script(first_line + TELL_SURROUNDINGS)
    with subprocess.Popen(
        ["/bin/sh", "-c", f'{shell} exec "$@"', "sh", *command, script, told],
        cwd=layout.root,
        env=layout.environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.wait(60) == 0
    surroundings: dict[str, object] = json.loads(told.read_text())
    assert surroundings.pop("process") == process.pid
    return surroundings


PREPARATIONS = [
    "",
    "exec <&-;",
    "exec >&-;",
    "exec 2>&-;",
    "exec <&- >&-;",
    "exec <&- >&- 2>&-;",
    "trap '' INT PIPE HUP TTOU XFSZ;",
    "trap '' CHLD USR1;",
    "umask 027;",
    "cd bin;",
    "ulimit -n 50;",
]


@pytest.mark.parametrize("shell", PREPARATIONS)
@pytest.mark.parametrize("setting", ["on", "off"])
def test_the_program_finds_the_process_as_the_caller_made_it(
    layout: Layout, bare_python: Path, shell: str, setting: str
) -> None:
    layout.environment["PATH"] = f"{bare_python.parent}:/usr/bin:/bin"
    layout.environment["MAINSPRING"] = setting
    layout.keep_log()
    expected = tell(layout, shell, bare_python)
    actual = tell(layout, shell, layout.mainspring, "run")
    assert actual == expected
    assert layout.log.exists() == (setting == "off")


@pytest.mark.parametrize("shell", ["", "exec <&-;", "exec <&- >&- 2>&-;"])
def test_reading_the_first_line_leaves_nothing_open(
    layout: Layout, bare_python: Path, shell: str
) -> None:
    first_line = f"#!{bare_python}\n"
    expected = tell(layout, shell, bare_python, first_line=first_line)
    assert tell(layout, shell, layout.mainspring, "run", first_line=first_line) == expected


@pytest.mark.parametrize("number", [3, 9, 57])
def test_inherited_descriptors_keep_their_numbers(layout: Layout, bare_python: Path, number: int) -> None:
    shell = f'exec {number}>inherited; exec "$@"'
    command: list[Word] = [layout.mainspring, "run", "--python", bare_python, "-c"]
    program = f"import os; os.write({number}, b'kept')"
    ended = layout.execute("/bin/bash", "-c", shell, "bash", *command, program)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert (layout.root / "inherited").read_bytes() == b"kept"


def test_input_and_output_are_the_program_s(layout: Layout, bare_python: Path) -> None:
    command: list[Word] = [layout.mainspring, "run", "--python", bare_python, "-c"]
    code = "import sys; sys.stderr.write(sys.stdin.read()); print(1); sys.exit(7)"
    ended = subprocess.run(
        [*command, code],
        input=b"given",
        env=layout.environment,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (7, b"1\n", b"given")


def test_death_by_a_signal_is_the_program_s_own(layout: Layout, bare_python: Path) -> None:
    code = "import os; os.kill(os.getpid(), 15)"
    ended = layout.call("run", "--python", bare_python, "-c", code)
    assert ended.returncode == -15


def test_nothing_is_written_on_the_way(layout: Layout, bare_python: Path) -> None:
    script = layout.script("pass\n")
    before = sorted(layout.root.rglob("*"))
    layout.call("run", "--python", bare_python, "-B", script)
    assert sorted(layout.root.rglob("*")) == before
