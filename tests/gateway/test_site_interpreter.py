"""A script runs by the interpreter that `mainspring run` would choose, or is refused as no Python."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from gateway.sites import find, refuse, write_script
from mainspring.gateway.interpreter import OWN, Interpreter, choose_interpreter
from mainspring.gateway.site import Site
from mainspring.shebang import FIRST_BYTES

if TYPE_CHECKING:
    from pathlib import Path

BESIDE = b'#!/bin/sh\n\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")"/\'python3\' "$0" "$@"\n'
#: what a script begins with -> interpreter and options; None for the gateway's own
LINES: dict[bytes, Interpreter] = {
    b"#!/usr/bin/python3\n": Interpreter("/usr/bin/python3"),
    b"#!/usr/bin/python3": Interpreter("/usr/bin/python3"),
    b"#! /opt/venv/bin/python \t -I \t\n": Interpreter("/opt/venv/bin/python", ("-I",)),
    b"#!/usr/bin/python3 -X dev -u\n": Interpreter("/usr/bin/python3", ("-X dev -u",)),
    b"#!/usr/bin/python3.13t\n": Interpreter("/usr/bin/python3.13t"),
    b"#!/usr/bin/python3-dbg\n": Interpreter("/usr/bin/python3-dbg"),
    b"#!/usr/bin/pypy3\n": Interpreter("/usr/bin/pypy3"),
    b"#!/bin/sh\n'''exec' '/a b/python' -I \"$0\" \"$@\"\n": Interpreter("/a b/python", ("-I",)),
    b'#!/bin/sh\n\'\'\'exec\' "/a \\"b/python" "$0" "$@"\n': Interpreter('/a "b/python'),
    BESIDE: Interpreter("/scripts//python3"),
    b"#!/usr/bin/env python3\n": OWN,
    b"#!/usr/bin/env -S python3 -u\n": OWN,
    b"#!/usr/bin/env -S A=b python3.12\n": OWN,
    b"#!/opt/bin/mainspring run\n": OWN,
    b"#!/usr/bin/env mainspring\n": OWN,
    b"#!python3\n": OWN,
    b"#!/usr/bin/python3\r\n": OWN,
}
NO_PYTHON = [
    b"",
    b"\n",
    b"print()\n",
    b"#!\n",
    b"#!/bin/sh\necho\n",
    b"#!/usr/bin/perl\n",
    b"#!/usr/bin/env perl\n",
    b"#!/usr/bin/env\n",
    b"#!/usr/bin/pythonista\n",
    b"#!/home/python/bin/ruby\n",
    b"#!/bin/sh\n'''exec' /bin/ruby \"$0\" \"$@\"\n",
    b"\x7fELF\0\0",
    b"#!/usr/bin/pyth\0on3\n",
]


@pytest.mark.parametrize(("start", "interpreter"), LINES.items())
def test_the_first_line_names_the_interpreter(start: bytes, interpreter: Interpreter) -> None:
    assert choose_interpreter(start, "/scripts/x.cgi") == interpreter


@pytest.mark.parametrize("start", NO_PYTHON)
def test_another_first_line_is_no_python_unless_the_name_says_so(start: bytes) -> None:
    assert choose_interpreter(start, "/scripts/x.cgi") is None
    assert choose_interpreter(start, "/scripts/x.py") == OWN


@pytest.mark.parametrize("text", ["#!/bin/sh\necho hello\n", "", "\x7fELF"])
def test_a_file_that_is_no_python_is_refused(text: str, tmp_path: Path) -> None:
    write_script(tmp_path / "x.cgi", text)
    assert refuse(Site(str(tmp_path)), {"SCRIPT_NAME": "/x.cgi"}) == "not-python"
    assert refuse(Site(str(tmp_path / "x.cgi")), {}) == "not-python"


def test_the_target_has_interpreter_and_options(tmp_path: Path) -> None:
    write_script(tmp_path / "x.cgi", "#!/opt/python3 -E\n")
    target = find(tmp_path, "/x.cgi")
    assert (target.python, target.options) == ("/opt/python3", ("-E",))
    write_script(tmp_path / "y.py")
    target = find(tmp_path, "/y.py")
    assert (target.python, target.options) == (None, ())


def ask_launcher(launcher: Path, script: Path) -> Interpreter | None:
    """What `mainspring run` would start *script* with: OWN for the nearest, None if nothing."""
    asked = subprocess.run([launcher, "run", "--which", script], capture_output=True, check=False)
    if asked.returncode != 0:
        return None
    path, named_by, *options = asked.stdout.decode().split("\0")[:-1]
    return Interpreter(path, tuple(options)) if named_by else OWN


def test_the_launcher_chooses_the_same(launcher: Path, tmp_path: Path) -> None:
    """For every line of the tables, with an interpreter that there is."""
    (tmp_path / "a b").mkdir()
    for name in ("python3", "python", "a b/python"):
        (tmp_path / name).symlink_to(sys.executable)
    script = tmp_path / "x.cgi"
    here = str(tmp_path).encode()
    for line in (*LINES, *NO_PYTHON):
        start = line.replace(b"/usr/bin/", here + b"/").replace(b"/a b/", here + b"/a b/")
        script.write_bytes(start)
        chosen = choose_interpreter(start, str(script)) or OWN
        if chosen.path is None or (tmp_path / chosen.path).exists():
            assert ask_launcher(launcher, script) == chosen, start


BLANKS = st.sampled_from([" ", "\t", "  "])
PARTS = st.sampled_from(
    [
        "HERE/python3",
        "HERE/python",
        "'HERE/a b/python'",
        '"HERE/python3"',
        "-u",
        "'-X dev'",
        '"a\\"b"',
        "a\\b",
        '"a\\b"',
        "$x",
        '"$x"',
        "`x`",
        "'x",
        '"$0"',
        '"$@"',
        '"$0" "$@"',
        "#x",
        "~",
        "a'b'c",
        "=",
        "\r",
        "é",
    ]
)
TEXTS = st.lists(st.tuples(PARTS, BLANKS | st.just("")).map("".join), max_size=6).map("".join)
ENDS = st.sampled_from(['"$0" "$@"', '"$0" "$@"\n', ' "$0" "$@"\n', "\n", ""])
FOLDER = '"$(dirname -- "$(realpath -- "$0")")"/'
WRAPPED = st.builds(
    "{}'''exec' {}{}{}".format,
    st.sampled_from(["#!/bin/sh\n", "#! /bin/sh \n", "#!/bin/sh"]),
    st.sampled_from(["", FOLDER, " "]),
    st.builds("{} {}".format, PARTS, TEXTS),
    ENDS,
)
DIRECT = st.builds(
    "#!{}{}{}\n".format,
    BLANKS | st.just(""),
    st.sampled_from(["HERE/python3", "HERE/a b/python", "python3", "/bin/sh", "HERE/"]),
    TEXTS,
)


@law(150)
@given(WRAPPED | DIRECT)
def test_the_launcher_agrees_on_any_line(
    launcher: Path, tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    here = tmp_path_factory.getbasetemp() / "agree"
    (here / "a b").mkdir(parents=True, exist_ok=True)
    for name in ("python3", "python", "a b/python"):
        if not (here / name).exists():
            (here / name).symlink_to(sys.executable)
    script = here / "x.cgi"
    start = text.replace("HERE", str(here)).encode()
    script.write_bytes(start)
    chosen = choose_interpreter(start, str(script)) or OWN
    asked = ask_launcher(launcher, script)
    if asked is None:
        assert chosen.path is not None
        assert not (here / chosen.path).exists()
    else:
        assert asked == chosen


def test_a_first_line_without_an_end_is_none() -> None:
    """Of what is longer than is read, nobody knows how it goes on."""
    long = b"#!/usr/bin/python3 " + b"x" * FIRST_BYTES
    assert choose_interpreter(long[:FIRST_BYTES], "/x.py") == OWN
    assert choose_interpreter(long[: FIRST_BYTES - 1], "/x.py") == Interpreter(
        "/usr/bin/python3", (long[19 : FIRST_BYTES - 1].decode(),)
    )
