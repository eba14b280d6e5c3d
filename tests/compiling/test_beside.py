"""Entries beside scripts are found by whoever may read those, and nothing else is written for them."""

from __future__ import annotations

import json
import os
import stat
import sys
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, list_temporary, list_tree

from .calls import ask, call, count, find_beside, make_program, wait_until_aged

if TYPE_CHECKING:
    from pathlib import Path

    from security.people import PrefixedWorld
    from starts import World

TAG = sys.implementation.cache_tag


@pytest.mark.parametrize(
    ("mode", "expected"), [(0o755, 0o644), (0o700, 0o600), (0o750, 0o640), (0o777, 0o644), (0o555, 0o644)]
)
def test_who_can_read_a_script_can_read_its_entry(world: World, mode: int, expected: int) -> None:
    script = make_program(world.home / "bin" / "tool")
    script.chmod(mode)
    assert count(ask(world, "--beside", "bin")) == (1, 0, 0)
    entry = find_beside(script)
    assert stat.S_IMODE(entry.stat().st_mode) == expected
    assert world.entries == []


def test_one_beside_is_used(world: World) -> None:
    script = make_program(world.home / "bin" / "tool")
    wait_until_aged(script)
    assert count(ask(world, "--beside", "bin")) == (1, 0, 0)
    assert world.outcome_of(script) == "hit"
    assert world.entries == []


def test_a_module_and_a_script_of_one_name_have_entries_of_their_own(world: World) -> None:
    script = make_program(world.home / "bin" / "tool.py")
    assert count(ask(world, "--beside", "bin"))[2] == 0
    assert {path.name for path in (script.parent / "__pycache__").iterdir()} == {
        f"tool.{TAG}.pyc",
        f"tool.py%.{TAG}.pyc",
    }


@pytest.mark.parametrize("where", ["folder", "entry", "dangling", "file"])
def test_nothing_is_written_through_a_link_that_was_planted(world: World, where: str) -> None:
    script = make_program(world.home / "bin" / "tool")
    outside = world.home / "outside"
    outside.mkdir()
    (outside / "precious").write_text("precious")
    folder = script.parent / "__pycache__"
    match where:
        case "folder":
            folder.symlink_to(outside)
        case "dangling":
            folder.symlink_to(outside / "missing")
        case "file":
            folder.write_text("in the way")
        case "entry":
            folder.mkdir()
            find_beside(script).symlink_to(outside / "precious")
    before = list_tree(outside)
    ended = call(world, "-q", "--beside", "bin")
    assert list_tree(outside) == before
    if where == "entry":  # it is replaced, and what it led to is not
        assert ended.status == 0
        assert not find_beside(script).is_symlink()
    else:
        assert ended.status == 1
        assert ended.stdout.startswith(b"bin/tool:1: ")
    assert ended.stderr == b""
    assert list_temporary(world.home) == []


def test_beside_has_no_name_for_every_option(world: World) -> None:
    make_program(world.home / "tool")
    for changes in ({"PYTHONNODEBUGRANGES": "1"}, {"PYTHONPYCACHEPREFIX": "/nowhere"}):
        facts = ask(world, "--beside", "tool", **changes)
        assert facts["left"] == [{"path": "tool", "reason": "no-place-beside"}]
    assert not os.path.lexists(world.home / "__pycache__")


# ---- root, in a folder of somebody else's ---------------------------------------------------------


def list_outside(folder: Path) -> str:
    return json.dumps(sorted((str(path), path.lstat().st_mtime_ns) for path in folder.rglob("*")))


@pytest.mark.parametrize("option", ["--beside", "--read-only-image"])
def test_root_writes_nothing_outside_of_a_user_s_folder(
    world: World, stranger: PrefixedWorld, place: Path, option: str
) -> None:
    outside = place / "outside"
    secret = make_program(outside / "secret")
    secret.chmod(0o600)
    theirs = stranger.home / "project"
    make_program(theirs / "one" / "tool")
    (theirs / "one" / "__pycache__").symlink_to(outside)
    (theirs / "two").mkdir()
    (theirs / "two" / "tool").symlink_to(secret)
    make_program(theirs / "three" / "tool")
    (theirs / "three" / "__pycache__").mkdir()
    find_beside(theirs / "three" / "tool").symlink_to(outside / "planted")
    for path in [theirs, *theirs.rglob("*")]:
        os.chown(path, STRANGER, STRANGER, follow_symlinks=False)
    before = list_outside(outside)
    facts = ask(world, option, theirs, status=1)
    assert [one["path"] for one in facts["errors"]] == [str(theirs / "one" / "tool")]
    assert list_outside(outside) == before
    # what root alone can read, nobody else can read here
    entry = find_beside(theirs / "two" / "tool")
    assert entry.stat().st_mode & 0o777 == 0o600
    assert entry.stat().st_uid == 0


def test_a_folder_that_cannot_be_written_to_is_an_error(stranger: PrefixedWorld, place: Path) -> None:
    script = make_program(place / "bin" / "tool")
    facts = ask(stranger, "--beside", place, status=1, before=stranger.prefix)
    assert [one["path"] for one in facts["errors"]] == [str(script)]
    assert "PermissionError" in facts["errors"][0]["message"]
    # in their own cache there is room for it
    assert count(ask(stranger, place, before=stranger.prefix)) == (1, 0, 0)
