"""A slice of the sweep takes its budget, goes on where the last one stopped, and mends its state."""

from __future__ import annotations

import errno
import os
import random
import statistics
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from security.people import check_entries, write_script

from mainspring._native import read_folder
from mainspring.codecache.schedule import PASS_PAUSE
from mainspring.codecache.sweep import LEAST_BUDGET_NS, sweep
from mainspring.codecache.sweepstate import parse_state

from .trees import find_dead_process

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import World

    from .trees import Tree

MANY = 20_000
# a step more than the budget, and the state renamed over the last one, on a machine that is busy
GENEROUS = 30


def test_no_slice_of_a_huge_folder_makes_a_start_wait(tree: Tree) -> None:
    folder = tree.add_entry("first.py").parent
    script = tree.scripts / "first.py"
    for number in range(MANY):
        os.link(script, folder / f"{number}.py%.pyc")
    dead = tree.add_file(folder / f"%tmp-{find_dead_process()}-1")
    times = [tree.sweep_slice()]
    while dead.exists() or len(times) < 200:
        times.append(tree.sweep_slice())
        assert len(times) < MANY
    budget = LEAST_BUDGET_NS / 1e9
    assert statistics.median(times) < budget * GENEROUS
    assert statistics.quantiles(times, n=20)[-1] < budget * GENEROUS * 4


def test_slices_come_to_what_a_whole_sweep_does(tree: Tree) -> None:
    for number in range(300):
        tree.add_entry(f"{number % 7}/{number}.py", size=1000, age=number * 100.0)
    state = tree.cache / "%sweep"
    for _ in range(3000):
        tree.sweep_slice(100_000)
        stands = parse_state(state.read_text())
        if not stands.recent and not stands.folders and measure(tree) <= 100_000:
            break
    kept = tree.list_files()
    assert 0 < measure(tree) <= 100_000
    # the age of what is kept is told to a quarter
    assert max(int(path.name.partition(".")[0]) for path in kept) < 1.25 * len(kept)


def measure(tree: Tree) -> int:
    return sum(path.stat().st_size for path in tree.list_files())


def sweep_under(tree: Tree, bound: int) -> None:
    sweep(tree.root, {"MAINSPRING_MAX_SIZE": str(bound)}, 0)


def make_state(tree: Tree) -> bytes:
    """A state in the middle of a pass."""
    for number in range(200):
        tree.add_entry(f"folder/{number}.py", size=1000, age=float(number))
    state = tree.cache / "%sweep"
    tree.sweep_slice(50_000)
    while not parse_state(state.read_text()).folders:
        tree.sweep_slice(50_000)
    return state.read_bytes()


def test_a_damaged_state_ends_no_start(tree: Tree) -> None:
    whole = make_state(tree)
    chance = random.Random(3)  # noqa: S311 - to be repeated, not to be secret
    state = tree.cache / "%sweep"
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] = chance.choice(b"\0\n /0199-.x\xff")
        state.write_bytes(changed)
        sweep_under(tree, 1 << 30)
    assert state.read_bytes().startswith(b"2 ")


@pytest.mark.parametrize(
    "line",
    [
        b"9223372036854775808 0 build",
        b"-9223372036854775809 0 build",
        b"0 0 build/\0",
        b"0 0 ../scripts",
        b"0 0 /",
        b"0 0 .",
        b"7 0 build",
        b"0 0 build/build/build",
    ],
)
def test_a_state_that_leads_astray_is_not_followed(tree: Tree, line: bytes) -> None:
    whole = make_state(tree)
    theirs = tree.add_file(tree.scripts / "theirs.pyc", age=1e9)
    state = tree.cache / "%sweep"
    first, second, *_ = whole.split(b"\n")
    for _ in range(5):
        state.write_bytes(b"\n".join([first, second, line, b""]))
        sweep_under(tree, 1)
        sweep_under(tree, 1)
    assert theirs.exists()
    parse_state(os.fsdecode(state.read_bytes()))


def test_a_state_with_an_absolute_path_is_not_followed(tree: Tree) -> None:
    theirs = tree.add_file(tree.scripts / "%tmp-0", age=1e9)
    same_name = tree.cache / str(theirs)[1:]
    same_name.parent.mkdir(mode=0o700, parents=True)
    tree.add_file(same_name, age=1e9)
    first, second, *_ = make_state(tree).split(b"\n")
    line = b"0 0 " + os.fsencode(tree.scripts)
    (tree.cache / "%sweep").write_bytes(b"\n".join([first, second, line, b""]))
    sweep_under(tree, 1 << 30)
    assert theirs.exists()


@pytest.mark.parametrize("when", [b"nan", b"inf", b"-inf", b"1e300"])
@pytest.mark.parametrize("place", [1, 2, 3])
def test_a_state_with_a_time_that_is_none_is_begun_anew(tree: Tree, when: bytes, place: int) -> None:
    first, *rest = make_state(tree).split(b"\n")
    words = first.split(b" ")
    words[place] = when
    entry = tree.add_entry("gone.py")
    (tree.scripts / "gone.py").unlink()
    (tree.cache / "%sweep").write_bytes(b"\n".join([b" ".join(words), *rest]))
    for _ in range(30):
        sweep_under(tree, 1 << 30)
    assert not entry.exists()
    assert len(list(tree.cache.rglob("*.pyc"))) > 0


