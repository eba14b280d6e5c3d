"""By script, by age, or all: what is asked for goes."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.people import list_tree
from security.test_beside import deploy

from .caches import DAY, HOUR, clean, command, copy_build, make_entry, put_temporary, use

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World


def test_the_entries_of_scripts_of_all_builds_and_options(world: World) -> None:
    entry = make_entry(world, "one.py")
    make_entry(world, "one.py", "-O")
    copy_build(world, entry, "")
    kept = make_entry(world, "two.py")
    make_entry(world, "three.py")
    freed = clean(world, world.home / "one.py", "three.py")
    assert freed["entries"] == 4
    assert world.entries == [kept]


def test_a_script_may_be_given_by_any_path(world: World, tmp_path: Path) -> None:
    link = tmp_path / "link.py"
    link.symlink_to(world.home / "program.py")
    for name in ("program.py", "./program.py", "../home/program.py", link):
        make_entry(world)
        assert world.start("enabled", "./program.py", cwd=world.home).status == 0
        assert clean(world, name)["entries"] == 2, name
        assert world.entries == []


def test_a_script_that_is_gone(world: World) -> None:
    make_entry(world)
    (world.home / "program.py").unlink()
    assert clean(world, "program.py")["entries"] == 1
    assert clean(world, "program.py")["entries"] == 0


def test_the_entry_beside_the_script_stays(world: World) -> None:
    script, place = deploy(world)
    assert clean(world, script)["entries"] == 0
    assert place.exists()


def test_the_entry_beside_the_script_goes_when_that_is_asked_for(world: World) -> None:
    script, place = deploy(world)
    theirs = place.with_name("other.cpython-311.pyc")
    theirs.write_bytes(place.read_bytes())
    optimized = place.with_name(place.name.replace(".pyc", ".opt-1.pyc"))
    optimized.write_bytes(place.read_bytes())
    plain = place.with_name(place.name.replace(".pyc", ".opt-2.pyc"))
    plain.write_bytes(b"CPython's own")
    freed = clean(world, script, "--beside")
    assert (freed["entries"], freed["bytes"]) == (2, 2 * theirs.stat().st_size)
    assert sorted(place.parent.iterdir()) == sorted([theirs, plain])


@pytest.mark.parametrize(
    ("age", "seconds"),
    [("90s", 90.0), ("15m", 15 * 60.0), ("12h", 12 * HOUR), ("30d", 30 * DAY), ("2w", 14 * DAY)],
)
def test_what_was_not_used_for_a_time(world: World, age: str, seconds: float) -> None:
    make_entry(world, "old.py", age=seconds + 60)
    kept = make_entry(world, "young.py", age=seconds - 60)
    assert clean(world, "--older-than", age)["entries"] == 1
    assert world.entries == [kept]


def test_a_start_counts_as_use(world: World) -> None:
    old = make_entry(world, "old.py", age=40 * DAY)
    used = make_entry(world, "used.py", age=40 * DAY)
    assert world.start("enabled", world.home / "used.py").status == 0
    clean(world, "--older-than", "30d")
    assert world.entries == [used]
    assert not old.exists()


def test_a_script_and_an_age_are_both_conditions(world: World) -> None:
    make_entry(world, "one.py", age=40 * DAY)
    kept = [make_entry(world, "one.py", "-O"), make_entry(world, "two.py", age=40 * DAY)]
    assert clean(world, "--older-than", "30d", "one.py")["entries"] == 1
    assert world.entries == sorted(kept)


def test_all_entries_go_and_the_counts_stay(world: World) -> None:
    entry = make_entry(world)
    make_entry(world, "folder/other.py", "-O")
    copy_build(world, entry, "/nowhere/python")
    counts = (world.cache / "%starts").read_bytes()
    assert command(world, "--max-size", "1G")[0] == 0
    freed = clean(world, "--all")
    assert freed["entries"] == 3
    assert [path for path in world.cache.iterdir() if not path.name.startswith("%")] == []
    assert counts
    assert (world.cache / "%starts").read_bytes() == counts
    assert (world.cache / "%max-size").exists()
    assert world.start("enabled", world.home / "program.py").status == 0
    assert world.entries == [entry]


def test_all_but_what_is_being_written(world: World) -> None:
    folder = make_entry(world).parent
    writing = put_temporary(folder, os.getpid())
    clean(world, "--all")
    assert writing.exists()


@pytest.mark.parametrize(
    "words",
    [
        ["--older-than", "30"],
        ["--older-than", "d"],
        ["--older-than", "-3d"],
        ["--older-than", "3y"],
        ["--older-than", ""],
        ["--older-than", "1e3s"],
        ["--max-size", "much"],
        ["--max-size", "-1"],
        ["--max-size", ""],
        ["--max-size", "1T"],
        ["--max-size"],
        ["--all", "program.py"],
        ["--all", "--older-than", "1d"],
        ["--all", "--max-size", "1G"],
        ["--max-size", "1G", "program.py"],
        ["--beside"],
        ["--beside", "--older-than", "1d", "program.py"],
        ["--nonsense"],
    ],
    ids=" ".join,
)
def test_bad_arguments_remove_nothing_and_are_told_in_one_line(world: World, words: list[str]) -> None:
    use(make_entry(world), 1000 * DAY)
    before = list_tree(world.home)
    status, output, errors = command(world, *words)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("mainspring: ")
    assert list_tree(world.home) == before


def test_the_help_tells_every_option(world: World) -> None:
    done = subprocess.run(
        [world.launcher, "clean", "--help"],
        env=world.environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    for option in ("--all", "--older-than", "--max-size", "--beside", "--dry-run", "--json"):
        assert option in done.stdout
