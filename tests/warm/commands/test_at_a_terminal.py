"""At a terminal, where commands colour and shape what they show, the same is shown cold and warm."""

from __future__ import annotations

import re
import shlex
from contextlib import closing
from itertools import product
from typing import TYPE_CHECKING, Final

import pytest

from warm.parity.terminal import Terminal

from .table import BAD, FAILING, TIME

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .scenes import Stage

pytestmark = pytest.mark.timeout(600)
FILES: Final = {"bad.py": BAD, "test_failing.py": FAILING}
SETTINGS: Final = ("", "NO_COLOR=1", "COLUMNS=50")
SHOWN: Final = {
    "black": ["--diff --color bad.py", "-q --diff bad.py", "--check bad.py"],
    "http": ["--offline --style=auto POST example.invalid a=b", "--no-such-option"],
    "ansible": ["localhost -c local -m debug -a msg=hello", "localhost -c local -m no_such"],
    "pip": ["--no-such-option", "--version", "list --disable-pip-version-check"],
    "django-admin": ["help --settings=none", "check"],
    "pytest": ["test_failing.py", "-q --co"],
    "hg": ["init -v fresh", "help -q commit", "status", "debuginstall"],
}


@pytest.fixture
def terminal(stage: Stage) -> Iterator[Terminal]:
    environment = stage.environment(TERM="xterm-256color", PAGER="cat")
    with closing(Terminal(stage.work, environment)) as terminal:
        terminal.run("stty cols 97")
        yield terminal


def show(stage: Stage, terminal: Terminal, kind: str, words: str, setting: str) -> str:
    """What is shown by a start, from fresh files on."""
    stage.set_up(FILES)
    program, *_ = words.split()
    start = shlex.join(map(str, stage.command(kind, [stage.plain_python.parent / program])))
    shown = terminal.run(f"{setting} {start} {words.removeprefix(program)}; echo status $?")
    return re.sub(TIME.decode() + r"|in \d+\.\d+s", "", shown)


@pytest.mark.parametrize(("program", "lines"), SHOWN.items(), ids=SHOWN)
def test_the_same_is_shown_cold_and_warm(
    stage: Stage, terminal: Terminal, program: str, lines: list[str]
) -> None:
    for line, setting in product(lines, SETTINGS):
        words = f"{program} {line}"
        cold = show(stage, terminal, "cold", words, setting)
        warm: list[str] = []
        stage.repeat_until_warm(
            lambda words=words, setting=setting, warm=warm: warm.append(
                show(stage, terminal, "warm", words, setting)
            )
        )
        assert warm == [cold] * len(warm)
