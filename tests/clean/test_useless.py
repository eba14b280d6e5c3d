"""With nothing else said, what is of no use any more goes, and nothing else."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from security.people import list_tree

from .caches import HOUR, clean, command, copy_build, find_dead_process, make_entry, put_temporary

if TYPE_CHECKING:
    from starts import World


def test_entries_go_with_their_script(world: World) -> None:
    kept = make_entry(world, "kept.py")
    for name in ("gone.py", "folder/gone.py", "folder/odd%2E/gone"):
        make_entry(world, name)
        (world.home / name).unlink()
    freed = clean(world)
    assert freed["entries"] == 3
    assert world.entries == [kept]
    assert [path for path in world.cache.rglob("*") if path.is_dir() and not any(path.iterdir())] == []


def test_entries_stay_whose_script_cannot_be_looked_at(world: World) -> None:
    kept = make_entry(world, "loop/program.py")
    (world.home / "loop" / "program.py").unlink()
    (world.home / "loop").rmdir()
    (world.home / "loop").symlink_to("loop")
    assert clean(world)["entries"] == 0
    assert world.entries == [kept]


def test_entries_go_with_their_interpreter(world: World) -> None:
    kept = make_entry(world)
    copy_build(world, kept, "/nowhere/bin/python3")
    assert clean(world)["entries"] == 1
    assert world.entries == [kept]
    assert not (world.cache / "cpython-399-other").exists()


def test_entries_of_an_interpreter_that_is_not_known_stay(world: World) -> None:
    entry = make_entry(world)
    other = copy_build(world, entry, "")
    assert clean(world)["entries"] == 0
    assert world.entries == sorted([entry, other])


def test_temporary_files_go_with_their_writer(world: World) -> None:
    folder = make_entry(world).parent
    dead = find_dead_process()
    build = world.cache / folder.relative_to(world.cache).parts[0]
    kept = put_temporary(folder, os.getpid())
    places = [world.cache, build, folder]
    gone = [put_temporary(place, dead) for place in places]
    gone.append(put_temporary(build, os.getpid(), age=HOUR + 60))
    freed = clean(world)
    assert (freed["entries"], freed["temporary_files"], freed["bytes"]) == (0, 4, 400)
    assert kept.exists()
    assert not any(path.exists() for path in gone)


def test_empty_folders_go(world: World) -> None:
    entry = make_entry(world)
    build = world.cache / entry.relative_to(world.cache).parts[0]
    (build / "a" / "b" / "c").mkdir(parents=True, mode=0o700)
    (world.cache / "cpython-399-empty").mkdir(mode=0o700)
    clean(world)
    assert not (build / "a").exists()
    assert not (world.cache / "cpython-399-empty").exists()
    assert entry.exists()


def test_a_cache_in_use_is_left_as_it_is(world: World) -> None:
    make_entry(world)
    make_entry(world, "folder/other.py", "-O")
    (world.cache / "README").write_text("the user's own\n")
    before = list_tree(world.cache)
    freed = clean(world)
    assert (freed["entries"], freed["temporary_files"], freed["bytes"]) == (0, 0, 0)
    assert freed["kept_entries"] == 2
    assert list_tree(world.cache) == before


def test_it_says_what_it_freed(world: World) -> None:
    make_entry(world, "kept.py", filling=3000)
    make_entry(world, filling=5000)
    (world.home / "program.py").unlink()
    size, kept = [f"{entry.stat().st_size / 1024:.1f} KiB" for entry in reversed(world.entries)]
    status, output, errors = command(world, "--dry-run")
    assert (status, errors) == (0, "")
    assert output == f"would free 1 entry, {size}; 1 entry, {kept}, stay\n"
    put_temporary(world.cache, find_dead_process())
    assert command(world)[1].startswith("freed 1 entry and 1 temporary file, ")
    assert command(world)[1] == f"freed 0 entries, 0 bytes; 1 entry, {kept}, stay\n"


def test_there_is_no_cache_yet(world: World) -> None:
    for words in ([], ["--all"], ["--older-than", "1s"]):
        status, output, errors = command(world, *words)
        assert (status, output, errors) == (0, "freed 0 entries, 0 bytes; 0 entries, 0 bytes, stay\n", "")
    assert not world.cache.exists()
