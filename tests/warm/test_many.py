"""Thousands of warm starts, 16 at a time: each is its own, and the host stays what it was."""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from warm.parity.remains import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warm.parity.world import WarmWorld

LONG = os.environ.get("MAINSPRING_LONG") == "1"
STARTS = 10_000 if LONG else 320
AT_A_TIME = 16
#: before these, a host has not yet touched all that it touches for a start
FIRST_STARTS = 200 if LONG else 64
GROWTH = 5 * 1024  # KiB
PROGRAM = """\
import argparse, decimal, email.message, json, logging, os, random, sys, tempfile
said = sys.stdin.read()
print(sys.argv[1], os.environ["NUMBER"], said, os.path.basename(os.getcwd()))
print(sys.argv[1], file=sys.stderr)
kept = [bytes(1000) for _ in range(1000)]
sys.exit(int(sys.argv[1]) % 100)
"""


@dataclass(frozen=True)
class Held:
    """What a host holds: memory in KiB, descriptors, and children."""

    resident: int
    proportional: int
    private: int
    descriptors: int
    children: int


def start_one(world: WarmWorld, number: int) -> str | None:
    """Make a start; None, or in what it was not as it should be."""
    word = f"{number}"
    done = subprocess.run(
        world.command("warm", [world.work / "program.py", word]),
        input=word.encode(),
        capture_output=True,
        env=world.environment(NUMBER=word),
        cwd=world.work,
        check=False,
        timeout=60,
    )
    seen = (done.returncode, done.stdout.decode(), done.stderr.decode())
    expected = (number % 100, f"{word} {word} {word} work\n", f"{word}\n")
    return None if seen == expected else f"{number}: {seen}"


def start_many(world: WarmWorld, numbers: range) -> list[str]:
    """Make starts, 16 at a time; what was wrong with any."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return [wrong for wrong in pool.map(lambda number: start_one(world, number), numbers) if wrong]


def hold(host: int) -> Held:
    """What the *host* holds when nothing runs but the child that it has ready."""
    wait_for(lambda: is_at_rest(host), "at rest, with one child")
    memory = dict(read_memory(host))
    return Held(
        memory["Rss"],
        memory["Pss"],
        memory["Private_Clean"] + memory["Private_Dirty"],
        len(os.listdir(f"/proc/{host}/fd")),
        count_children(host),
    )


def is_at_rest(host: int) -> bool:
    """Whether it waits, and has taken note of the end of each start: none is left as a zombie."""
    state = Path(f"/proc/{host}/stat").read_text().rpartition(")")[2].split()[0]
    return state == "S" and count_children(host) == 1


def count_children(host: int) -> int:
    return len(Path(f"/proc/{host}/task/{host}/children").read_text().split())


def read_memory(host: int) -> Iterator[tuple[str, int]]:
    for line in Path(f"/proc/{host}/smaps_rollup").read_text().splitlines()[1:]:
        name, amount, *_ = line.split()
        yield name.rstrip(":"), int(amount)


@pytest.mark.timeout(1200)
def test_thousands_of_starts_leave_the_host_as_it_was(warm_world: WarmWorld) -> None:
    warm_world.write("program.py", PROGRAM)
    warm_world.repeat_until_warm(lambda: start_one(warm_world, 1))
    assert start_many(warm_world, range(FIRST_STARTS)) == []
    host = warm_world.find_host()
    before = hold(host)
    warm_world.log.unlink()

    assert start_many(warm_world, range(STARTS)) == []

    after = hold(host)
    print(f"\nbefore: {before}\nafter:  {after}\nserved: {warm_world.list_hosts()}")
    outcomes = Counter(line.outcome for line in warm_world.read_log())
    assert outcomes == {"warm": STARTS}, warm_world.explain()
    assert warm_world.find_host() == host
    assert after.descriptors == before.descriptors
    assert after.resident - before.resident <= GROWTH
    assert after.private - before.private <= GROWTH
    warm_world.assert_nothing_runs()
