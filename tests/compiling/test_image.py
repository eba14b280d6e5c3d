"""Entries of a read-only image: made where it is built, and used where root alone can have put them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, check_start, need_root

from mainspring.codecache.entry import sign_image

from .calls import PROGRAM, ask, count, list_compiled, make_program, make_tree
from .test_scripts import find_beside, read_entry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from security.people import PrefixedWorld
    from starts import World

#: folders that root alone can write to, up to the root of the file system, and that all can enter
WHERE = "/opt"
LONG_AGO = 1_500_000_000


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder that is root's, and everything above it."""
    need_root()
    folder = Path(tempfile.mkdtemp(prefix="mainspring-image-", dir=WHERE))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def image(world: World, place: Path) -> Path:
    """A tree that was built for an image, and put into its place: with new inodes, times in seconds."""
    root = place / "build-machine" / "root"
    script = make_program(root / "usr" / "bin" / "tool", PROGRAM + "raise SystemExit(len(sys.argv))\n")
    make_tree(root, usr__lib__module="x = 1\n")
    os.utime(script, ns=(LONG_AGO * 10**9, LONG_AGO * 10**9 + 123_456_789))
    facts = ask(world, "--read-only-image", "-s", root, "-p", "/", root)
    assert count(facts) == (2, 0, 0)
    subprocess.run(["tar", "-C", root, "--format=gnu", "-cf", place / "image.tar", "."], check=True)
    target = place / "running"
    target.mkdir()
    subprocess.run(["tar", "-C", target, "-xpf", place / "image.tar"], check=True)
    shutil.rmtree(place / "build-machine")
    return target


@pytest.fixture
def tool(image: Path) -> Path:
    return image / "usr" / "bin" / "tool"


def test_another_user_s_start_trusts_what_root_put_there(
    stranger: PrefixedWorld, image: Path, tool: Path
) -> None:
    assert int(tool.stat().st_mtime_ns) == LONG_AGO * 10**9
    check_start(stranger, "hit", tool)
    check_start(stranger, "hit", tool, HOME=None)
    assert stranger.entries == []
    copy = image.parent / "copied"
    subprocess.run(["cp", "-rp", image, copy], check=True)
    check_start(stranger, "hit", copy / "usr" / "bin" / "tool")


def test_root_s_start_does_too(world: World, tool: Path) -> None:
    check_start(world, "hit", tool)


def test_the_build_machine_s_path_is_not_in_it(image: Path, tool: Path) -> None:
    entry = find_beside(tool).read_bytes()
    assert b"build-machine" not in entry
    assert read_entry(find_beside(tool)).load_code().co_filename == "/usr/bin/tool"
    for name, (_, content) in list_compiled(image).items():
        assert b"build-machine" not in content, name
        assert content[4:8] == b"\1\0\0\0", name
    assert len(list_compiled(image)) == 2


#: what leads to the entry, from the entry up
PARTS = ("entry", "entry's folder", "script", "bin", "usr", "running", "place")


def find_part(tool: Path, part: str) -> Path:
    image = tool.parents[2]
    entry = find_beside(tool)
    named = {"entry": entry, "entry's folder": entry.parent, "script": tool, "bin": tool.parent}
    named |= {"usr": tool.parents[1], "running": image, "place": image.parent}
    return named[part]


@pytest.mark.parametrize("part", PARTS)
def test_what_somebody_else_could_have_written_is_not_trusted(
    stranger: PrefixedWorld, tool: Path, part: str
) -> None:
    path = find_part(tool, part)
    mode = path.stat().st_mode
    for bits in (0o020, 0o002):
        path.chmod(mode | bits)
        check_start(stranger, "untrusted no-cache-folder", tool, HOME=None)
    path.chmod(mode)
    for owner in (STRANGER, STRANGER + 1):
        os.chown(path, owner, 0)
        check_start(stranger, "untrusted no-cache-folder", tool, HOME=None)
    os.chown(path, 0, STRANGER)
    check_start(stranger, "hit", tool, HOME=None)


def test_one_that_is_not_trusted_is_no_more_than_no_entry(stranger: PrefixedWorld, tool: Path) -> None:
    tool.chmod(0o775)
    check_start(stranger, "absent", tool)
    check_start(stranger, "hit", tool)
    assert len(stranger.entries) == 1


def test_one_behind_a_link_is_judged_where_it_is(stranger: PrefixedWorld, tool: Path) -> None:
    link = stranger.home / "linked"
    link.symlink_to(tool.parent)
    check_start(stranger, "hit", link / "tool", HOME=None)
    os.chown(tool.parents[1], STRANGER, 0)
    check_start(stranger, "untrusted no-cache-folder", link / "tool", HOME=None)


