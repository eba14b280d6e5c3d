"""The launcher reads python's options exactly as python does."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout, Word

TELL_FLAGS = """
import json, os, sys
with open(os.environ["FLAGS"], "w") as flags:
    json.dump(
        {
            "no-site": bool(sys.flags.no_site),
            "observed": bool(sys.flags.verbose or "importtime" in sys._xoptions),
            "isolated": bool(sys.flags.ignore_environment),
            "argv": sys.argv,
        },
        flags,
    )
"""

OPTIONS = [
    "",
    "-I",
    "-E",
    "-S",
    "-s",
    "-v",
    "-OOu",
    "-OS",
    "-uE",
    "-bqI",
    "-sEv",
    "-W ignore",
    "-Wignore",
    "-W -I",
    "-OW -S",
    "-OWS",
    "-X dev",
    "-Xdev",
    "-X -S",
    "-XI",
    "-X importtime",
    "-Ximporttime",
    "-X importtimes",
    "-OX importtime",
    "--check-hash-based-pycs always",
    "--check-hash-based-pycs never -I",
    "-O-check-hash-based-pycs default -S",
    "--",
    "-O --",
    "-S --",
    "-W ignore -X utf8 -B -E",
    "-i",
]


@pytest.mark.parametrize("options", OPTIONS)
def test_stands_aside_exactly_where_python_itself_has_the_flag(
    layout: Layout, bare_python: Path, options: str
) -> None:
    script = layout.script(TELL_FLAGS)
    layout.environment["FLAGS"] = str(layout.root / "flags")
    layout.keep_log()
    words: list[Word] = [*options.split(), script, "-I", "-S", "-v", "--python", "x"]
    ended = layout.call("run", "--python", bare_python, *words)
    assert ended.returncode == 0
    flags = json.loads((layout.root / "flags").read_text())
    assert flags.pop("argv") == [str(script), "-I", "-S", "-v", "--python", "x"]
    expected = [name for name, is_set in flags.items() if is_set][:1]
    assert [os.fsdecode(reason) for _, reason in layout.logged()] == expected


@pytest.mark.parametrize("options", OPTIONS)
def test_finds_the_script_behind_any_options(layout: Layout, options: str) -> None:
    python = layout.stand_in()
    layout.environment["MAINSPRING"] = "off"
    layout.keep_log()
    words = [*options.split(), "some/script", "-m", "other", "-"]
    layout.call("run", *words)
    assert python.arguments == [os.fsencode(word) for word in words]
    assert layout.logged() == [(os.fsencode(layout.root / "some/script"), b"off")]


@pytest.mark.parametrize(
    ("words", "program"),
    [
        (["-m", "module", "-I"], b"-m module"),
        (["-mmodule", "x"], b"-m module"),
        (["-Om", "module"], b"-m module"),
        (["-Omm", "-c"], b"-m m"),
        (["-c", "pass", "-S"], b"-c"),
        (["-cpass"], b"-c"),
        (["-uc", "-m", "x"], b"-c"),
        (["-", "-I"], b"-"),
        (["--", "-"], b"-"),
        (["-O", "-", "x"], b"-"),
        ([], b""),
        (["-O"], b""),
        (["--"], b""),
        (["--", "-c"], b"{root}/-c"),
        (["--", "--python"], b"{root}/--python"),
        (["-O-", "-x"], b"{root}/-x"),
    ],
)
def test_knows_every_other_kind_of_program(layout: Layout, words: list[str], program: bytes) -> None:
    python = layout.stand_in()
    layout.environment["MAINSPRING"] = "off"
    layout.keep_log()
    layout.call("run", *words)
    assert python.arguments == [os.fsencode(word) for word in words]
    expected = program.replace(b"{root}", os.fsencode(layout.root))
    assert layout.logged() == [(expected, b"off")]


@pytest.mark.parametrize(
    "words",
    [
        ["--python", "{python}", "-O", "script", "x"],
        ["--python={python}", "-O", "script", "x"],
        ["-O", "--python", "{python}", "script", "x"],
        ["-O", "--python={python}", "script", "x"],
    ],
)
def test_takes_its_own_option_out_of_python_s(layout: Layout, words: list[str]) -> None:
    python = layout.stand_in("other/python")
    layout.call("run", *[word.format(python=python.path) for word in words])
    assert python.arguments == [b"-O", b"script", b"x"]


def test_the_last_python_option_counts(layout: Layout) -> None:
    first, last = layout.stand_in("first/python"), layout.stand_in("last/python")
    layout.call("run", "--python", first.path, "-O", f"--python={last.path}", "script")
    assert not first.was_started
    assert last.arguments == [b"-O", b"script"]


@pytest.mark.parametrize(
    "words",
    [
        ["-O", "script", "--python", "other"],
        ["-m", "module", "--python=other"],
        ["-c", "pass", "--python", "other"],
        ["-W", "--python", "script"],
        ["-", "--python", "other"],
        ["--", "script", "--python=other"],
    ],
)
def test_leaves_the_program_s_own_python_option_alone(layout: Layout, words: list[str]) -> None:
    python = layout.stand_in()
    layout.call("run", *words)
    assert python.arguments == [os.fsencode(word) for word in words]


@pytest.mark.parametrize(
    "options",
    [
        *("-h", "-?", "--help", "-Oh", "-V", "-VV", "--version", "-OV script"),
        *("--help-env", "--help-xoptions", "--help-all"),
        *("-Z", "-OZ", "-J", "-W", "-X", "-m", "-c", "--nosuch", "--help-nosuch"),
        *("--check-hash-based-pycs", "-+", "-:", "-Z -I", "--check-hash-based-pycs bad"),
        *("-O--check-hash-based-pycs default -S", "-O-nosuch", "--check-hash-based-pycs=never"),
    ],
)
def test_python_answers_for_itself(layout: Layout, bare_python: Path, options: str) -> None:
    layout.environment["MAINSPRING"] = "on"
    layout.keep_log()
    words = options.split()
    expected = layout.execute(bare_python, *words)
    actual = layout.call("run", "--python", bare_python, *words)
    assert (actual.returncode, actual.stdout, actual.stderr) == (
        expected.returncode,
        expected.stdout,
        expected.stderr,
    )
    assert expected.stdout or expected.stderr
    assert layout.logged() == []


@pytest.mark.parametrize(
    "options",
    [
        *("-Oh", "-?", "-V", "-OV script", "-O --help", "--version", "--help-env", "--help-all"),
        *("-Z", "-J script", "-Q script", "-W", "-OX", "-m", "-c", "--check-hash-based-pycs"),
        *("--nosuch script", "-+ script", "-: script"),
    ],
)
def test_an_answer_is_started_plainly_and_unlogged(layout: Layout, options: str) -> None:
    python = layout.stand_in()
    layout.environment["MAINSPRING"] = "off"
    layout.keep_log()
    layout.call("run", *options.split())
    assert python.was_started
    assert not [one for one in python.environment if one.startswith(b"MAINSPRING_START=")]
    assert layout.logged() == []


def test_without_a_program_python_reads_its_input(layout: Layout, bare_python: Path) -> None:
    layout.environment["PATH"] = str(bare_python.parent)
    command = 'echo "import sys; print(sys.argv, sys.orig_argv[1:])" | "$1" run -q'
    ended = layout.execute("/bin/sh", "-c", command, "sh", layout.mainspring)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"[''] ['-q']\n", b"")
