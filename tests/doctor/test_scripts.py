"""The interpreters that scripts' `#!` lines name are looked at as well."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest

from .calling import examine, find_one, list_names

if TYPE_CHECKING:
    from pathlib import Path

    from enabling.commands import Commands
    from starts import World


def write(commands: Commands, text: str, name: str = "tool") -> Path:
    path = commands.home / name
    path.write_text(text)
    return path


LINES = [
    "#!{python}\n",
    "#! {python} \n",
    "#!/usr/bin/env {python}\n",
    "#!/usr/bin/env -S {python} -u\n",
    "#!/usr/bin/env -S A=b {python}\n",
    "#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''\n",
    "#!/bin/sh\n'''exec' \"{python}\" -u \"$0\" \"$@\"\n' '''\n",
]


@pytest.mark.parametrize("line", LINES)
def test_the_python_of_a_script_is_not_enabled(commands: Commands, fresh: Path, line: str) -> None:
    script = write(commands, line.format(python=fresh))
    found = find_one(commands, script)
    assert (found["finding"], found["subject"]) == ("not-enabled", str(fresh))
    assert found["detail"] == str(script)
    assert examine(commands) == []


@pytest.mark.parametrize("line", LINES)
def test_the_python_of_a_script_is_enabled(world: World, commands: Commands, line: str) -> None:
    assert examine(commands, write(commands, line.format(python=world.enabled_python))) == []


def test_a_script_without_such_a_line_is_python3_s(commands: Commands, on_path: Path) -> None:
    script = write(commands, "print()\n")
    found = find_one(commands, script)
    assert found["subject"] == str(on_path.parent / "python3")


def test_a_name_that_env_looks_up(commands: Commands, fresh: Path) -> None:
    python = fresh.parent / "python3.99"
    python.symlink_to("python3")
    commands.settings["PATH"] += f":{fresh.parent}"
    script = write(commands, "#!/usr/bin/env python3.99\n")
    assert find_one(commands, script)["subject"] == str(python)


@pytest.mark.parametrize(
    "line",
    ["#!/no/such/python3", "#!/usr/bin/env python3.98", "#!python3", "#!/usr/bin/env -S python3.98 -u"],
)
def test_a_python_that_is_not_there(commands: Commands, line: str) -> None:
    script = write(commands, f"{line}\n")
    found = find_one(commands, script)
    assert (found["finding"], found["subject"]) == ("no-python", str(script))


@pytest.mark.parametrize(
    ("option", "names"),
    [("-S", ["slot-passed-over"]), ("-x", ["stands-aside"]), ("-i", ["stands-aside"]), ("-u", [])],
)
def test_an_option_of_the_line_is_in_the_way(
    world: World, commands: Commands, option: str, names: list[str]
) -> None:
    script = write(commands, f"#!{world.enabled_python} {option}\n")
    assert list_names(commands, script) == names


def test_one_that_is_started_by_mainspring_needs_nothing(commands: Commands, on_path: Path) -> None:
    commands.call("enable", "--python", on_path)
    for line in (f"#!{commands.launcher}", "#!/usr/bin/env mainspring"):
        changes = {"PATH": f"{on_path.parent}:{commands.launcher.parent}"}
        assert examine(commands, write(commands, f"{line}\n"), **changes) == []


def test_a_script_of_the_future(world: World, commands: Commands) -> None:
    script = write(commands, f"#!{world.enabled_python}\n")
    os.utime(script, (time.time() + 3600, time.time() + 3600))
    assert find_one(commands, script)["finding"] == "script-in-the-future"


def test_several_scripts(commands: Commands, fresh: Path, on_path: Path) -> None:
    del on_path
    scripts = [write(commands, f"#!{fresh}\n", name) for name in ("one", "two")]
    assert list_names(commands, *scripts) == ["not-enabled"]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"#!/bin/bash\n", "is started by /bin/bash"),
        (b"#!/usr/bin/env perl\n", "is started by "),
        (b"#!/bin/sh\n'''exec' /usr/bin/ruby \"$0\" \"$@\"\n", "is started by /usr/bin/ruby"),
    ],
)
def test_a_script_of_another_language_is_a_wrong_use(
    commands: Commands, content: bytes, problem: str
) -> None:
    script = commands.home / "tool"
    script.write_bytes(content)
    status, output, errors = commands.call("doctor", script)
    assert (status, output) == (2, "")
    assert errors.startswith(f"mainspring: {script} {problem}")
    assert errors.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"#!", b"#! \n", b"\xff\xfe\0", b"#!/usr/bin/env\n", b"#!\0\n"])
def test_odd_first_lines_end_in_no_traceback(commands: Commands, content: bytes) -> None:
    script = commands.home / "tool"
    script.write_bytes(content)
    status, _, errors = commands.call("doctor", script)
    assert status in {0, 1, 2}
    assert "Traceback" not in errors


def test_what_is_no_file_is_a_wrong_use(commands: Commands, theirs: Commands) -> None:
    secret = commands.home / "secret"
    secret.write_text("")
    secret.chmod(0)
    fifo = commands.home / "fifo"
    os.mkfifo(fifo)
    for path, caller in (
        (commands.home / "missing", commands),
        (commands.home, commands),
        (fifo, commands),
        (secret, theirs),
    ):
        status, output, errors = caller.call("doctor", path)
        assert (status, output) == (2, "")
        assert "Traceback" not in errors
