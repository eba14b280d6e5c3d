"""`enable` writes one file and says which; `disable` removes it, and nothing else."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from security.people import list_tree

from .commands import Commands
from .test_neighbours import take_slot

if TYPE_CHECKING:
    from pathlib import Path

    from security.people import Installation, PrefixedWorld


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


def test_who_can_read_the_packages_can_read_the_slot(commands: Commands, fresh: Path, site: Path) -> None:
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


def test_a_foreign_file_of_our_line_s_name_is_kept(commands: Commands, fresh: Path, site: Path) -> None:
    foreign = site / "mainspring.pth"
    foreign.write_text("# somebody else's\n")
    commands.call("enable", "--python", fresh)
    commands.call("disable", "--python", fresh)
    assert foreign.read_text() == "# somebody else's\n"


def test_a_folder_that_cannot_be_written_to(installation: Installation, stranger: PrefixedWorld) -> None:
    theirs = Commands(installation.launcher, stranger.home, dict(stranger.settings), stranger.prefix)
    for python in (installation.plain_python, installation.enabled_python):
        before = list_tree(python.parents[1])
        word = "enable" if python == installation.plain_python else "disable"
        status, output, errors = theirs.call(word, "--python", python)
        assert (status, output) == (1, "")
        assert errors.count("\n") == 1
        assert "cannot write to" in errors
        assert list_tree(python.parents[1]) == before
