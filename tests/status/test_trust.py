"""No interpreter is asked that somebody else could have put there: asking one is running it."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
from typing import TYPE_CHECKING

import pytest
from enabling.commands import Commands
from security.people import STRANGER, need, need_root

from .reading import command_as, find_line, list_found, make_program, read_facts, read_lines

if TYPE_CHECKING:
    from pathlib import Path

    from security.people import Installation, PrefixedWorld


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