def test_an_edited_script_runs_as_it_is_now(stranger: PrefixedWorld, tool: Path) -> None:
    text = tool.read_text()
    tool.write_text(text.replace("'ran'", "'RAN'"))
    check_start(stranger, "absent", tool)
    os.utime(tool, (LONG_AGO + 1, LONG_AGO + 1))
    check_start(stranger, "absent", tool, MAINSPRING_CACHE_DIR=str(stranger.home / "second"))
    os.utime(tool, (LONG_AGO - 1, LONG_AGO - 1))
    check_start(stranger, "absent", tool, MAINSPRING_CACHE_DIR=str(stranger.home / "third"))
    tool.write_text(text + "\n")
    os.utime(tool, (LONG_AGO, LONG_AGO))
    check_start(stranger, "absent", tool, MAINSPRING_CACHE_DIR=str(stranger.home / "fourth"))


def test_the_same_size_and_second_is_the_limit_that_is_documented(
    stranger: PrefixedWorld, tool: Path
) -> None:
    """As with CPython's own unchecked `.pyc` files: root vouches for what it put there."""
    tool.write_text(tool.read_text().replace("'ran'", "'RAN'"))
    os.utime(tool, ns=(LONG_AGO * 10**9, LONG_AGO * 10**9 + 5))
    assert stranger.outcome_of(tool) == "hit"


def test_a_script_that_was_touched_is_compared_by_its_content(
    stranger: PrefixedWorld, tool: Path
) -> None:
    os.utime(tool)
    check_start(stranger, "refreshed", tool, HOME=None)


def test_a_script_that_had_only_just_changed_is_never_trusted_by_its_time(
    world: World, stranger: PrefixedWorld, place: Path
) -> None:
    script = make_program(place / "bin" / "tool")
    ask(world, "--read-only-image", place)
    racy = sign_image(script.stat(), is_racy=True)
    assert read_entry(find_beside(script)).signature == racy
    check_start(stranger, "refreshed", script, HOME=None)
    # and once it has aged, another run makes it one that is
    while time.time_ns() < script.stat().st_mtime_ns + 2_200_000_000:
        time.sleep(0.05)
    assert count(ask(world, "--read-only-image", place)) == (1, 0, 0)
    assert count(ask(world, "--read-only-image", place)) == (0, 1, 0)
    check_start(stranger, "hit", script, HOME=None)


def test_another_name_in_the_code_makes_another_entry(world: World, place: Path) -> None:
    script = make_program(place / "build-machine" / "bin" / "tool")
    os.utime(script, (LONG_AGO, LONG_AGO))
    folder = place / "build-machine"
    assert count(ask(world, "--read-only-image", folder)) == (1, 0, 0)
    assert b"build-machine" in find_beside(script).read_bytes()
    for _ in range(2):
        ask(world, "--read-only-image", "-s", folder, "-p", "/usr", folder)
        assert b"build-machine" not in find_beside(script).read_bytes()


def test_an_image_s_entry_does_not_stand_for_another(world: World, place: Path) -> None:
    script = make_program(place / "bin" / "tool")
    os.utime(script, (LONG_AGO, LONG_AGO))
    for option, expected in (
        ("--read-only-image", True),
        ("--beside", False),
        ("--read-only-image", True),
    ):
        for compiled in (1, 0):
            assert ask(world, option, place)["compiled"] == compiled
            assert read_entry(find_beside(script)).is_image is expected


def test_two_builds_are_the_same_to_the_byte(world: World, place: Path) -> None:
    contents = set()
    for name in ("first", "second"):
        script = make_program(place / name / "bin" / "tool")
        os.utime(script, (LONG_AGO, LONG_AGO))
        root = place / name
        ask(world, "--read-only-image", "-s", root, "-p", "/", root, SOURCE_DATE_EPOCH=str(LONG_AGO))
        contents.add(find_beside(script).read_bytes())
    assert len(contents) == 1


def test_any_python_can_read_one(tool: Path) -> None:
    code = (
        "import importlib.util, marshal, sys; content = open(sys.argv[1], 'rb').read();"
        "print(content[:4] == importlib.util.MAGIC_NUMBER, marshal.loads(content[16:]).co_filename)"
    )
    done = subprocess.check_output([sys.executable, "-c", code, find_beside(tool)], text=True)
    assert done == "True /usr/bin/tool\n"


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
