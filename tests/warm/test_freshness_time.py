"""A change between the import and the watch is seen by its time; one before that does no harm."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING

import pytest

from .watched import Program, settle
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
