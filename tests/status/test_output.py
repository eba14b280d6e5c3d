"""A table on a terminal, plain lines in a pipe, one object for programs; each to the end."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .reading import read_facts, read_lines, read_terminal
from .test_starts import count

if TYPE_CHECKING:
    from enabling.commands import Commands
    from starts import World

WORDS = [
    "interpreter", "cache", "entries", "size", "bound", "starts", "since", "saved_us", "spent_us",
    "outcome", "program",
]  # fmt: skip


def test_in_a_pipe_each_line_says_first_what_it_is_about(
    world: World, commands: Commands, on_path: Path
) -> None:
    count(world.cache, ("hit", 10**6, 10, "/p"))
    lines = read_lines(commands)
    assert [line[0] for line in lines] == WORDS
    widths = {line[0]: len(line) for line in lines}
    assert (widths["interpreter"], widths["cache"], widths["outcome"], widths["program"]) == (6, 4, 4, 5)
    assert str(on_path.parent) in lines[0][3]


def test_a_pipe_gets_no_escapes_however_it_is_asked_for(commands: Commands, on_path: Path) -> None:
    del on_path
    changes = {"FORCE_COLOR": "1", "TERM": "xterm-256color", "COLUMNS": "20"}
    status, output, _ = commands.call("status", env=changes)
    assert status == 0
    assert "\x1b" not in output
    assert output == commands.call("status")[1]


def test_rich_is_not_imported_for_a_pipe(commands: Commands) -> None:
    status, _, errors = commands.call("status", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert status == 0
    names = {line.rpartition("|")[2].strip() for line in errors.splitlines()}
    assert "mainspring.observe.status" in names
    assert [name for name in names if name.partition(".")[0] == "rich"] == []


def test_a_terminal_gets_tables(world: World, commands: Commands, on_path: Path) -> None:
    count(world.cache, ("hit", 90 * 10**6, 10_000, "/p/one"))
    status, shown = read_terminal(commands, "status")
    assert status == 0
    for text in (
        "Interpreters",
        "Cache",
        "Starts",
        "Outcomes",
        "not-enabled",
        "90.0 s",
        "10.0 ms",
        "/p/one",
    ):
        assert text in shown
    assert str(on_path.parent) in shown
    assert "\x1b[" in shown
    assert "\t" not in shown


def test_a_narrow_terminal_cuts_nothing_off(world: World, commands: Commands, on_path: Path) -> None:
    program = "/programs/" + "x" * 100
    count(world.cache, ("hit", 90 * 10**6, 10_000, program))
    status, shown = read_terminal(commands, "status", COLUMNS="60", NO_COLOR="1")
    assert status == 0
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    assert max(len(line) for line in plain.splitlines()) <= 60
    assert shown.count("x") >= 100
    assert "…" not in shown
    del on_path


def test_a_terminal_that_knows_no_colours(commands: Commands, on_path: Path) -> None:
    status, shown = read_terminal(commands, "status", TERM="dumb")
    assert (status, "\x1b" in shown) == (0, False)
    assert str(on_path.parent)[:30] in shown


def test_a_terminal_gets_json_as_it_is(commands: Commands) -> None:
    status, shown = read_terminal(commands, "status", "--json")
    assert status == 0
    assert json.loads(shown) == read_facts(commands)


@pytest.mark.parametrize("words", [["status"], ["status", "--json"]])
@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_any_encoding_will_do(world: World, commands: Commands, words: list[str], locale: str) -> None:
    count(world.cache, ("hit", 10**6, 10, "/p/\u4e2d\u00e9\udce9"))
    changes = {"LC_ALL": locale, "PYTHONIOENCODING": "ascii", "PYTHONCOERCECLOCALE": "0"}
    status, output, errors = commands.call(*words, env=changes)
    assert (status, errors, output.isascii()) == (0, "", True)


@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["doctor"], ["doctor", "--json"]])
def test_a_full_disk_behind_it_is_told_in_one_line(commands: Commands, words: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [commands.launcher, *words],
            env=commands.environment(),
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
            cwd=commands.home,
        )
    assert done.returncode == 1
    assert done.stderr.startswith(b"mainspring: cannot write to stdout (")
    assert done.stderr.count(b"\n") == 1


@pytest.mark.parametrize("words", [["status"], ["status", "--json"], ["doctor"], ["doctor", "--json"]])
def test_a_reader_that_has_gone_is_no_failure_to_tell(commands: Commands, words: list[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [commands.launcher, *words],
        env=commands.environment(),
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        cwd=commands.home,
    )
    os.close(writer)
    assert done.stderr == b""


def test_what_it_does_not_know_is_a_wrong_use(commands: Commands) -> None:
    for words in (["status", "x"], ["status", "--yaml"]):
        status, output, errors = commands.call(*words)
        assert (status, output) == (2, "")
        assert "Traceback" not in errors


def test_in_a_folder_that_was_removed(commands: Commands) -> None:
    folder = commands.home / "gone"
    folder.mkdir()
    command = 'rmdir "$PWD" && exec "$0" status'
    done = subprocess.run(
        ["/bin/sh", "-c", command, commands.launcher],
        cwd=folder,
        env={**commands.environment(), "PATH": os.environ["PATH"]},
        check=False,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
