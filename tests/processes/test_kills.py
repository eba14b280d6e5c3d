"""A start that is killed leaves no broken entry, and nothing that the next sweep does not remove."""

from __future__ import annotations

import os
import random
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.people import check_entries, list_temporary, write_script

from mainspring.codecache.sweep import sweep_all
from mainspring.codecache.tally import read_totals

from .tracing import trace_start

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

LONG = os.environ.get("MAINSPRING_LONG") == "1"
KILLS = 10_000 if LONG else 60
LONGEST = 0.04


def sweep(cache: Path) -> None:
    root = os.open(cache, os.O_RDONLY)
    try:
        sweep_all(root, 1 << 30)
    finally:
        os.close(root)


def kill_after(world: World, script: Path, seconds: float) -> int:
    process = subprocess.Popen(
        world.command("enabled", [script]), env=world.environment(), stdout=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
    return process.wait()


@pytest.mark.timeout(3600 if LONG else 120)
def test_kills_at_any_time(world: World) -> None:
    chance = random.Random(2)  # noqa: S311 - to be repeated, not to be secret
    filling = "x = [1, 2, 'three', (4, 5)]\n" * 800
    ends = []
    for number in range(KILLS):
        script = write_script(world, f"print({number})\n{filling}")
        ends.append(kill_after(world, script, chance.uniform(0, LONGEST)))
        check_entries(world.cache)
        if number % 20 == 0:
            assert world.start("enabled", script).stdout == b"%d\n" % number
    assert ends.count(-signal.SIGKILL) > KILLS // 10
    sweep(world.cache)
    assert list_temporary(world.cache) == []


@pytest.mark.timeout(600 if LONG else 120)
def test_kills_at_each_call_of_a_start_that_writes(world: World) -> None:
    script = write_script(world, "print(0)\n")
    world.start("enabled", script)
    script.write_text("print(1)\n")
    whole = trace_start(world, script)
    places = whole.find(str(world.cache))
    ends = []
    for place in places if LONG else places[::2]:
        script.write_text(f"print({place})\n")
        killed = trace_start(world, script, whole.target(place, "signal=SIGKILL"))
        ends.append(killed.ended.status)
        check_entries(world.cache)
        assert world.start("enabled", script).stdout == b"%d\n" % place
    assert ends.count(-signal.SIGKILL) > len(ends) // 2
    sweep(world.cache)
    assert list_temporary(world.cache) == []
    assert check_entries(world.cache) == 1


def test_what_a_kill_leaves_goes_with_later_starts(world: World) -> None:
    script = write_script(world, "print(0)\n")
    world.start("enabled", script)
    script.write_text("print(1)\n")
    whole = trace_start(world, script)
    renames = [place for place in whole.find("%tmp-") if whole.name(place).startswith("rename")]
    script.write_text("print(2)\n")
    trace_start(world, script, whole.target(renames[0], "error=EIO:signal=SIGKILL"))
    assert len(list_temporary(world.cache)) == 1
    for number in range(50):
        os.utime(world.cache / "%sweep", (1, 1))  # as if the last slice were long ago
        world.start("enabled", write_script(world, f"print({number + 3})\n"))
        if list_temporary(world.cache) == []:
            break
    assert list_temporary(world.cache) == []
    assert check_entries(world.cache) == 1


def test_counts_survive_a_kill_while_they_are_summed_up(world: World) -> None:
    script = write_script(world, "print(0)\n")
    world.start("enabled", script)
    log = world.cache / "%starts"
    line = log.read_bytes()
    log.write_bytes(line * (66_000 // len(line)))
    starts = len(log.read_bytes().splitlines())
    whole = trace_start(world, script)
    [place] = [place for place in whole.find("%sums") if whole.name(place).startswith("rename")]
    log.write_bytes(line * starts)
    (world.cache / "%sums").unlink()
    trace_start(world, script, whole.target(place, "error=EIO:signal=SIGKILL"))
    log.write_bytes(line * starts)
    world.start("enabled", script)
    root = os.open(world.cache, os.O_RDONLY)
    try:
        assert sum(number for number, _, _ in read_totals(root).values()) == 2 * starts + 2
    finally:
        os.close(root)
