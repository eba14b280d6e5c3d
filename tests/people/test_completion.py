"""TAB completes commands, options and paths, in real shells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .definitions import NAMES, find_options
from .terminal import Terminal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from enabling.commands import Commands

SHELLS = ("bash", "zsh", "fish")
STARTS = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--private", "-i"],
}
#: a prompt that is known, and nothing that redraws it
PREPARING = {
    "bash": 'PS1="READY> "; bind "set enable-bracketed-paste off"',
    "zsh": 'PS1="READY> "; unsetopt PROMPT_SP; autoload -Uz compinit',
    "fish": 'function fish_prompt; echo -n "READY> "; end',
}
#: how each is told, as the documentation says
LOADING = {
    "bash": 'eval "$(mainspring completion bash)"',
    "zsh": 'compinit -D; eval "$(mainspring completion zsh)"',
    "fish": "mainspring completion fish | source",
}
#: where each looks for what packages install
INSTALLED = {
    "bash": "bash-completion/completions/mainspring",
    "zsh": "zsh/site-functions/_mainspring",
    "fish": "fish/vendor_completions.d/mainspring.fish",
}
LOADING_INSTALLED = {
    "bash": '. "{share}/bash-completion/completions/mainspring"',
    "zsh": 'fpath=("{share}/zsh/site-functions" $fpath); compinit -D',
    "fish": 'set -p fish_complete_path "{share}/fish/vendor_completions.d"',
}


@pytest.fixture
def folder(commands: Commands) -> Path:
    folder = commands.home / "work"
    folder.mkdir()
    # else fish makes completions of all manual pages when it starts for the first time
    (commands.home / ".local/share/fish/generated_completions").mkdir(parents=True)
    (folder / "quarterly.py").write_text("import sys; print('ran', sys.argv[1:])\n")
    return folder


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def terminal(shell: str, commands: Commands, folder: Path) -> Iterator[Terminal]:
    """A shell that was told of the completion, at its prompt."""
    with open_shell(shell, LOADING[shell], commands, folder) as terminal:
        yield terminal


def open_shell(shell: str, loading: str, commands: Commands, folder: Path) -> Terminal:
    path = f"{commands.launcher.parent}:{commands.environment()['PATH']}"
    environment = commands.environment() | {
        "PATH": path,
        "TERM": "xterm",
        "COLUMNS": "200",
        "LINES": "50",
    }
    terminal = Terminal(STARTS[shell], environment, folder)
    terminal.type(f"{PREPARING[shell]}; {loading}; echo LOAD''ED\n")
    terminal.wait_for(r"LOADED\W+READY> $")
    return terminal


def test_a_command_is_completed(terminal: Terminal) -> None:
    terminal.type("mainspring expl\t")
    terminal.wait_for("mainspring explain ")


def test_all_commands_are_offered(terminal: Terminal) -> None:
    terminal.type("mainspring \t\t")
    for name in NAMES:
        terminal.wait_for(rf"\b{name}\b")


def test_an_option_is_completed(terminal: Terminal) -> None:
    terminal.type("mainspring enable --us\t")
    terminal.wait_for("mainspring enable --user ")


def test_the_options_of_a_command_are_offered(terminal: Terminal) -> None:
    terminal.type("mainspring explain --\t\t")
    for option in find_options("explain"):
        if option.startswith("--"):
            terminal.wait_for(option)


@pytest.mark.parametrize(
    "words",
    ["run", "run -O", "compile", "explain", "explain --python", "enable --python", "run --python"],
)
def test_a_path_is_completed(terminal: Terminal, words: str) -> None:
    terminal.type(f"mainspring {words} quart\t")
    terminal.wait_for(rf"mainspring {words} quarterly\.py ")


def test_a_script_in_the_place_of_a_command_is_completed(terminal: Terminal) -> None:
    terminal.type("mainspring ./quart\t")
    terminal.wait_for(r"mainspring \./quarterly\.py ")


def test_a_choice_is_completed(terminal: Terminal) -> None:
    terminal.type("mainspring completion fi\t")
    terminal.wait_for("mainspring completion fish ")


def test_what_was_completed_runs(terminal: Terminal) -> None:
    terminal.type("mainspring ru\tquart\tmonthly\n")
    terminal.wait_for(r"ran \['monthly'\]")


def test_what_was_installed_completes_as_well(shell: str, commands: Commands, folder: Path) -> None:
    share = commands.launcher.parents[1] / "share"
    assert (share / INSTALLED[shell]).read_text() == commands.call("completion", shell)[1]
    loading = LOADING_INSTALLED[shell].format(share=share)
    with open_shell(shell, loading, commands, folder) as terminal:
        terminal.type("mainspring expl\t")
        terminal.wait_for("mainspring explain ")


def test_a_command_below_another_is_completed(terminal: Terminal) -> None:
    terminal.type("mainspring hosts sto\t")
    terminal.wait_for("mainspring hosts stop ")


def test_the_name_of_a_shim_is_completed(terminal: Terminal, commands: Commands) -> None:
    shims = commands.home / ".local/share/mainspring/shims"
    shims.mkdir(parents=True)
    (shims / "quarterly").symlink_to(commands.launcher)
    terminal.type("mainspring uninstall quart\t")
    terminal.wait_for("mainspring uninstall quarterly ")


def test_a_command_on_path_is_completed(terminal: Terminal) -> None:
    terminal.type("mainspring install mainspring-c\t")
    terminal.wait_for("mainspring install mainspring-cli ")
