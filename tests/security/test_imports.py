"""Nothing is imported from the script's folder, the working directory or PYTHONPATH by mistake."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from starts import KINDS

from .people import check_start, let_age, list_tree, write_script

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument, World

    from .people import Installation

#: what ours import, or could be thought to
NAMES = (
    "mainspring", "_native", "_start", "_keep", "hook", "codecache", "keeper", "startlog", "places",
    "marshal", "stat", "errno", "warnings", "_warnings", "json", "importlib", "click", "rich",
    "subprocess", "ast", "sysconfig",
)  # fmt: skip


def lay_traps(folder: Path, names: tuple[str, ...] = NAMES) -> Path:
    """Modules that leave a mark beside themselves when they are imported; the file of the marks."""
    folder.mkdir(exist_ok=True)
    marks = folder / "marks"
    text = f"import sys\nopen({str(marks)!r}, 'a').write(__name__ + '\\n')\n"
    for name in names:
        (folder / f"{name}.py").write_text(text)
    return marks


def test_the_script_s_folder_is_not_looked_into(world: World) -> None:
    folder = world.home / "traps"
    marks = lay_traps(folder)
    script = folder / "program.py"
    script.write_text("print('ran')\n")
    let_age(script)
    for outcome in ("absent", "hit"):
        check_start(world, outcome, script)
    os.utime(script, (1, 1))
    check_start(world, "refreshed", script, kind="run")
    assert not marks.exists()


def test_nor_is_the_working_directory(world: World) -> None:
    folder = world.home / "traps"
    marks = lay_traps(folder, (*NAMES, "sitecustomize", "usercustomize"))
    script = write_script(world, "print('ran')\n")
    for kind in KINDS:
        started = world.start(kind, script, cwd=folder)
        assert started == world.start("plain", script, cwd=folder)
    assert not marks.exists()


def test_pythonpath_gives_ours_no_module(world: World) -> None:
    ours = tuple(name for name in NAMES if name not in sys.stdlib_module_names)
    folder = world.home / "traps"
    marks = lay_traps(folder, ours)
    script = write_script(world, "print('ran')\n")
    let_age(script)
    for outcome in ("absent", "hit"):
        check_start(world, outcome, script, PYTHONPATH=str(folder))
    os.utime(script, (1, 1))
    check_start(world, "refreshed", script, kind="run", PYTHONPATH=str(folder))
    assert not marks.exists()


@pytest.mark.parametrize(
    "words", [["explain", "program.py"], ["enable"], ["disable"], ["explain", "--json", "program.py"]]
)
def test_commands_import_nothing_from_the_working_directory(world: World, words: list[str]) -> None:
    folder = world.home / "traps"
    marks = lay_traps(folder)
    (folder / "program.py").write_text("print('ran')\n")
    command: list[Argument] = [world.launcher, words[0], "--python", world.plain_python, *words[1:]]
    done = subprocess.run(command, cwd=folder, env=world.environment(), check=False, capture_output=True)
    if words == ["enable"]:
        command = [world.launcher, "disable", "--python", world.plain_python]
        subprocess.run(command, env=world.environment(), check=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert not marks.exists()


def test_commands_do_not_even_without_their_own_script(installation: Installation, world: World) -> None:
    """As installers leave it that make no console scripts: `python -m mainspring`."""
    folder = world.home / "traps"
    marks = lay_traps(folder)
    environment = world.environment(**installation.settings)
    done = subprocess.run(
        [installation.launcher, "--version"],
        cwd=folder,
        env=environment,
        check=False,
        capture_output=True,
    )
    assert not marks.exists()
    assert done.returncode == 0


@pytest.mark.parametrize("command", ["enable", "disable"])
def test_a_survey_heeds_no_pythonpath(world: World, command: str) -> None:
    folder = world.home / "traps"
    marks = lay_traps(folder, ("sitecustomize",))
    before = list_tree(world.plain_python.parents[1])
    for word in (command, "disable"):
        done = subprocess.run(
            [world.launcher, word, "--python", world.plain_python],
            env=world.environment(PYTHONPATH=str(folder), PYTHONSAFEPATH="1"),
            check=False,
            capture_output=True,
        )
        assert done.returncode == 0, done.stderr
    # the command itself is a Python program, and so loads what PYTHONPATH has, once for each
    assert marks.read_text() == "sitecustomize\n" * 2
    after = list_tree(world.plain_python.parents[1])
    assert {name for name in after if "__pycache__" not in name} == {
        name for name in before if "__pycache__" not in name
    }
