"""The sweep removes what is of no use, and the least recently used, and nothing else."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, need_root

from mainspring.codecache.mounts import read_remote_mounts, unescape_point
from mainspring.codecache.sweep import LOW_WATER, Walk
from mainspring.codecache.sweepstate import Pass

from .trees import HOUR, find_dead_process

if TYPE_CHECKING:
    from pathlib import Path

    from .trees import Tree

BOUND = 100_000


def test_a_cache_under_its_bound_keeps_all(tree: Tree) -> None:
    entries = {tree.add_entry(f"{n}.py", size=10_000, age=n * HOUR) for n in range(10)}
    assert tree.sweep(BOUND) == 100_000
    assert tree.list_files() == entries


def test_a_cache_over_its_bound_loses_what_was_least_recently_used(tree: Tree) -> None:
    entries = [tree.add_entry(f"{n}/x.py", size=5_000, age=n * n * 60.0) for n in range(40)]
    left = tree.sweep(BOUND)
    kept = tree.list_files()
    assert left == len(kept) * 5_000
    assert BOUND * LOW_WATER * 0.7 < left <= BOUND * LOW_WATER
    assert kept == set(entries[: len(kept)])


@pytest.mark.parametrize("age", [0.0, HOUR])
def test_entries_of_one_age_are_kept_under_the_bound_too(tree: Tree, age: float) -> None:
    for n in range(40):
        tree.add_entry(f"{n}.py", size=5_000, age=age)
    for _ in range(3):
        left = tree.sweep(BOUND)
    assert left <= BOUND


def test_the_age_is_that_of_the_last_use(tree: Tree) -> None:
    old = tree.add_entry("old.py", size=60_000, age=100 * HOUR)
    young = tree.add_entry("young.py", size=60_000, age=50 * HOUR)
    os.utime(old)
    tree.sweep(BOUND)
    assert tree.list_files() == {old}
    assert not young.exists()


def test_temporary_files_go_with_the_process_that_wrote_them(tree: Tree) -> None:
    folder = tree.add_entry("x.py").parent
    alive, dead = os.getpid(), find_dead_process()
    kept = {
        tree.add_file(folder / f"%tmp-{alive}-1"),
        tree.add_file(folder / f"%tmp-{os.getppid()}-1", age=HOUR - 60),
    }
    for place in (folder, tree.cache, tree.cache / "build"):
        tree.add_file(place / f"%tmp-{dead}-1")
        tree.add_file(place / f"%tmp-{alive}-2", age=HOUR + 60)
        tree.add_file(place / "%tmp-")
        tree.add_file(place / "%tmp-x-1")
        tree.add_file(place / f"%tmp-{2**70}-1")
    tree.sweep()
    assert set(tree.cache.rglob("%tmp-*")) == kept


def test_entries_go_with_their_script(tree: Tree) -> None:
    kept = tree.add_entry("kept.py")
    tree.add_entry("gone.py")
    tree.add_entry("folder/gone.py")
    tree.add_entry("folder/odd%2E name/gone")
    (tree.scripts / "gone.py").unlink()
    for path in sorted((tree.scripts / "folder").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    (tree.scripts / "folder").rmdir()
    (tree.scripts / "folder").touch()  # now a file
    for _ in range(4):
        tree.sweep()
    assert tree.list_files() == {kept}
    assert {path.name for path in kept.parent.iterdir()} == {kept.name}


def test_an_entry_stays_whose_script_cannot_be_looked_at(tree: Tree) -> None:
    entry = tree.add_entry("loop/x.py")
    (tree.scripts / "loop" / "x.py").unlink()
    (tree.scripts / "loop").rmdir()
    (tree.scripts / "loop").symlink_to("loop")
    tree.sweep()
    assert tree.list_files() == {entry}


def test_entries_go_with_their_interpreter(tree: Tree) -> None:
    kept = tree.add_entry("x.py", build="one")
    tree.add_entry("x.py", build="two")
    tree.add_entry("folder/y.py", build="two")
    note = tree.cache / "one" / "%interpreter"
    note.write_bytes(os.fsencode(sys.executable))
    (tree.cache / "two" / "%interpreter").write_bytes(b"/nowhere/bin/python")
    for _ in range(20):
        tree.sweep()
    assert tree.list_files() == {kept, note}
    assert not (tree.cache / "two").exists()


@pytest.mark.parametrize("note", [b"", b"bin/python", b"\0\0\0\0"])
def test_a_note_that_a_crash_left_empty_costs_no_entry(tree: Tree, note: bytes) -> None:
    entry = tree.add_entry("x.py")
    (tree.cache / "build" / "%interpreter").write_bytes(note)
    tree.sweep()
    assert entry.exists()


def test_links_are_not_followed(tree: Tree) -> None:
    tree.add_entry("x.py")
    outside = tree.scripts / "outside"
    outside.mkdir()
    theirs = tree.add_file(outside / "theirs.pyc", age=10_000 * HOUR)
    (tree.cache / "build" / "link").symlink_to(outside)
    (tree.cache / "link").symlink_to(outside)
    for _ in range(3):
        tree.sweep(1)
    assert theirs.exists()


def test_folders_of_others_are_left_alone(tree: Tree) -> None:
    need_root()
    entry = tree.add_entry("gone/x.py")
    (tree.scripts / "gone" / "x.py").unlink()
    os.chown(entry.parent, STRANGER, STRANGER)
    tree.sweep()
    assert entry.exists()


def test_what_is_no_entry_is_left_alone(tree: Tree) -> None:
    tree.add_entry("x.py")
    mine = tree.add_file(tree.cache / "README")
    tree.sweep(1)
    assert mine.exists()


def test_scripts_on_other_machines_are_not_asked_for(tree: Tree) -> None:
    entry = tree.add_entry("x.py")
    (tree.scripts / "x.py").unlink()
    for remote in ((f"{tree.scripts}/",), None):
        walk = Walk(tree.root, Pass(), 1 << 30)
        walk.remote = remote
        while walk.step():
            pass
        assert entry.exists()


def test_the_kernel_s_list_tells_what_is_on_other_machines() -> None:
    remote = read_remote_mounts()
    assert remote is not None
    assert "/proc/" in remote
    assert all(point.startswith("/") and point.endswith("/") for point in remote)


def test_odd_mount_points_are_read_as_the_kernel_writes_them() -> None:
    assert unescape_point(rb"/a\040b\011c\012d\134e") == b"/a b\tc\nd\\e"
    assert unescape_point(rb"/a\134040b") == rb"/a\040b"


def test_a_path_of_the_greatest_length_is_swept_too(tree: Tree) -> None:
    """An entry's path is longer than its script's, and so may be more than the kernel takes."""
    script = tree.scripts
    while len(str(script)) < 4096 - 220:
        script /= "d" * 200
    entry = make_deep(tree.cache / "build", f"{script}/gone.py%.pyc")
    for _ in range(3):
        tree.sweep()
    with pytest.raises(FileNotFoundError):
        os.stat(entry[1], dir_fd=entry[0])
    os.close(entry[0])


def make_deep(folder: Path, path: str) -> tuple[int, str]:
    """Make a file at *path* below *folder*, however long; the descriptor of its folder."""
    folder.mkdir()
    current = os.open(folder, os.O_RDONLY)
    *parts, name = path.split("/")[1:]
    for part in parts:
        os.mkdir(part, 0o700, dir_fd=current)
        below = os.open(part, os.O_RDONLY, dir_fd=current)
        os.close(current)
        current = below
    os.close(os.open(name, os.O_CREAT | os.O_WRONLY, 0o600, dir_fd=current))
    return current, name


def test_no_more_goes_than_has_to(tree: Tree) -> None:
    """Of entries that are all of one age, too."""
    for number in range(100):
        tree.add_entry(f"{number}.py", size=1000, age=50.0)
    old = tree.add_entry("old.py", size=1000, age=5000.0)
    left = tree.sweep(50_000)
    assert 44_000 <= left <= 50_000
    assert not old.exists()
