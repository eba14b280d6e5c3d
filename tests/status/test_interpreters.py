"""Each interpreter that the user has is told of once, with how it is enabled."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from enabling.commands import Commands
from enabling.test_neighbours import take_slot
from security.people import STRANGER, need, need_root
from starts import make_bare_venv

from .reading import command_as, find_line, list_found, read_facts, read_lines

if TYPE_CHECKING:
    from security.people import Installation, PrefixedWorld


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


def make_program(folder: Path, text: str, name: str = "python3") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(text)
    path.chmod(0o755)
    return path


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


# ---- who could have written them ------------------------------------------------------------

ASKED = "#!/bin/sh\necho x >> {marker}\n"


def check_not_asked(commands: Commands, folder: Path, place: Path, word: str) -> None:
    """The program in *folder* is not run, for what *place* is."""
    marker = commands.home / "asked"
    program = folder / "python3"
    commands.settings["PATH"] = str(folder)
    [found] = read_facts(commands)["interpreters"]
    assert not marker.exists()
    assert (found["path"], found["state"]) == (str(program), "not-asked")
    assert found["detail"].startswith(f"{place}: ")
    assert word in found["detail"]
    assert find_line(commands, "interpreter")[-1] == found["detail"]
    assert not marker.exists()


@pytest.fixture
def program(commands: Commands, tmp_path: Path) -> Path:
    """A program that leaves a mark when it is run."""
    marker = commands.home / "asked"
    path = make_program(tmp_path / "a" / "b" / "bin", ASKED.format(marker=marker))
    commands.settings["PATH"] = str(path.parent)
    assert list_found(read_facts(commands)) == {str(path): "not-working"}
    assert marker.exists()
    marker.unlink()
    return path


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
@pytest.mark.parametrize("mode", [0o757, 0o775])
def test_what_others_can_write_to_is_not_run(
    commands: Commands, program: Path, depth: int, mode: int
) -> None:
    place = [program, *program.parents][depth]
    os.chown(place, -1, 54321)  # a group that nobody knows
    place.chmod(mode)
    check_not_asked(commands, program.parent, place, "write")


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_what_others_own_is_not_run(commands: Commands, program: Path, depth: int) -> None:
    need_root()
    place = [program, *program.parents][depth]
    os.chown(place, STRANGER, STRANGER)
    check_not_asked(commands, program.parent, place, "somebody else")


def test_nor_what_a_link_leads_to_through_such_a_folder(
    commands: Commands, program: Path, tmp_path: Path
) -> None:
    need_root()
    middle = tmp_path / "middle"
    middle.mkdir()
    (middle / "link").symlink_to(program)
    folder = tmp_path / "first"
    folder.mkdir()
    (folder / "python3").symlink_to("../middle/link")
    middle.chmod(0o777)
    check_not_asked(commands, folder, middle, "write")
    middle.chmod(0o755)
    os.chown(middle / "link", STRANGER, STRANGER, follow_symlinks=False)
    check_not_asked(commands, folder, middle / "link", "somebody else")


def test_a_folder_where_others_can_only_add_is_fine(commands: Commands, program: Path) -> None:
    program.parents[1].chmod(0o1777)
    assert list_found(read_facts(commands)) == {str(program): "not-working"}
    assert (commands.home / "asked").exists()


def test_what_a_group_of_root_alone_can_write_to_is_fine(commands: Commands, program: Path) -> None:
    need_root()
    os.chown(program, 0, 0)
    program.chmod(0o775)
    assert list_found(read_facts(commands)) == {str(program): "not-working"}


def find_user_with_a_group_alone() -> pwd.struct_passwd:
    """A user, not root, whose group has the same name and no other members."""
    groups = {(group.gr_gid, group.gr_name) for group in grp.getgrall() if not group.gr_mem}
    users = [user for user in pwd.getpwall() if (user.pw_gid, user.pw_name) in groups]
    return next(user for user in users if user.pw_uid != 0)


def test_what_the_user_s_own_group_can_write_to_is_fine(installation: Installation) -> None:
    """Where each user has a group alone, all that they make is writable by it."""
    user = find_user_with_a_group_alone()
    home = installation.make_home("home-alone", user.pw_uid)
    program = make_program(home / "bin", f"#!/bin/sh\n>> {home}/asked\n")
    for path in (home, home / "bin", program):
        os.chown(path, user.pw_uid, user.pw_gid)
        path.chmod(0o775)
    setpriv = shutil.which("setpriv") or "setpriv"
    prefix = (setpriv, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")
    settings = installation.settings | {"PATH": str(home / "bin")}
    theirs = Commands(installation.launcher, home, settings, prefix)
    assert list_found(read_facts(theirs)) == {str(program): "not-working"}
    assert (home / "asked").exists()
    os.chown(program, -1, 54321)
    assert list_found(read_facts(theirs)) == {str(program): "not-asked"}


def test_another_user_asks_root_s_and_their_own(
    installation: Installation, stranger: PrefixedWorld
) -> None:
    need(os.geteuid() == 0, "to be run as root")
    enabled, plain = installation.enabled_python, installation.plain_python
    theirs = command_as(stranger, f"{enabled.parent}:{plain.parent}")
    states = [line[1] for line in read_lines(theirs) if line[0] == "interpreter"]
    assert states == ["enabled", "not-enabled"]
