"""Every command says what it is for, and refuses bad arguments in one line that names the remedy."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from .definitions import NAMES, find_arguments, find_options, list_below

if TYPE_CHECKING:
    from pathlib import Path

    from enabling.commands import Commands

EXAMPLE = re.compile(r"Example: (.*)")
#: the launcher reads what `run` is given as python would: its options are python's to refuse
GROUPS = {name: list_below(name) for name in NAMES if list_below(name)}
OF_THE_COMMAND_LINE = [name for name in NAMES if name != "run"]


def refuse(commands: Commands, *words: str) -> str:
    """The one line that refuses these words."""
    status, output, errors = commands.call(*words)
    assert (status, output) == (2, "")
    assert re.fullmatch(r"mainspring: \S[^\n]*; \S[^\n]*\n", errors)
    return errors


@pytest.mark.parametrize("option", ["--help", "-h"])
@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_help_text_with_an_example(
    commands: Commands, name: str, option: str
) -> None:
    status, output, errors = commands.call(name, option)
    assert (status, errors) == (0, "")
    usage, purpose, *_ = output.split("\n\n")
    assert usage.startswith(f"Usage: mainspring {name} ")
    assert purpose.strip().endswith(".")
    [example] = EXAMPLE.findall(output)
    assert re.search(rf"\bmainspring {name}\b", example)
    for spelling in find_options(name):
        assert spelling in output


def test_the_help_text_of_all_names_each_with_its_purpose(commands: Commands) -> None:
    status, output, errors = commands.call("--help")
    assert (status, errors) == (0, "")
    listed = dict(
        re.findall(
            r"^  ([a-z]+)  +(\S.*(?:\n {4,}\S.*)*)$", output[output.index("Commands:") :], re.MULTILINE
        )
    )
    assert sorted(listed) == NAMES
    assert all(purpose.endswith(".") and "..." not in purpose for purpose in listed.values())
    assert len(EXAMPLE.findall(output)) == 1


@pytest.mark.parametrize(("name", "below"), [(name, below) for name in GROUPS for below in GROUPS[name]])
def test_a_command_below_another_has_a_help_text_too(commands: Commands, name: str, below: str) -> None:
    status, output, errors = commands.call(name, below, "--help")
    assert (status, errors) == (0, "")
    assert output.startswith(f"Usage: mainspring {name} {below} ")
    [example] = EXAMPLE.findall(output)
    assert f"mainspring {name} {below}" in example
    assert "..." not in commands.call(name, "--help")[1].partition("Commands:")[2]


def test_an_unknown_command_below_another_is_refused(commands: Commands) -> None:
    assert "no such command 'sotp'" in refuse(commands, "hosts", "sotp")


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_only_options_that_there_are(commands: Commands, name: str) -> None:
    _, output, _ = commands.call(name, "--help")
    [example] = EXAMPLE.findall(output)
    typed = example[example.index(f"mainspring {name}") :].split()[2:]
    used = {word.partition("=")[0] for word in typed if word.startswith("-")}
    assert name == "run" or used <= find_options(name)


def test_without_a_command_the_help_text_says_what_there_is(commands: Commands) -> None:
    status, output, errors = commands.call()
    assert (status, output) == (2, "")
    assert errors == commands.call("--help")[1]


@pytest.mark.parametrize("name", OF_THE_COMMAND_LINE)
def test_an_unknown_option_is_refused(commands: Commands, name: str) -> None:
    line = refuse(commands, name, "--no-such-option")
    assert "'--no-such-option'" in line
    assert f"see `mainspring {name} --help`" in line


@pytest.mark.parametrize(
    "name", [name for name in OF_THE_COMMAND_LINE if any(one.required for one in find_arguments(name))]
)
def test_a_missing_argument_is_refused(commands: Commands, name: str) -> None:
    line = refuse(commands, name)
    assert "missing argument" in line
    assert f"see `mainspring {name} --help`" in line


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in OF_THE_COMMAND_LINE
        if all(one.nargs == 1 for one in find_arguments(name)) and name not in GROUPS
    ],
)
def test_an_extra_argument_is_refused(commands: Commands, name: str) -> None:
    taken = ["bash" for _ in find_arguments(name)]
    line = refuse(commands, name, *taken, "one too many")
    assert "extra argument (one too many)" in line


@pytest.mark.parametrize(
    "name", [name for name in OF_THE_COMMAND_LINE if "--python" in find_options(name)]
)
def test_an_option_without_its_value_is_refused(commands: Commands, name: str) -> None:
    line = refuse(commands, name, "--python")
    assert f"'--python' requires an argument; see `mainspring {name} --help`" in line


def test_a_word_that_is_nearly_a_command_is_asked_about(commands: Commands) -> None:
    assert "did you mean 'enable'? Or see `mainspring --help`" in refuse(commands, "enbale")
    assert "did you mean '--python'? Or see `mainspring enable --help`" in refuse(
        commands, "enable", "--pyhton"
    )


def test_a_choice_is_named_in_full(commands: Commands) -> None:
    assert "choose from: bash, zsh, fish, or see" in refuse(commands, "completion")
    assert "'ksh' is not one of 'bash', 'zsh', 'fish'" in refuse(commands, "completion", "ksh")


@pytest.mark.parametrize(
    "word", ["", "two\nlines", "a\rb", "caf\udce9", "\x1b[31mred", "; ", "-", "--", "a. (b)"]
)
def test_no_word_makes_it_more_than_a_line(commands: Commands, word: str) -> None:
    for words in ([word or "''"], ["enable", word, "x"], ["completion", word], ["--" + word + "x"]):
        assert "\x1b" not in refuse(commands, *words)


def test_what_the_system_refuses_is_told_in_a_line(commands: Commands) -> None:
    """Here a disk that is full, where the help text was to go."""
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [commands.launcher, "completion", "zsh"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert done.returncode == 1
    assert (
        done.stderr == b"mainspring: cannot write the output: No space left on device; free some space\n"
    )


def test_a_reader_that_has_seen_enough_is_no_failure_to_talk_of(commands: Commands) -> None:
    line = '"$1" completion zsh | true; exit "${PIPESTATUS[0]}"'
    done = subprocess.run(
        ["bash", "-c", line, "bash", commands.launcher], capture_output=True, check=False
    )
    assert done.stderr == b""


# ---- `run`, which the launcher carries out --------------------------------------------------


@pytest.mark.parametrize(
    "words", [["--python", "{python}", "-c", "print(1 + 1)", "-h"], ["--python={python}", "-Vh"]]
)
def test_the_python_side_hands_a_run_over(
    commands: Commands, bare_python: Path, words: list[str]
) -> None:
    given = [word.format(python=bare_python) for word in words]
    side = commands.launcher.with_name("mainspring-cli")
    handed_over = subprocess.run(
        [side, "run", *given], env=commands.environment(), capture_output=True, check=False
    )
    direct = subprocess.run(
        [commands.launcher, "run", *given], env=commands.environment(), capture_output=True, check=False
    )
    assert direct.stdout
    assert (handed_over.returncode, handed_over.stdout, handed_over.stderr) == (
        direct.returncode,
        direct.stdout,
        direct.stderr,
    )


def test_help_of_run_is_asked_for_with_its_first_word_alone(
    commands: Commands, bare_python: Path
) -> None:
    script = commands.home / "script.py"
    script.write_text("import sys; print(sys.argv[1:])\n")
    _, output, _ = commands.call("run", "--python", str(bare_python), str(script), "--help")
    assert output == "['--help']\n"
    _, output, _ = commands.call("run", "--python", str(bare_python), "--help")
    assert output.startswith(f"usage: {bare_python}")
