"""Nothing outside the user's own cache goes, and no start minds."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING

import pytest
from security.people import (
    STRANGER,
    check_entries,
    list_tree,
    need_root,
    put_before,
    write_script,
)
from starts import KINDS

from .caches import DAY, SCRIPT, clean, command, make_entry, put_temporary, use

if TYPE_CHECKING:
    from security.people import PrefixedWorld
    from starts import Kind, World

WAYS = [["--all"], ["--older-than", "1d"], ["--max-size", "0"], ["program.py"], []]


@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_links_are_not_followed(world: World, words: list[str]) -> None:
    entry = make_entry(world, age=10 * DAY)
    build = entry.relative_to(world.cache).parts[0]
    outside = world.home / "outside"
    shutil.copytree(world.cache, outside)
    (outside / "empty").mkdir()
    put_temporary(outside, 1, age=DAY)
    links = [world.cache / "linked-build", world.cache / build / "linked", entry.parent / "linked"]
    for link in links:
        link.symlink_to(outside / build if link.parent == world.cache else outside)
    links.append(entry.with_name("linked.py%.pyc"))
    links[-1].symlink_to(next(outside.rglob("*%*.pyc")))
    links.append(entry.with_name("%tmp-1-1"))
    links[-1].symlink_to(outside / "%tmp-1-1")
    before = list_tree(outside)
    (world.home / "program.py").unlink()
    assert clean(world, *words)["entries"] == 1
    assert list_tree(outside) == before
    assert all(link.is_symlink() for link in links)


def test_a_link_in_place_of_a_folder_below(world: World) -> None:
    entry = make_entry(world, "folder/program.py")
    moved = world.home / "moved"
    entry.parent.rename(moved)
    entry.parent.symlink_to(moved)
    before = list_tree(moved)
    assert command(world, "--all")[0] == 0
    assert list_tree(moved) == before


@pytest.mark.parametrize("words", WAYS, ids=" ".join)
def test_the_cache_of_somebody_else_is_refused(
    world: World, stranger: PrefixedWorld, words: list[str]
) -> None:
    need_root()
    make_entry(stranger, age=10 * DAY)
    before = list_tree(stranger.home)
    status, output, errors = command(put_before(stranger), *words)
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert str(stranger.cache) in errors
    assert "it belongs to somebody else; check HOME, or set MAINSPRING_CACHE_DIR" in errors
    assert list_tree(stranger.home) == before
    assert world.entries == []


def test_another_user_cleans_their_own(stranger: PrefixedWorld) -> None:
    make_entry(stranger)
    assert clean(stranger, "--all")["entries"] == 1
    assert stranger.entries == []


def test_a_folder_of_somebody_else_s_is_left_and_said(world: World) -> None:
    need_root()
    kept = make_entry(world, "folder/program.py")
    make_entry(world, "other.py")
    os.chown(kept.parent, STRANGER, STRANGER)
    status, output, errors = command(world, "--all")
    assert status == 1
    assert output.startswith("freed 1 entry, ")
    assert errors.startswith(f"mainspring: left {kept.parent}: it belongs to somebody else; ")
    assert errors.count("\n") == 1
    assert world.entries == [kept]


def test_what_may_not_be_removed_is_said(stranger: PrefixedWorld) -> None:
    entry = make_entry(stranger)
    entry.parent.chmod(0o500)
    status, output, errors = command(stranger, "--all")
    assert status == 1
    assert output.startswith("freed 0 entries, ")
    assert errors.startswith(f"mainspring: left {entry}: the file system refused access; ")
    assert entry.exists()
    entry.parent.chmod(0o700)


def test_reading_only(world: World) -> None:
    entry = make_entry(world)
    status, output, errors = command(world, "--all", MAINSPRING_READONLY="1")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert "MAINSPRING_READONLY" in errors
    assert command(world, "--all", "--dry-run", MAINSPRING_READONLY="1")[0] == 0
    assert entry.exists()


def test_no_setting_leads_to_a_cache(world: World) -> None:
    status, output, errors = command(world, HOME="")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert "set MAINSPRING_CACHE_DIR" in errors


def test_files_of_the_user_s_own_stay(world: World) -> None:
    make_entry(world)
    mine = [world.cache / "README", world.cache / "notes" / "x.pyc", world.cache / "notes" / "%x"]
    mine[1].parent.mkdir(mode=0o700)
    for path in mine:
        path.write_text("mine\n")
    clean(world, "--all")
    assert all(path.exists() for path in mine)


def test_a_folder_too_deep_to_be_named_at_once(world: World) -> None:
    """An entry's path is longer than its script's, and that may be as long as can be."""
    deep = world.home
    while len(str(deep)) < 4096 - 330:
        deep /= "d" * 200
    deep.mkdir(parents=True)
    script = deep / "program.py"
    script.write_text(SCRIPT)
    assert world.start("enabled", script).status == 0
    script.unlink()
    status, output, _ = command(world)
    assert (status, output.partition(",")[0]) == (0, "freed 1 entry")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "plain"])
def test_starts_go_on_while_everything_is_removed(world: World, kind: Kind) -> None:
    scripts = [write_script(world, SCRIPT, f"{n}.py") for n in range(3)]
    ended = []
    is_over = threading.Event()

    def start_all() -> None:
        while not is_over.is_set():
            ended.extend(world.start(kind, script) for script in scripts)

    starter = threading.Thread(target=start_all)
    starter.start()
    try:
        removed = 0
        while removed < 20 and starter.is_alive():
            status, output, errors = command(world, "--all")
            assert (status, errors) == (0, "")
            removed += int(output.split()[1])
    finally:
        is_over.set()
        starter.join()
    assert len(ended) > 20
    assert {(end.status, end.stdout, end.stderr) for end in ended} == {(0, b"ran\n", b"")}
    outcomes = {word for line in world.read_log() for word in line.outcome.split()}
    assert outcomes <= {"absent", "hit", "refreshed", "no-access"}
    use(world.cache, 0)
    assert check_entries(world.cache) == len(world.entries)


def test_an_entry_that_another_process_was_faster_with_is_not_counted(world: World) -> None:
    entries = [make_entry(world, f"{n}.py") for n in range(5)]
    answers = []

    def call() -> None:
        answers.append(command(world, "--all"))

    callers = [threading.Thread(target=call) for _ in range(3)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    assert [answer[0] for answer in answers] == [0, 0, 0]
    assert sum(int(answer[1].split()[1]) for answer in answers) == len(entries)
