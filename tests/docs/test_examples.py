"""What the documentation tells a reader to type does what it says."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from people.definitions import NAMES, find_options

from .pages import FENCE, RUN, Page, Step, find_pages, name_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = find_pages()
TO_RUN = [page for page in PAGES if page.steps and page.path.name != "README.md"]
CALLS = [(page, words) for page in PAGES for words in page.calls]
#: between the outputs of two steps
MARK = "\x1e"


@pytest.fixture
def surroundings(tmp_path: Path, launcher: Path) -> dict[str, str]:
    """A reader's: `mainspring` is installed, and not for the interpreter that `python3` is."""
    (tmp_path / "bin").mkdir()
    (tmp_path / "home").mkdir()
    interpreter = getattr(sys, "_base_executable", sys.executable)
    (tmp_path / "bin" / "python3").write_text(f'#!/bin/sh\nexec "{interpreter}" "$@"\n')
    (tmp_path / "bin" / "python3").chmod(0o755)
    (tmp_path / "bin" / "mainspring").symlink_to(launcher)
    return {
        "PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin",
        "HOME": str(tmp_path / "home"),
        "LANG": "C.UTF-8",
        "COLUMNS": "200",
    }


@pytest.mark.parametrize("page", TO_RUN, ids=name_page)
def test_the_examples_of_a_page_run_as_shown(page: Page, surroundings: dict[str, str]) -> None:
    steps = [step for step in page.steps if set(find_commands(step)) <= set(NAMES)]
    script = "".join(f"{{ {step.typed.rstrip()}\n}} 2>&1 || exit\nprintf '{MARK}'\n" for step in steps)
    done = subprocess.run(
        ["bash", "-c", script],
        env=surroundings,
        cwd=surroundings["HOME"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    outputs = done.stdout.split(MARK)
    for step, output in zip(steps, outputs, strict=False):
        assert step.shown is None or matches(output, step.shown), (step, output)
    assert (done.returncode, outputs[-1], len(outputs)) == (0, "", len(steps) + 1)


def find_commands(step: Step) -> Iterator[str]:
    for match in re.finditer(r"\bmainspring\"? ([a-z]+)\b", step.typed):
        yield match[1]


def matches(output: str, shown: str) -> bool:
    """Whether *output* is as *shown*, in which `...` stands for anything; columns may be wider."""
    pattern = ".*".join(map(re.escape, squeeze(shown).split("...")))
    return re.fullmatch(pattern, squeeze(output), re.DOTALL) is not None


def squeeze(text: str) -> str:
    return re.sub(r"  +", "  ", text)


def test_every_command_that_is_named_is_one() -> None:
    assert {words[0]: name_page(page) for page, words in CALLS if words[0] not in NAMES} == {}


@pytest.mark.parametrize("name", NAMES)
def test_a_call_has_only_options_that_there_are(name: str) -> None:
    given = {
        word.partition("=")[0]
        for _, words in CALLS
        for word in words[1:]
        if words[0] == name and word.startswith("-")
    }
    # behind these come options of the program
    assert name in {"run", "check"} or given <= find_options(name) | {"--help"}


def test_most_blocks_of_a_shell_are_run() -> None:
    """What only shows needs root, a network or a container."""
    kinds = [fence["kind"] for page in PAGES for fence in FENCE.finditer(page.text)]
    shells = [fence for page in PAGES for fence in FENCE.finditer(page.text) if fence["title"] == "sh"]
    assert sum(kind in RUN for kind in kinds) > 2 * len(shells)
    assert len(CALLS) > 50
