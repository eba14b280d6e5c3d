"""What goes to a script, and what to the Python side of the command line."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from .layout import make_stand_in

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout

COMMANDS = [
    *("run", "enable", "disable", "explain", "compile", "status", "doctor", "verify", "clean"),
    *("serve", "profile", "bench", "check", "hosts", "install", "uninstall", "shims", "help"),
    "version",
    "completion",
]


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--help"],
        ["--version"],
        ["-h"],
        ["status", "--json"],
        ["explain", "a b", "", "--python", "x"],
        ["run", "--help"],
        ["run", "-h"],
        ["unknown"],
        ["/missing/script"],
        ["."],
        [""],
    ],
)
def test_all_but_run_goes_to_the_python_side(layout: Layout, words: list[str]) -> None:
    side, python = layout.stand_in("bin/mainspring-cli"), layout.stand_in()
    layout.environment["PYTHONPATH"] = "/one"
    layout.call(*words)
    assert side.arguments == [os.fsencode(word) for word in words]
    assert b"PYTHONPATH=/one" in side.environment
    assert not python.was_started


def test_without_its_script_the_python_side_is_a_module(layout: Layout) -> None:
    python = layout.stand_in()
    layout.call("status", "--json")
    assert python.arguments == [b"-Pm", b"mainspring", b"status", b"--json"]


def test_a_script_that_cannot_be_executed_is_as_good_as_missing(layout: Layout) -> None:
    layout.script("#!/missing/python\n", "bin/mainspring-cli")
    python = layout.stand_in()
    layout.call("doctor")
    assert python.arguments == [b"-Pm", b"mainspring", b"doctor"]


def test_a_launcher_in_the_place_of_the_python_side_is_not_started(layout: Layout) -> None:
    (layout.root / "bin" / "mainspring-cli").symlink_to("mainspring")
    python = layout.stand_in()
    layout.call("status")
    assert python.arguments == [b"-Pm", b"mainspring", b"status"]


def test_without_any_python_side_the_error_says_what_to_do(layout: Layout) -> None:
    ended = layout.call("status")
    assert ended.returncode == 127
    assert ended.stderr == os.fsencode(
        "mainspring: neither mainspring-cli nor python3 can be executed in "
        f"{layout.root}/bin; reinstall mainspring\n"
    )


@pytest.mark.parametrize("name", ["script", "./script", "{root}/script", "run.py", "a b", "./run"])
def test_a_file_is_run(layout: Layout, name: str) -> None:
    python, side = layout.stand_in(), layout.stand_in("bin/mainspring-cli")
    name = name.format(root=layout.root)
    (layout.root / name).touch()
    layout.call(name, "-x", "--help")
    assert python.arguments == [os.fsencode(name), b"-x", b"--help"]
    assert [one for one in python.environment if one.startswith(b"MAINSPRING_START=")]
    assert not side.was_started


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_s_name_is_not_a_file_s(layout: Layout, name: str) -> None:
    python, side = layout.stand_in(), layout.stand_in("bin/mainspring-cli")
    (layout.root / name).touch()
    layout.call(name)
    assert python.was_started == (name == "run")
    assert side.was_started == (name != "run")
    if name == "run":
        assert python.arguments == []


@pytest.mark.parametrize(
    "words", [["-O", "--help"], ["script", "-h"], ["-m", "x", "--help"], ["--helped"]]
)
def test_only_the_first_word_asks_for_the_help_of_run(layout: Layout, words: list[str]) -> None:
    python, side = layout.stand_in(), layout.stand_in("bin/mainspring-cli")
    layout.call("run", *words)
    assert python.arguments == [os.fsencode(word) for word in words]
    assert not side.was_started


@pytest.mark.parametrize("name", ["-script", "--version"])
def test_an_option_is_not_a_file(layout: Layout, name: str) -> None:
    side = layout.stand_in("bin/mainspring-cli")
    (layout.root / name).touch()
    layout.call(name)
    assert side.arguments == [os.fsencode(name)]


@pytest.mark.parametrize("line", ["#!/usr/bin/env mainspring", "#!{mainspring}"])
def test_a_script_may_name_mainspring_in_its_first_line(layout: Layout, line: str) -> None:
    python = layout.stand_in()
    layout.environment["PATH"] = f"{layout.root}/bin:/usr/bin:/bin"
    script = layout.script(line.format(mainspring=layout.mainspring) + "\n")
    layout.execute(script, "a", "-b")
    assert python.arguments == [os.fsencode(script), b"a", b"-b"]
    assert [one for one in python.environment if one.startswith(b"MAINSPRING_START=")]


def test_such_a_first_line_may_have_options(layout: Layout) -> None:
    python = layout.stand_in()
    layout.environment["PATH"] = f"{layout.root}/bin:/usr/bin:/bin"
    script = layout.script("#!/usr/bin/env -S mainspring run -O -W ignore\n")
    layout.execute(script, "a")
    assert python.arguments == [b"-O", b"-W", b"ignore", os.fsencode(script), b"a"]


def test_the_environment_names_the_interpreter_of_a_plain_script(layout: Layout, tmp_path: Path) -> None:
    chosen = make_stand_in(tmp_path / "chosen")
    layout.environment["MAINSPRING_PYTHON"] = str(chosen.path)
    (layout.root / "script").touch()
    layout.call("script", "x")
    assert chosen.arguments == [b"script", b"x"]
