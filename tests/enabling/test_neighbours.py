"""Whatever sitecustomize an interpreter has, before ours or after it, goes on working."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .commands import SMALL, Commands

if TYPE_CHECKING:
    from security.people import Installation
    from starts import Argument

THEIRS = "import sys\nsys.theirs = 'theirs'\n"
SHOW_THEIRS = "import sys\nprint(getattr(sys, 'theirs', None))\n" + "# filling\n" * 300


def take_slot(folder: Path, text: str = THEIRS) -> Path:
    path = folder / "sitecustomize.py"
    path.write_text(text)
    return path


def check_theirs(commands: Commands, python: Path, env: dict[str, str] | None = None) -> None:
    """Their sitecustomize is loaded, in starts of ours and in others."""
    for text in (SHOW_THEIRS, SHOW_THEIRS[:70]):
        assert commands.start(python, text, env=env) == (0, "theirs\n", "")


def test_where_the_slot_is_taken_a_line_is_written(commands: Commands, fresh: Path, site: Path) -> None:
    theirs = take_slot(site)
    line = site / "mainspring.pth"
    assert commands.call("enable", "--python", fresh) == (0, f"wrote {line}\n", "")
    assert theirs.read_text() == THEIRS
    assert commands.is_enabled(fresh)
    check_theirs(commands, fresh)
    assert commands.call("enable", "--python", fresh) == (0, f"already enabled by {line}\n", "")
    assert commands.call("disable", "--python", fresh) == (0, f"removed {line}\n", "")
    assert theirs.read_text() == THEIRS
    check_theirs(commands, fresh)


def test_one_earlier_on_the_path(commands: Commands, fresh: Path, site: Path) -> None:
    library = fresh.parents[1] / "earlier"
    library.mkdir()
    (site / "a.pth").write_text(f"import sys; sys.path.insert(0, {str(library)!r})\n")
    take_slot(library)
    line = site / "mainspring.pth"
    assert commands.call("enable", "--python", fresh) == (0, f"wrote {line}\n", "")
    assert commands.is_enabled(fresh)
    check_theirs(commands, fresh)


@pytest.mark.parametrize("first", ["theirs", "ours"])
@pytest.mark.parametrize("place", ["earlier", "later"])
def test_one_found_before_or_after_ours(
    commands: Commands, fresh: Path, site: Path, first: str, place: str
) -> None:
    """Whether it was there first, or was added to what was enabled."""
    folder = fresh.parents[1] / place
    folder.mkdir()
    change = "insert(0, " if place == "earlier" else "append("
    (site / "a.pth").write_text(f"import sys; sys.path.{change}{str(folder)!r})\n")
    if first == "theirs":
        take_slot(folder)
    commands.call("enable", "--python", fresh)
    if first == "ours":
        take_slot(folder)
    check_theirs(commands, fresh)
    # one that comes to stand before ours later is all that is found, until it is enabled again
    assert commands.is_enabled(fresh) == ((first, place) != ("ours", "earlier"))
    commands.call("enable", "--python", fresh)
    assert commands.is_enabled(fresh)
    check_theirs(commands, fresh)
    commands.call("disable", "--python", fresh)
    assert not commands.is_enabled(fresh)
    check_theirs(commands, fresh)


def test_one_on_pythonpath(commands: Commands, fresh: Path) -> None:
    folder = commands.home / "library"
    folder.mkdir()
    take_slot(folder)
    commands.call("enable", "--python", fresh)
    check_theirs(commands, fresh, {"PYTHONPATH": str(folder)})
    assert commands.is_enabled(fresh)


def test_one_of_the_base_interpreter_s(
    installation: Installation, commands: Commands, tmp_path: Path
) -> None:
    base = installation.folder / "base" / "bin" / "python3"
    commands.settings = installation.settings
    python = tmp_path / "with-system" / "bin" / "python"
    command: list[Argument] = [
        base,
        "-m",
        "venv",
        "--without-pip",
        "--system-site-packages",
        python.parents[1],
    ]
    subprocess.run(command, check=True, env={**os.environ, **installation.settings})
    code = "import site; print(site.getsitepackages()[-1])"
    folder = subprocess.check_output(
        [base, "-c", code], text=True, env={**os.environ, **installation.settings}
    )
    system = Path(folder.rstrip("\n"))
    made = not system.exists()
    system.mkdir(parents=True, exist_ok=True)
    theirs = take_slot(system)
    try:
        assert commands.call("enable", "--python", python)[0] == 0
        assert commands.is_enabled(python)
        check_theirs(commands, python)
    finally:
        theirs.unlink()
        shutil.rmtree(system / "__pycache__", ignore_errors=True)
        if made:
            system.rmdir()


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("raise ValueError('theirs')", (0, "ran\n")),
        ("import missing_module", (0, "ran\n")),
        ("raise SystemExit(5)", (1, "")),
        ("raise ImportError('x', name='sitecustomize')", (0, "ran\n")),
    ],
)
def test_one_that_fails_does_so_as_without_ours(
    commands: Commands, fresh: Path, site: Path, text: str, outcome: tuple[int, str]
) -> None:
    folder = fresh.parents[1] / "later"
    folder.mkdir()
    (site / "a.pth").write_text(f"{folder}\n")
    take_slot(folder, text)
    before = commands.start(fresh)
    commands.call("enable", "--python", fresh)
    assert commands.start(fresh) == before
    assert commands.start(fresh, SMALL) == before
    assert before[:2] == outcome


@pytest.mark.parametrize("kind", ["package", "namespace", "compiled"])
def test_one_that_is_not_a_file_of_source(commands: Commands, fresh: Path, site: Path, kind: str) -> None:
    folder = fresh.parents[1] / "later"
    (folder / "sitecustomize").mkdir(parents=True)
    (site / "a.pth").write_text(f"{folder}\n")
    if kind == "package":
        (folder / "sitecustomize" / "__init__.py").write_text(THEIRS)
    if kind == "compiled":
        path = take_slot(folder)
        command: list[Argument] = [fresh, "-m", "compileall", "-q", "-b", path]
        subprocess.run(command, check=True)
        path.unlink()
        (folder / "sitecustomize").rmdir()
    show = "import sys\nm = sys.modules.get('sitecustomize')\n" + SHOW_THEIRS
    show += "print(m and (m.__name__, getattr(m, '__file__', 0), list(getattr(m, '__path__', ()))))\n"
    before = commands.start(fresh, show)
    commands.call("enable", "--python", fresh)
    assert commands.start(fresh, show) == before
