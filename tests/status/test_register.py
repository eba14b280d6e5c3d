"""`enable` remembers what it enabled, and fails in nothing where that cannot be kept."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, need_root
from starts import make_bare_venv

from .reading import list_found, read_facts

if TYPE_CHECKING:
    from pathlib import Path

    from enabling.commands import Commands


def locate(commands: Commands) -> Path:
    return commands.home / ".local" / "state" / "mainspring"


def test_its_folder_is_for_the_user_alone(commands: Commands, fresh: Path) -> None:
    commands.call("enable", "--python", fresh)
    assert locate(commands).stat().st_mode & 0o777 == 0o700
    register = locate(commands) / "interpreters"
    assert register.stat().st_mode & 0o777 == 0o600
    assert register.read_bytes() == os.fsencode(fresh) + b"\0"


def test_each_interpreter_stands_there_once(commands: Commands, fresh: Path) -> None:
    for _ in range(3):
        commands.call("enable", "--python", fresh)
    assert (locate(commands) / "interpreters").read_bytes() == os.fsencode(fresh) + b"\0"


def test_xdg_state_home_says_where(commands: Commands, fresh: Path, tmp_path: Path) -> None:
    commands.settings["XDG_STATE_HOME"] = str(tmp_path / "state")
    commands.call("enable", "--python", fresh)
    assert (tmp_path / "state" / "mainspring" / "interpreters").exists()
    assert not locate(commands).exists()
    assert list_found(read_facts(commands)) == {str(fresh): "enabled"}


def test_disabling_one_leaves_the_others(commands: Commands, fresh: Path) -> None:
    other = make_bare_venv(fresh.parents[2] / "other one\n")
    for python in (fresh, other):
        commands.call("enable", "--python", python)
    commands.call("disable", "--python", fresh)
    assert list_found(read_facts(commands)) == {str(other): "enabled"}
    assert os.listdir(locate(commands)) == ["interpreters"]


def test_many_are_remembered_at_once(commands: Commands, fresh: Path) -> None:
    pythons = [make_bare_venv(fresh.parents[2] / f"many-{number}") for number in range(6)]
    started = [
        subprocess.Popen(
            [commands.launcher, "enable", "--python", python],
            env=commands.environment(),
            stdout=subprocess.DEVNULL,
        )
        for python in pythons
    ]
    assert [process.wait() for process in started] == [0] * 6
    assert set(list_found(read_facts(commands))) == set(map(str, pythons))


@pytest.mark.parametrize("fault", ["file", "folder", "mode", "owner", "no home", "link", "fifo"])
def test_where_it_cannot_be_kept_or_trusted_all_goes_on(
    commands: Commands, fresh: Path, fault: str
) -> None:
    folder = locate(commands)
    folder.mkdir(parents=True, mode=0o700)
    register = folder / "interpreters"
    if fault == "file":
        folder.rmdir()
        folder.write_text("mine")
    elif fault == "folder":
        register.mkdir()
    elif fault == "mode":
        register.write_bytes(b"/theirs\0")
        folder.chmod(0o777)
    elif fault == "owner":
        need_root()
        register.write_bytes(b"/theirs\0")
        os.chown(register, STRANGER, STRANGER)
    elif fault == "link":
        register.symlink_to(commands.home / "elsewhere")
    elif fault == "fifo":
        os.mkfifo(register, 0o600)
    changes = {"HOME": "relative"} if fault == "no home" else {}
    for word in ("enable", "enable", "disable"):
        status, _, errors = commands.call(word, "--python", fresh, env=changes)
        assert (status, errors) == (0, "")
        assert list_found(read_facts(commands, **changes)) == {}
    assert not (commands.home / "elsewhere").exists()
