"""`enable` works for a user's folder and a whole installation, and tells what it cannot work for."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.people import find_base_executable, list_tree, need
from security.test_old_python import OLD_PYTHONS

if TYPE_CHECKING:
    from security.people import Installation
    from starts import Argument

    from .commands import Commands


def ask(python: Path, code: str, env: dict[str, str]) -> Path:
    output = subprocess.check_output([python, "-c", code], text=True, env={**os.environ, **env})
    return Path(output.rstrip("\n"))


@pytest.fixture
def whole(installation: Installation, commands: Commands) -> Path:
    """The copy of a whole installation."""
    commands.settings = dict(installation.settings)
    return installation.folder / "base" / "bin" / "python3"


def test_a_user_s_folder(commands: Commands, whole: Path, tmp_path: Path) -> None:
    base = tmp_path / "user"
    env = {**commands.settings, "PYTHONUSERBASE": str(base)}
    folder = ask(whole, "import site; print(site.getusersitepackages())", env)
    commands.settings = env
    assert folder.is_relative_to(base)
    assert commands.call("enable", "--user", "--python", whole)[0] == 0
    written = [path for path in base.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert [path.parent for path in written] == [folder]
    assert commands.is_enabled(whole)
    assert not commands.is_enabled(whole, "-s")
    assert not commands.is_enabled(whole, env={"PYTHONUSERBASE": str(tmp_path / "other")})
    status, output, _ = commands.call("disable", "--python", whole)
    assert (status, str(written[0]) in output) == (0, True)
    assert [path for path in base.rglob("*") if path.is_file()] == []
    assert not commands.is_enabled(whole)


def test_a_user_s_folder_means_nothing_to_a_virtual_environment(
    commands: Commands, fresh: Path, tmp_path: Path
) -> None:
    commands.settings = {"PYTHONUSERBASE": str(tmp_path / "user")}
    status, output, errors = commands.call("enable", "--user", "--python", fresh)
    assert (status, output) == (1, "")
    assert errors.startswith("mainspring: ")
    assert not (tmp_path / "user").exists()


def test_disabling_a_virtual_environment_leaves_the_user_s_folder_alone(
    commands: Commands, whole: Path, fresh: Path, tmp_path: Path
) -> None:
    commands.settings["PYTHONUSERBASE"] = str(tmp_path / "user")
    assert commands.call("enable", "--user", "--python", whole)[0] == 0
    before = list_tree(tmp_path / "user")
    commands.call("disable", "--python", fresh)
    assert list_tree(tmp_path / "user") == before
    assert commands.is_enabled(whole)


def test_a_whole_installation(
    commands: Commands, whole: Path, installation: Installation, tmp_path: Path
) -> None:
    inherits = tmp_path / "inherits" / "bin" / "python"
    command: list[Argument] = [
        whole,
        "-m",
        "venv",
        "--without-pip",
        "--system-site-packages",
        inherits.parents[1],
    ]
    subprocess.run(command, check=True, env={**os.environ, **commands.settings})
    base = installation.folder / "base"
    before = list_tree(base).keys()
    assert commands.call("enable", "--python", whole)[0] == 0
    try:
        assert commands.is_enabled(whole)
        assert commands.is_enabled(whole, "-I")
        assert commands.is_enabled(inherits)
        assert not commands.is_enabled(installation.plain_python)
    finally:
        assert commands.call("disable", "--python", whole)[0] == 0
    assert not commands.is_enabled(whole)
    added = list_tree(base).keys() - before
    assert [name for name in added if not name.endswith((".pyc", "__pycache__", "packages"))] == []


def test_the_interpreter_may_be_a_name_on_path(commands: Commands, fresh: Path) -> None:
    commands.settings["PATH"] = f"{fresh.parent}:{os.environ['PATH']}"
    assert commands.call("enable", "--python", "python")[0] == 0
    assert commands.is_enabled(fresh)


def test_the_interpreter_of_another_version(commands: Commands, tmp_path: Path) -> None:
    """One wheel serves them all."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    names = [f"python3.{minor}" for minor in range(11, 16)]
    found = [path for name in names for path in sorted(root.glob(f"versions/*/bin/{name}"))]
    found += [Path(path) for path in map(shutil.which, names) if path and ".pyenv" not in path]
    own = find_base_executable()
    others = [path for path in found if path.resolve() != own]
    need(others, "another CPython of 3.11 or newer")
    for number, other in enumerate(others):
        python = tmp_path / str(number) / "bin" / "python"
        command: list[Argument] = [other, "-m", "venv", "--without-pip", python.parents[1]]
        subprocess.run(command, check=True)
        assert commands.call("enable", "--python", python)[0] == 0
        assert commands.is_enabled(python), other
        log = {"MAINSPRING_LOG": str(commands.log)}
        assert commands.start(python, env=log) == (0, "ran\n", "")
        outcomes = [line.split("\t")[1] for line in commands.log.read_text().splitlines()]
        assert outcomes == ["absent", "refreshed"]  # written anew, as it was
        assert commands.call("disable", "--python", python)[0] == 0
        assert not commands.is_enabled(python)


@pytest.mark.parametrize("name", OLD_PYTHONS or ["none"])
@pytest.mark.parametrize("word", ["enable", "disable"])
def test_one_that_is_too_old_is_refused_by_its_version(commands: Commands, name: str, word: str) -> None:
    need(OLD_PYTHONS, "a Python older than 3.11")
    status, output, errors = commands.call(word, "--python", OLD_PYTHONS[name])
    assert (status, output) == (127, "")
    assert errors.startswith(f"mainspring: {OLD_PYTHONS[name]} is ")
    assert f" {name.removeprefix('python')}." in errors
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("no-such-python", "there is no interpreter no-such-python"),
        ("/no/such/python", "there is no interpreter /no/such/python"),
        ("/bin/true", "/bin/true does not work as a Python interpreter"),
        ("/etc/passwd", "there is no interpreter /etc/passwd"),
        ("/usr", "there is no interpreter /usr"),
    ],
)
def test_one_that_is_none(commands: Commands, name: str, problem: str) -> None:
    status, output, errors = commands.call("enable", "--python", name)
    assert (status, output) == (127, "")
    assert errors.startswith(f"mainspring: {problem}")
    assert errors.count("\n") == 1
