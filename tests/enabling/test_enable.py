"""`enable` writes one file and says which; `disable` removes it, and nothing else."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.people import list_tree
from starts import make_bare_venv

from .commands import LARGE, SMALL, Commands

if TYPE_CHECKING:
    from security.people import Installation, PrefixedWorld

THEIRS = "import sys\nsys.theirs = 'theirs'\n"
SHOW_THEIRS = "import sys\nprint(getattr(sys, 'theirs', None))\n" + "# filling\n" * 300


def list_names(folder: Path) -> set[str]:
    return set(list_tree(folder))


def test_it_says_which_file_it_wrote(commands: Commands, fresh: Path, site: Path) -> None:
    slot = site / "sitecustomize.py"
    assert not commands.is_enabled(fresh)
    assert commands.call("enable", "--python", fresh) == (0, f"wrote {slot}\n", "")
    assert slot.is_file()
    assert commands.is_enabled(fresh)
    assert commands.call("disable", "--python", fresh)[:2][0] == 0
    assert not slot.exists()
    assert not commands.is_enabled(fresh)


def test_doing_it_again_changes_nothing(commands: Commands, fresh: Path, site: Path) -> None:
    commands.call("enable", "--python", fresh)
    before = list_tree(fresh.parents[1])
    expected = (0, f"already enabled by {site / 'sitecustomize.py'}\n", "")
    assert commands.call("enable", "--python", fresh) == expected
    assert list_tree(fresh.parents[1]) == before


def test_disabling_takes_back_what_enabling_did(commands: Commands, fresh: Path) -> None:
    before = list_names(fresh.parents[1])
    commands.call("enable", "--python", fresh)
    commands.is_enabled(fresh)
    status, output, errors = commands.call("disable", "--python", fresh)
    assert (status, errors) == (0, "")
    assert list_names(fresh.parents[1]) == before
    assert all(not os.path.lexists(line.removeprefix("removed ")) for line in output.splitlines())


def test_disabling_what_is_not_enabled_changes_nothing(commands: Commands, fresh: Path) -> None:
    before = list_tree(fresh.parents[1])
    expected = f"nothing to remove: {fresh} is not enabled\n"
    assert commands.call("disable", "--python", fresh) == (0, expected, "")
    assert list_tree(fresh.parents[1]) == before


def test_who_can_read_the_packages_can_read_the_slot(
    commands: Commands, fresh: Path, site: Path
) -> None:
    for mode in (0o755, 0o700, 0o750):
        site.chmod(mode)
        commands.call("enable", "--python", fresh)
        slot_mode = stat.S_IMODE((site / "sitecustomize.py").stat().st_mode)
        assert slot_mode == mode & 0o644
        commands.call("disable", "--python", fresh)


@pytest.mark.parametrize("left", ["temporary", "line", "both", "all"])
def test_disabling_a_half_finished_enabling(
    commands: Commands, fresh: Path, site: Path, left: str
) -> None:
    before = {path.name for path in site.iterdir()}
    take_slot(site)
    commands.call("enable", "--python", fresh)
    line = (site / "mainspring.pth").read_text()
    (site / "sitecustomize.py").unlink()
    commands.call("disable", "--python", fresh)
    if left in {"temporary", "all"}:
        (site / ".mainspring-enable-x1y2").write_text("import sys")
    if left in {"both", "all"}:
        commands.call("enable", "--python", fresh)
    if left in {"line", "both", "all"}:
        (site / "mainspring.pth").write_text(line)
    assert commands.call("disable", "--python", fresh)[0] == 0
    assert {path.name for path in site.iterdir()} - {"__pycache__"} == before
    assert not commands.is_enabled(fresh)


def take_slot(folder: Path, text: str = THEIRS) -> Path:
    path = folder / "sitecustomize.py"
    path.write_text(text)
    return path


def check_theirs(commands: Commands, python: Path, env: dict[str, str] | None = None) -> None:
    """Their sitecustomize is loaded, in starts of ours and in others."""
    for text in (SHOW_THEIRS, SHOW_THEIRS[:70]):
        assert commands.start(python, text, env=env) == (0, "theirs\n", "")


def test_where_the_slot_is_taken_a_line_is_written(
    commands: Commands, fresh: Path, site: Path
) -> None:
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
    command = [base, "-m", "venv", "--without-pip", "--system-site-packages", python.parents[1]]
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
def test_one_that_is_not_a_file_of_source(
    commands: Commands, fresh: Path, site: Path, kind: str
) -> None:
    folder = fresh.parents[1] / "later"
    (folder / "sitecustomize").mkdir(parents=True)
    (site / "a.pth").write_text(f"{folder}\n")
    if kind == "package":
        (folder / "sitecustomize" / "__init__.py").write_text(THEIRS)
    if kind == "compiled":
        path = take_slot(folder)
        command = [fresh, "-m", "compileall", "-q", "-b", path]
        subprocess.run(command, check=True)
        path.unlink()
        (folder / "sitecustomize").rmdir()
    show = "import sys\nm = sys.modules.get('sitecustomize')\n" + SHOW_THEIRS
    show += "print(m and (m.__name__, getattr(m, '__file__', 0), list(getattr(m, '__path__', ()))))\n"
    before = commands.start(fresh, show)
    commands.call("enable", "--python", fresh)
    assert commands.start(fresh, show) == before


def test_a_foreign_file_of_our_line_s_name_is_kept(
    commands: Commands, fresh: Path, site: Path
) -> None:
    foreign = site / "mainspring.pth"
    foreign.write_text("# somebody else's\n")
    commands.call("enable", "--python", fresh)
    commands.call("disable", "--python", fresh)
    assert foreign.read_text() == "# somebody else's\n"


@pytest.mark.parametrize("text", [SMALL, LARGE])
@pytest.mark.parametrize("taken", [False, True])
def test_uninstalling_leaves_an_interpreter_that_starts_without_a_word(
    installation: Installation,
    commands: Commands,
    tmp_path: Path,
    text: str,
    taken: bool,  # noqa: FBT001 - a parameter
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


def test_a_folder_that_cannot_be_written_to(
    installation: Installation, stranger: PrefixedWorld
) -> None:
    theirs = Commands(
        installation.launcher, stranger.home, dict(stranger.settings), stranger.prefix
    )
    for python in (installation.plain_python, installation.enabled_python):
        before = list_tree(python.parents[1])
        word = "enable" if python == installation.plain_python else "disable"
        status, output, errors = theirs.call(word, "--python", python)
        assert (status, output) == (1, "")
        assert errors.count("\n") == 1
        assert "cannot write to" in errors
        assert list_tree(python.parents[1]) == before
