"""An interpreter outlives the package that enabled it, and loads none that others can change."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from security.people import list_tree
from starts import make_bare_venv

from .commands import LARGE, SMALL, Commands
from .test_neighbours import take_slot

if TYPE_CHECKING:
    from pathlib import Path

    from security.people import Installation


@pytest.mark.parametrize("text", [SMALL, LARGE])
@pytest.mark.parametrize("taken", [False, True])
def test_uninstalling_leaves_an_interpreter_that_starts_without_a_word(
    installation: Installation,
    commands: Commands,
    tmp_path: Path,
    text: str,
    taken: bool,
) -> None:
    tools = tmp_path / "tools"
    shutil.copytree(installation.folder / "tools", tools, symlinks=True)
    commands.launcher = tools / "bin" / "mainspring"
    commands.settings = installation.settings
    python = make_bare_venv(tmp_path / "left")
    if taken:
        take_slot(next(python.parents[1].glob("lib/python*/site-packages")))
    assert commands.call("enable", "--python", python)[0] == 0
    [package] = tools.glob("lib/python*/site-packages/mainspring")
    for part in (package / "_native.abi3.so", package / "_start.py", package):
        shutil.rmtree(part) if part.is_dir() else part.unlink()
        assert commands.start(python, text) == (0, "ran\n", "")
        assert commands.start(python, text, "-X", "dev") == (0, "ran\n", "")


def test_a_package_that_others_can_write_to_is_refused(
    installation: Installation, commands: Commands, fresh: Path, tmp_path: Path
) -> None:
    open_folder = tmp_path / "open"
    shutil.copytree(installation.folder / "tools", open_folder / "tools", symlinks=True)
    commands.launcher = open_folder / "tools" / "bin" / "mainspring"
    commands.settings = installation.settings
    [package] = open_folder.glob("tools/lib/python*/site-packages/mainspring")
    unsafe = [
        package,
        package / "_start.py",
        package / "_native.abi3.so",
        package.parent,
        package.parents[2],
        open_folder,
    ]
    before = list_tree(fresh.parents[1])
    for path in unsafe:
        mode = path.stat().st_mode
        path.chmod(mode | 0o002)
        status, output, errors = commands.call("enable", "--python", fresh)
        path.chmod(mode)
        assert (status, output) == (1, ""), path
        assert errors.startswith(f"mainspring: {fresh} would load code from ")
        assert list_tree(fresh.parents[1]) == before
    assert commands.call("enable", "--python", fresh)[0] == 0


def test_a_package_of_somebody_else_s_is_refused(
    installation: Installation, commands: Commands, fresh: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    shutil.copytree(installation.folder / "tools", tools, symlinks=True)
    commands.launcher, commands.settings = tools / "bin" / "mainspring", installation.settings
    [package] = tools.glob("lib/python*/site-packages/mainspring")
    for path in (package, package / "_start.py", package / "_native.abi3.so"):
        os.chown(path, 12345, 12345)
        assert commands.call("enable", "--python", fresh)[0] == 1, path
        os.chown(path, 0, 0)