def test_a_folder_that_cannot_be_read_stops_no_pass(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    entry = tree.add_entry("gone.py")
    (tree.scripts / "gone.py").unlink()
    broken = tree.cache / "broken"
    broken.mkdir(mode=0o700)
    status = broken.stat()

    def read(descriptor: int, position: int, limit: int) -> tuple[list[tuple[str, int]], bool]:
        if os.path.samestat(os.fstat(descriptor), status):
            raise OSError(errno.EIO, "")
        return read_folder(descriptor, position, limit)

    monkeypatch.setattr("mainspring.codecache.sweep.read_folder", read)
    for _ in range(30):
        sweep_under(tree, 1 << 30)
    assert not entry.exists()
    assert parse_state((tree.cache / "%sweep").read_text()).folders == []


def put_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


@pytest.mark.parametrize("put", [os.mkfifo, put_link])
def test_something_else_in_the_state_s_place(tree: Tree, put: Callable[[Path], None]) -> None:
    entry = tree.add_entry("gone.py")
    (tree.scripts / "gone.py").unlink()
    put(tree.cache / "%sweep")
    for _ in range(30):
        sweep_under(tree, 1 << 30)
    assert not entry.exists()


def test_real_starts_bring_the_cache_under_its_bound(world: World) -> None:
    bound = 60_000
    script = write_script(world)
    for number in range(200):
        if number < 30:
            script = write_script(world, f"x = '{'x' * 8000}'\nprint({number})\n", f"{number}.py")
        else:
            script.write_text(f"print({number})\n")
        if world.cache.exists():
            os.utime(world.cache / "%sweep", (1, 1))  # as if the last slice were long ago
        environment = world.environment(MAINSPRING_MAX_SIZE=str(bound))
        assert world.start("enabled", script, env=environment).stdout == b"%d\n" % number
        left = sum(path.stat().st_size for path in world.entries)
        if number > 30 and left <= bound:
            break
    assert 0 < left <= bound


def test_a_sweep_in_the_middle_of_starts_breaks_none(world: World, tree: Tree) -> None:
    """Of a cache so small that every entry goes as soon as it is seen."""
    script = write_script(world)
    expected = world.start("plain", script)
    world.settings["MAINSPRING_CACHE_DIR"] = str(tree.cache)
    for _ in range(15):
        started = world.start("enabled", script)
        tree.sweep(0)
        assert started == expected
    run_together(world, script, tree.cache)
    check_entries(tree.cache)


def run_together(world: World, script: Path, cache: Path) -> None:
    expected = world.start("plain", script)
    code = (
        "import os, sys; from mainspring.codecache.sweep import sweep_all\n"
        "root = os.open(sys.argv[1], os.O_RDONLY)\n"
        "while True: sweep_all(root, 0)"
    )
    sweeper = subprocess.Popen([sys.executable, "-c", code, cache], stderr=subprocess.PIPE)
    try:
        for _ in range(30):
            assert world.start("enabled", script) == expected
    finally:
        sweeper.kill()
        errors = sweeper.communicate()[1]
    assert errors == b""


def test_starts_that_use_entries_bring_a_cache_that_grew_under_its_bound(world: World) -> None:
    many = 3000
    script = write_script(world)
    world.start("enabled", script)
    [entry] = world.entries
    for number in range(many):
        os.link(script, script.with_name(f"{number}.py"))
        os.link(entry, entry.with_name(f"{number}.py%.pyc"))
    bound = entry.stat().st_size * many // 2
    environment = world.environment(MAINSPRING_MAX_SIZE=str(bound))
    expected = world.start("plain", script)
    state = world.cache / "%sweep"
    os.utime(state, (1, 1))
    for _ in range(many // 10):
        assert world.start("enabled", script, env=environment) == expected
        if state.stat().st_mtime > time.time() + PASS_PAUSE / 2:
            break  # nothing is left to do
        let_due(state)
    assert 0 < sum(path.stat().st_size for path in world.entries) <= bound


def let_due(state: Path) -> None:
    """As if a pause between two slices were over."""
    due = state.stat().st_mtime
    os.utime(state, (min(due, time.time()), min(due, time.time())))


def test_no_slice_over_the_bound_takes_a_start_5_ms(tree: Tree) -> None:
    script = tree.add_entry("first.py", size=1000).parent
    source = tree.scripts / "first.py"
    for number in range(MANY):
        os.link(source, tree.scripts / f"{number}.py")
        os.link(script / "first.py%.pyc", script / f"{number}.py%.pyc")
    bound = MANY * 500
    times = [tree.sweep_slice(bound)]
    while measure(tree) > bound:
        times += [tree.sweep_slice(bound) for _ in range(100)]
        assert len(times) < MANY
    assert statistics.quantiles(times, n=100)[-1] < 0.005
    assert statistics.median(times) < 0.003
