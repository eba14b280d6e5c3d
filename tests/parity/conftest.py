"""What cases take for granted beside a world."""

from __future__ import annotations

import subprocess
import venv
from typing import TYPE_CHECKING

import pytest
from starts import World

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session", autouse=True)
def equal_footing(bare_python: Path, enabled_python: Path) -> None:
    """Where the slot is a .pth line, the plain interpreter reads a .pth file too.

    Reading any loads the codec utf-8-sig, before a line of it runs.
    """
    level_slots(bare_python, enabled_python)


@pytest.fixture(scope="session")
def open_pythons(bare_python: Path, launcher: Path) -> tuple[Path, Path]:
    """A plain and an enabled interpreter that look into the user's site-packages as well."""
    folder = bare_python.parents[2]
    pythons = folder / "free-plain/bin/python", folder / "free-slots/bin/python"
    for python in pythons:
        builder = venv.EnvBuilder(system_site_packages=True, symlinks=True, with_pip=False)
        builder.create(python.parents[1])
    subprocess.run([launcher, "enable", "--python", pythons[1]], check=True)
    level_slots(*pythons)
    return pythons


@pytest.fixture
def open_world(world: World, open_pythons: tuple[Path, Path]) -> World:
    """A world in which a usercustomize is heeded."""
    return World(world.home, *open_pythons, world.launcher)


def level_slots(plain: Path, enabled: Path) -> None:
    for line in enabled.parents[1].rglob("mainspring.pth"):
        folder = plain.parents[1] / line.parent.relative_to(enabled.parents[1])
        (folder / "another.pth").write_text("# nothing\n")
