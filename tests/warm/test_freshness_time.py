"""A change between the import and the watch is seen by its time; one before that does no harm."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from mainspring.warm.sight import Sight

from .watched import ABSENT, FILES, SEARCHED, Program, settle
from .ways import CHANGES, NO_CHANGES

if TYPE_CHECKING:
    from pathlib import Path

SOON_NS = 300_000_000

# who may read it now has no time of its own
RIGHTS = {"folder closed", "folder above closed"}
# a host made just then is not kept, though it could be: the next one is
IN_DOUBT = {
    "one more hard link", "one more hard link to a file that has some", "another hard link removed",
    "neighbour of a folder above",
}  # fmt: skip


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "tree").mkdir()
    return Program(tmp_path / "tree")


@pytest.mark.parametrize("name", sorted(CHANGES.keys() - RIGHTS))
def test_a_change_since_the_host_began_is_seen(program: Program, name: str) -> None:
    settle(program.root)
    began = time.time_ns()
    CHANGES[name](program.root)
    watch = program.watch(began)
    assert watch.find_change() is not None
    watch.close()


@pytest.mark.parametrize("name", sorted(NO_CHANGES.keys() - IN_DOUBT))
def test_what_does_not_matter_may_change_since(program: Program, name: str) -> None:
    settle(program.root)
    began = time.time_ns()
    NO_CHANGES[name](program.root)
    watch = program.watch(began)
    assert watch.find_change() is None
    watch.close()


def test_an_edit_before_the_host_began_does_no_harm(program: Program) -> None:
    (program.root / "app/plain.py").write_text("x = 2")
    edited = (program.root / "app/plain.py").stat().st_ctime_ns
    while time.time_ns() < edited + SOON_NS:
        os.sched_yield()
    watch = program.watch(time.time_ns())
    assert watch.find_change() is None
    watch.close()


def test_the_tick_of_the_kernels_clock_hides_no_edit(program: Program) -> None:
    for number in range(200):
        began = time.time_ns()
        (program.root / "app/plain.py").write_text(f"x = {number}")
        watch = program.watch(began)
        assert watch.find_change() is not None
        watch.close()


def test_an_old_folder_that_was_moved_here_is_seen(program: Program) -> None:
    shutil.copytree(program.root / "lib", program.root / "lib2")
    settle(program.root)
    began = time.time_ns()
    (program.root / "lib").rename(program.root / "lib1")
    (program.root / "lib2").rename(program.root / "lib")
    watch = program.watch(began)
    assert watch.find_change() is not None
    watch.close()


def disturb(folder: Path) -> None:
    """Let *folder* have a new time, and what is in it be as it was."""
    (folder / "passing").write_text("")
    (folder / "passing").unlink()


def begin(program: Program) -> Sight:
    """The sight of a host that has looked around, and is about to import."""
    settle(program.root)
    return Sight(time.time_ns(), [str(program.root / path) for path in (*FILES, *SEARCHED)])


def ask_for(sight: Sight, *paths: Path) -> None:
    """Let an import ask for *paths*."""
    for path in paths:
        sight.note(str(path))


def test_what_was_missed_and_is_still_missing_is_as_it_was(program: Program) -> None:
    sight = begin(program)
    ask_for(sight, *(program.root / path for path in ABSENT))
    disturb(program.root)
    disturb(program.root / "lib")
    watch = program.watch(sight=sight)
    assert watch.find_change() is None
    watch.close()


def test_a_folder_on_the_way_is_as_it_was_whatever_came_and_went_in_it(program: Program) -> None:
    sight = begin(program)
    disturb(program.root / "app")
    disturb(program.root)
    ask_for(sight, *(program.root / path for path in ABSENT))
    watch = program.watch(sight=sight)
    assert watch.find_change() is None
    watch.close()


def test_what_was_missed_and_came_is_seen_whatever_its_time(program: Program) -> None:
    old = program.root / "app/plain.py"
    sight = begin(program)
    missed = program.root / ABSENT[0]
    ask_for(sight, missed)
    missed.symlink_to(old)
    sight.since_ns = time.time_ns() + SOON_NS  # as if its time told nothing
    watch = program.watch(sight=sight)
    assert watch.find_change() == str(missed)
    watch.close()


@pytest.mark.parametrize("is_there", [True, False])
def test_what_an_import_found_once_and_missed_once_is_seen(program: Program, *, is_there: bool) -> None:
    path = program.root / ABSENT[0]
    path.write_text("")
    away = path.with_name("away")
    if not is_there:
        path.rename(away)
    sight = begin(program)
    ask_for(sight, path)
    path.rename(away) if is_there else away.rename(path)
    ask_for(sight, path)
    away.rename(path) if is_there else path.rename(away)
    sight.since_ns = time.time_ns() + SOON_NS  # as if no time told anything
    watch = program.watch(sight=sight)
    assert watch.find_change() == str(path)
    watch.close()


def test_what_nobody_has_looked_for_is_judged_by_the_time_of_its_folder(program: Program) -> None:
    sight = begin(program)
    disturb(program.root)
    watch = program.watch(sight=sight)
    assert watch.find_change() is not None
    watch.close()
