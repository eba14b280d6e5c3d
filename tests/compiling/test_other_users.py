"""Root compiles what another user owns: nothing outside is changed, and nothing more can be read."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, need_root

from .calls import PROGRAM, ask, call, count, list_compiled, make_program, make_tree

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World


@pytest.fixture
def theirs(world: World) -> Path:
    need_root()
    folder = world.home / "theirs"
    folder.mkdir()
    return folder


def give_away(folder: Path) -> None:
    for path in [folder, *folder.rglob("*")]:
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)


@pytest.mark.parametrize("way", ["straight", "through a link", "up", "of a link of ours"])
def test_no_link_of_theirs_leads_bytecode_elsewhere(world: World, theirs: Path, way: str) -> None:
    ours = make_tree(world.home / "ours", module="x = 1\n")
    (ours / "__pycache__").mkdir()
    make_tree(theirs, module="x = 'other'\n")
    place = theirs / "__pycache__"
    match way:
        case "straight":
            place.symlink_to(ours / "__pycache__")
        case "through a link":
            (theirs / "step").symlink_to(ours)
            place.symlink_to("step/__pycache__")
        case "up":
            place.symlink_to("../ours/__pycache__")
        case "of a link of ours":
            (theirs / "step").symlink_to(ours / "__pycache__")
            place.symlink_to(world.home / "link")
            (world.home / "link").symlink_to(theirs / "step")
    give_away(theirs)
    facts = ask(world, theirs, status=1)
    [error] = facts["errors"]
    assert error["path"] == str(theirs / "module.py")
    assert error["message"].startswith("PermissionError: ")
    assert list_compiled(ours) == {}


def test_links_of_theirs_to_folders_of_theirs_are_followed(world: World, theirs: Path) -> None:
    make_tree(theirs / "releases" / "2", module="x = 1\n", sub__module="x = 1\n")
    (theirs / "releases" / "2" / "__pycache__").symlink_to("../../compiled")
    (theirs / "compiled").mkdir()
    (theirs / "current").symlink_to(theirs / "releases" / "2")
    (world.home / "app").symlink_to("theirs/current")
    give_away(theirs)
    assert count(ask(world, world.home / "app")) == (2, 0, 0)
    assert len(list_compiled(theirs)) == 2
    assert len(list_compiled(theirs / "compiled")) == 1


def test_links_of_ours_are_followed_as_compileall_does(world: World, theirs: Path) -> None:
    tree = make_tree(world.home / "tree", module="x = 1\n")
    give_away(theirs)
    (tree / "__pycache__").symlink_to(theirs)
    assert count(ask(world, tree)) == (1, 0, 0)
    assert len(list_compiled(theirs)) == 1


def test_code_behind_a_link_of_theirs_is_for_root_alone(world: World, theirs: Path) -> None:
    private = make_tree(world.home / "private", module="x = 1\n")
    private.chmod(0o700)
    make_program(private / "tool", PROGRAM)
    for name in ("module.py", "tool"):
        (theirs / name).symlink_to(private / name)
    make_tree(theirs, own="x = 1\n")
    give_away(theirs)
    assert count(ask(world, "--beside", theirs)) == (3, 0, 0)
    modes = {path.name.partition(".")[0]: path.stat().st_mode for path in theirs.rglob("*.pyc")}
    assert {name: stat.S_IMODE(mode) for name, mode in modes.items()} == {
        "module": 0o600,
        "tool%": 0o600,
        "own": 0o644,
    }


@pytest.mark.parametrize("command", ["compile", "explain"])
def test_no_interpreter_of_theirs_is_run(world: World, theirs: Path, command: str) -> None:
    python = theirs / "python3"
    python.write_text(f'#!/bin/sh\ntouch {world.home}/ran\nexec {world.plain_python} "$@"\n')
    python.chmod(0o755)
    make_program(theirs / "tool", f"#!{python}\nprint(1)\n")
    give_away(theirs)
    path = f"{os.environ['PATH']}:{theirs}"
    for named, is_run in ((), False), (("--python", python), True):
        ended = call(world, *named, "tool", command=command, PATH=path)
        assert (world.home / "ran").exists() is is_run
        assert (ended.status == 0) is is_run
        assert (b"--python" in ended.stderr) is not is_run
