"""Each start is counted once, by its verdict, however many there are at once."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from security.people import check_start, write_script

from mainspring.codecache.counters import LOG_LIMIT, LOG_NAME, count_start
from mainspring.codecache.tally import KEPT_PROGRAMS, SUMS_NAME, read_since, read_totals, sum_up

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument, World

    from .trees import Tree

COUNT = """
import os, sys
from mainspring.codecache.counters import count_start
from mainspring.codecache.tally import sum_up
root = os.open(sys.argv[1], os.O_RDONLY)
for _ in range(int(sys.argv[2])):
    if count_start(root, "hit", 5000, 3000, "/program.py"):
        sum_up(root)
"""


def read_all(cache: Path) -> dict[tuple[str, bytes], int]:
    """How many starts were counted, by verdict and program."""
    root = os.open(cache, os.O_RDONLY)
    try:
        return {key: starts for key, (starts, _, _) in read_totals(root).items()}
    finally:
        os.close(root)


def test_a_start_leaves_a_line(world: World) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    check_start(world, "hit", script)
    first, second = (world.cache / LOG_NAME).read_bytes().splitlines()
    verdict, saved, spent, at, program = first.split(b"\t")
    assert 0 <= time.time() - int(at) < 60
    assert (verdict, saved, program) == (b"absent", b"0", os.fsencode(script))
    verdict, saved, again, _, program = second.split(b"\t")
    assert (verdict, program) == (b"hit", os.fsencode(script))
    assert int(saved) > 0
    assert 0 < int(again) < 10**6
    assert 0 < int(spent) < 10**6


def test_verdicts_and_reasons_are_counted(world: World) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    world.entries[0].write_bytes(b"")
    check_start(world, "corrupt", script)
    script.write_text("print('changed')\n")
    check_start(world, "stale", script)
    os.utime(script, (1, 1))
    check_start(world, "refreshed", script)
    outcomes = ("absent", "corrupt", "stale", "refreshed")
    expected = {(outcome, os.fsencode(script)): 1 for outcome in outcomes}
    assert read_all(world.cache) == expected


def test_an_entry_beside_the_script_is_counted_too(world: World) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    [entry] = world.entries
    beside = world.home / "__pycache__"
    beside.mkdir(mode=0o755)
    tag = sys.implementation.cache_tag
    entry.rename(beside / f"program.py%.{tag}.pyc")
    check_start(world, "hit", script)
    assert read_all(world.cache)["hit", os.fsencode(script)] == 1


def test_a_long_log_is_summed_up_by_a_start(world: World) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    log = world.cache / LOG_NAME
    line = b"hit\t7\t5\t1700000000\t/other.py\n"
    count = LOG_LIMIT // len(line)
    with log.open("ab") as file:
        file.write(line * count)
    check_start(world, "hit", script)
    check_start(world, "hit", script)
    assert log.stat().st_size < 200
    assert read_all(world.cache) == {
        ("absent", os.fsencode(script)): 1,
        ("hit", os.fsencode(script)): 2,
        ("hit", b"/other.py"): count,
    }


def test_the_time_of_the_first_start_is_kept(tree: Tree) -> None:
    assert read_since(tree.root) is None
    (tree.cache / LOG_NAME).write_bytes(b"hit\t7\t5\t1700000000\t/a.py\nhit\t7\t5\t1600000000\t/b.py\n")
    assert read_since(tree.root) == 1600000000
    sum_up_all(tree)
    count_start(tree.root, "hit", 1000, 1000, "/a.py")
    sum_up_all(tree)
    assert read_since(tree.root) == 1600000000
    assert sum(read_all(tree.cache).values()) == 3


def test_starts_at_once_are_all_counted(world: World) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    command, environment = world.command("enabled", [script]), world.environment()
    for _ in range(4):
        starts = [
            subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) for _ in range(16)
        ]
        assert {start.wait() for start in starts} == {3}
    assert sum(read_all(world.cache).values()) == 65


def test_none_is_lost_while_the_log_is_summed_up(tree: Tree) -> None:
    each = 4000
    command: list[Argument] = [sys.executable, "-c", COUNT, tree.cache, str(each)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert {process.wait() for process in processes} == {0}
    assert read_all(tree.cache) == {("hit", b"/program.py"): 4 * each}


def sum_up_all(tree: Tree) -> None:
    """Take the log at hand, let it ripen, and fold it."""
    sum_up(tree.root)
    for taken in tree.cache.glob("%starts-*"):
        os.utime(taken, (0, 0))
    sum_up(tree.root)


def test_programs_that_gained_least_are_summed_together(tree: Tree) -> None:
    for number in range(KEPT_PROGRAMS + 100):
        count_start(tree.root, "hit", number * 1000, 1000, f"/{number}.py")
    sum_up_all(tree)
    count_start(tree.root, "hit", 10**9, 1000, f"/{KEPT_PROGRAMS + 99}.py")
    sum_up_all(tree)
    totals = read_all(tree.cache)
    assert totals["hit", b""] >= 100
    assert len(totals) <= KEPT_PROGRAMS + 1
    assert sum(totals.values()) == KEPT_PROGRAMS + 101
    assert ("hit", b"/0.py") not in totals
    assert totals["hit", b"/%d.py" % (KEPT_PROGRAMS + 99)] == 2


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"\n\n\n",
        b"hit\t1\t2\n",
        b"hit\t1\t2\t/p\n",
        b"hit\tx\t2\t3\t/p\n",
        b"\xff\0\t1\t2\t3\t4\t5\n",
        b"hit",
        b"hit\t1\t2\t" + b"3" * 5000 + b"\t/p\n",
    ],
)
def test_lines_that_a_crash_left_are_passed_over(tree: Tree, damage: bytes) -> None:
    for name in (LOG_NAME, SUMS_NAME):
        (tree.cache / name).write_bytes(damage + b"\n")
    count_start(tree.root, "hit", 1000, 1000, "/p.py")
    sum_up(tree.root)
    assert read_all(tree.cache) == {("hit", b"/p.py"): 1}


def test_a_verdict_that_was_damaged_ends_no_start(tree: Tree, world: World) -> None:
    (tree.cache / LOG_NAME).write_bytes(b"h\xfft\t1\t2\t3\t/p\n")
    sum_up_all(tree)
    assert read_all(tree.cache) == {("h\udcfft", b"/p"): 1}
    script = write_script(world)
    check_start(world, "absent", script)
    (world.cache / SUMS_NAME).write_bytes(b"h\xfft\t1\t2\t3\t/p\n")
    (world.cache / LOG_NAME).write_bytes(b"\n" * LOG_LIMIT)
    check_start(world, "hit", script)


def test_a_fifo_in_the_log_s_place_makes_no_start_wait(world: World) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    log = world.cache / LOG_NAME
    log.unlink()
    os.mkfifo(log)
    check_start(world, "hit", script)
    reader = os.open(log, os.O_RDONLY | os.O_NONBLOCK)
    try:
        check_start(world, "hit", script)
    finally:
        os.close(reader)


def test_a_log_that_cannot_be_written_to_stops_no_start(world: World) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    log = world.cache / LOG_NAME
    log.unlink()
    log.mkdir()
    check_start(world, "hit", script)
    log.rmdir()
    log.symlink_to(world.home / "elsewhere")
    check_start(world, "hit", script)
    assert not (world.home / "elsewhere").exists()
