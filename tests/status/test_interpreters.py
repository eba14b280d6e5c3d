"""Each interpreter that the user has is told of once, with how it is enabled."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from enabling.commands import Commands
from enabling.test_neighbours import take_slot
from starts import make_bare_venv

from .reading import find_line, list_found, make_program, read_facts

if TYPE_CHECKING:
    from security.people import Installation


def test_one_that_is_not_enabled(commands: Commands, on_path: Path) -> None:
    [found] = read_facts(commands)["interpreters"]
    assert (found["state"], found["slot"], found["detail"]) == ("not-enabled", None, None)
    assert found["path"] == str(on_path.parent / "python3")
    assert found["found_in"] == ["PATH"]


def test_one_that_is_enabled_by_its_slot(commands: Commands, on_path: Path, site: Path) -> None:
    commands.call("enable", "--python", on_path)
    [found] = read_facts(commands)["interpreters"]
    assert found["state"] == "enabled"
    assert found["slot"] == {"kind": "sitecustomize", "path": str(site / "sitecustomize.py")}
    state, version, path, kind, slot = find_line(commands, "interpreter")
    assert (state, path, kind, slot) == (
        "enabled", str(on_path.parent / "python3"), "sitecustomize", str(site / "sitecustomize.py"),
    )  # fmt: skip
    assert version == found["version"]


def test_one_that_is_enabled_by_a_line(commands: Commands, on_path: Path, site: Path) -> None:
    take_slot(site)
    commands.call("enable", "--python", on_path)
    [found] = read_facts(commands)["interpreters"]
    assert found["state"] == "enabled"
    assert found["slot"] == {"kind": "pth", "path": str(site / "mainspring.pth")}


def test_one_whose_slot_is_ours_though_theirs_is_loaded_after_it(
    commands: Commands, on_path: Path, site: Path
) -> None:
    later = on_path.parents[1] / "later"
    later.mkdir()
    (site / "a.pth").write_text(f"{later}\n")
    take_slot(later)
    commands.call("enable", "--python", on_path)
    assert commands.is_enabled(on_path)
    assert list(list_found(read_facts(commands)).values()) == ["enabled"]


def test_one_whose_slot_is_no_longer_found(commands: Commands, on_path: Path, site: Path) -> None:
    commands.call("enable", "--python", on_path)
    earlier = on_path.parents[1] / "earlier"
    earlier.mkdir()
    (site / "a.pth").write_text(f"import sys; sys.path.insert(0, {str(earlier)!r})\n")
    take_slot(earlier)
    assert not commands.is_enabled(on_path)
    assert list(list_found(read_facts(commands)).values()) == ["slot-shadowed"]


@pytest.mark.parametrize("taken", [False, True])
def test_one_whose_slot_is_of_another_release(
    commands: Commands, on_path: Path, site: Path, taken: bool
) -> None:
    if taken:
        take_slot(site)
    commands.call("enable", "--python", on_path)
    slot = site / ("mainspring.pth" if taken else "sitecustomize.py")
    slot.write_text(slot.read_text().replace("MAINSPRING_LOG", "MAINSPRING_LOGS"))
    assert list(list_found(read_facts(commands)).values()) == ["slot-outdated"]


@pytest.mark.parametrize("taken", [False, True])
def test_one_whose_package_is_gone(
    installation: Installation, commands: Commands, on_path: Path, site: Path, taken: bool
) -> None:
    tools = on_path.parents[2] / "tools of 'one'"  # a path that has to be quoted
    shutil.copytree(installation.folder / "tools", tools, symlinks=True)
    theirs = Commands(tools / "bin" / "mainspring", commands.home, dict(installation.settings))
    if taken:
        take_slot(site)
    assert theirs.call("enable", "--python", on_path)[0] == 0
    assert list(list_found(read_facts(commands)).values()) == ["enabled"]
    shutil.rmtree(tools)
    assert list(list_found(read_facts(commands)).values()) == ["slot-package-gone"]


def test_one_of_many_names_is_told_of_once(commands: Commands, on_path: Path) -> None:
    link = on_path.parents[2] / "link"
    link.symlink_to(on_path.parents[1])
    commands.settings["PATH"] = f"{on_path.parent}:{link}/bin:{on_path.parent}"
    commands.settings["VIRTUAL_ENV"] = str(on_path.parents[1])
    assert {"python", "python3"} < {path.name for path in on_path.parent.iterdir()}
    [found] = read_facts(commands)["interpreters"]
    assert found["found_in"] == ["PATH", "VIRTUAL_ENV"]


def test_two_environments_of_one_program_are_two(commands: Commands, on_path: Path) -> None:
    other = make_bare_venv(on_path.parents[2] / "other")
    commands.call("enable", "--python", other)
    commands.settings["PATH"] = f"{on_path.parent}:{other.parent}"
    assert on_path.resolve() == other.resolve()
    assert list_found(read_facts(commands)) == {
        str(on_path.parent / "python3"): "not-enabled",
        str(other.parent / "python3"): "enabled",
    }


@pytest.mark.parametrize(
    ("place", "found_in"),
    [
        (".venv", ".venv"),
        ("venv", "venv"),
        (".local/share/pipx/venvs/tool", "pipx"),
        (".local/pipx/venvs/tool", "pipx"),
        (".local/share/uv/tools/tool", "uv tool"),
        (".virtualenvs/work", "virtualenvwrapper"),
        (".pyenv/versions/work", "pyenv"),
    ],
)
def test_where_tools_make_environments(commands: Commands, place: str, found_in: str) -> None:
    python = make_bare_venv(commands.home / place)
    [found] = read_facts(commands)["interpreters"]
    assert (found["path"], found["found_in"]) == (str(python), [found_in])


@pytest.mark.parametrize(
    ("setting", "place", "found_in"),
    [
        ("VIRTUAL_ENV", "", "VIRTUAL_ENV"),
        ("PIPX_HOME", "venvs/tool", "pipx"),
        ("UV_TOOL_DIR", "tool", "uv tool"),
        ("XDG_DATA_HOME", "uv/tools/tool", "uv tool"),
        ("WORKON_HOME", "work", "virtualenvwrapper"),
        ("PYENV_ROOT", "versions/work", "pyenv"),
    ],
)
def test_where_settings_put_them(
    commands: Commands, tmp_path: Path, setting: str, place: str, found_in: str
) -> None:
    python = make_bare_venv(tmp_path / "elsewhere" / place)
    commands.settings[setting] = str(tmp_path / "elsewhere")
    [found] = read_facts(commands)["interpreters"]
    assert (found["path"], found["found_in"]) == (str(python), [found_in])


def test_a_shim_of_pyenv_s_is_the_version_that_it_leads_to(commands: Commands) -> None:
    root = commands.home / ".pyenv"
    python = make_bare_venv(root / "versions" / "work")
    make_program(root / "shims", f'#!/bin/sh\nexec {python} "$@"\n')
    make_program(root / "shims", "#!/bin/sh\nexit 127\n", "python3.99")  # of no version that is on
    commands.settings["PATH"] = str(root / "shims")
    [found] = read_facts(commands)["interpreters"]
    assert (found["path"], found["found_in"]) == (str(python), ["PATH", "pyenv"])


def test_one_of_the_folder_above(commands: Commands) -> None:
    python = make_bare_venv(commands.home / "project" / ".venv")
    inner = Commands(commands.launcher, commands.home / "project" / "deep" / "er", commands.settings)
    inner.home.mkdir(parents=True)
    settings = {"HOME": str(commands.home)}
    assert list_found(read_facts(inner, **settings)) == {str(python): "not-enabled"}


def test_none_of_the_folders_above_home(commands: Commands) -> None:
    make_bare_venv(commands.home.parent / ".venv")
    assert list_found(read_facts(commands)) == {}


def test_one_that_was_enabled_is_remembered_wherever_it_lies(commands: Commands, fresh: Path) -> None:
    assert list_found(read_facts(commands)) == {}
    commands.call("enable", "--python", fresh)
    assert list_found(read_facts(commands)) == {str(fresh): "enabled"}
    commands.call("disable", "--python", fresh)
    assert list_found(read_facts(commands)) == {}


def test_one_that_is_gone_is_not_told_of(commands: Commands, fresh: Path) -> None:
    commands.call("enable", "--python", fresh)
    shutil.rmtree(fresh.parents[1])
    assert list_found(read_facts(commands)) == {}


def test_what_does_not_work_as_an_interpreter(commands: Commands, tmp_path: Path) -> None:
    folder = tmp_path / "bin"
    for name, text in (
        ("python", "#!/bin/sh\nexit 3\n"),
        ("python3", "#!/bin/sh\necho '[1, 2]'\n"),
        ("python3.11", "#!/bin/sh\necho '{}'\n"),
        ("python3.12", '#!/bin/sh\necho \'{"version": 3, "implementation": "cpython"}\'\n'),
        ("python3.13", "no program\n"),
        ("python3.14", "#!/no/such/program\n"),
    ):
        make_program(folder, text, name)
    make_program(folder, "#!/bin/sh\necho asked > $0.asked\n", "python3-config")
    (folder / "python3.15").mkdir()
    commands.settings["PATH"] = str(folder)
    found = list_found(read_facts(commands))
    assert set(found.values()) == {"not-working"}
    assert {Path(path).name for path in found} == {
        "python", "python3", "python3.11", "python3.12", "python3.13", "python3.14",
    }  # fmt: skip
    assert not (folder / "python3-config.asked").exists()


def test_one_of_another_kind(commands: Commands, tmp_path: Path) -> None:
    answer = '{"version": [3, 11, 9], "implementation": "pypy"}'
    make_program(tmp_path / "bin", f"#!/bin/sh\necho '{answer}'\n")
    commands.settings["PATH"] = str(tmp_path / "bin")
    state, version, *_ = find_line(commands, "interpreter")
    assert (state, version) == ("not-cpython", "3.11.9")


def test_one_that_is_too_old(commands: Commands, tmp_path: Path) -> None:
    answer = '{"version": [3, 6, 15], "implementation": "python"}'
    make_program(tmp_path / "bin", f"#!/bin/sh\necho '{answer}'\n")
    commands.settings["PATH"] = str(tmp_path / "bin")
    assert find_line(commands, "interpreter")[:2] == ["old-python", "3.6.15"]


def test_one_that_never_answers_is_not_waited_for(commands: Commands, on_path: Path) -> None:
    """Nor one that reads: there is nothing to read."""
    folder = on_path.parents[2] / "slow"
    for number in range(11, 15):
        make_program(folder, "#!/bin/sh\nexec /bin/sleep 1000\n", f"python3.{number}")
    make_program(folder, "#!/bin/sh\nread line\nexit 3\n")
    commands.settings["PATH"] = f"{folder}:{on_path.parent}"
    states = list_found(read_facts(commands))
    assert sorted(states.values()) == ["no-answer"] * 4 + ["not-enabled", "not-working"]


def test_nothing_in_a_relative_folder_is_run(commands: Commands) -> None:
    make_program(commands.home / "bin", "#!/bin/sh\necho x >> $0.asked\n")
    make_program(commands.home, "#!/bin/sh\necho x >> $0.asked\n")
    commands.settings["PATH"] = ":bin:./bin:."
    assert read_facts(commands)["interpreters"] == []
    assert list(commands.home.rglob("*.asked")) == []
