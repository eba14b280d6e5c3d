"""Warm starts are counted with all others, and with what they saved."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from warm.parity.remains import wait_for

if TYPE_CHECKING:
    from warm.parity.world import WarmWorld

STARTS = 3
LONGEST_LOG = 4 * 64 * 1024  # as warm/counting.py has it


def test_status_counts_warm_starts(warm_world: WarmWorld) -> None:
    program = warm_world.write("program.py", "import argparse, decimal\n")
    warm_world.warm_up(program)
    before = read_outcome(warm_world)["count"]
    for _ in range(STARTS):
        warm_world.ask_for_warm(program)
    wait_for(lambda: read_outcome(warm_world)["count"] == before + STARTS, "counted")
    counted = read_outcome(warm_world)
    assert counted["saved_us"] > 1000 * counted["count"]
    assert str(program) in [row["program"] for row in read_status(warm_world)["programs"]]


def test_nothing_is_counted_where_nothing_may_be_written(warm_world: WarmWorld) -> None:
    program = warm_world.write("program.py", "import argparse, decimal\n")
    environment = {"PYTHONDONTWRITEBYTECODE": "1"}
    for _ in range(2):
        warm_world.start_warm(program, env=warm_world.environment(**environment))
    assert read_outcome(warm_world)["count"] == 0


def test_a_log_that_no_start_sums_up_has_an_end(warm_world: WarmWorld) -> None:
    program = warm_world.write("program.py", "import argparse, decimal\n")
    warm_world.warm_up(program)
    warm_world.list_hosts()  # before it answers, a host notes the uses that it has had
    [log] = warm_world.home.rglob("%starts")
    line = log.read_bytes().splitlines(keepends=True)[-1]
    log.write_bytes(line * (LONGEST_LOG // len(line) + 1))
    size = log.stat().st_size
    before = read_outcome(warm_world)["count"]
    for _ in range(STARTS):
        warm_world.ask_for_warm(program)
    [host] = warm_world.list_hosts()
    assert host["served"] >= STARTS
    assert log.stat().st_size == size
    warm_world.start("cold", program)
    wait_for(lambda: not log.exists() or log.stat().st_size < len(line) * STARTS, "summed up")
    warm_world.ask_for_warm(program)
    wait_for(lambda: read_outcome(warm_world)["count"] == before + 1, "counted again")


def read_status(world: WarmWorld) -> dict[str, Any]:
    done = subprocess.run(
        [world.launcher, "status", "--json"], env=world.environment(), capture_output=True, check=True
    )
    starts: dict[str, Any] = json.loads(done.stdout)["starts"]
    return starts


def read_outcome(world: WarmWorld) -> dict[str, Any]:
    """What is counted of warm starts."""
    rows = read_status(world)["outcomes"]
    return next((row for row in rows if row["verdict"] == "warm"), {"count": 0})
