"""The queue of events may overflow, and others may hold it; to ask costs next to nothing."""

from __future__ import annotations

import os
import select
import statistics
import time
import warnings
from pathlib import Path

import pytest

from mainspring.warm.freshness import Watch
from mainspring.warm.sight import Sight

from .watch_apart import LATER
from .watched import Program

QUEUE = Path("/proc/sys/fs/inotify/max_queued_events")


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "tree").mkdir()
    return Program(tmp_path / "tree")


def overflow(folder: Path) -> None:
    """More events than the queue holds, none of which matters; alike ones in a row would be one."""
    for number in range(int(QUEUE.read_text()) // 2 + 10):
        path = folder / f"{number % 2}.log"
        path.touch()
        path.unlink()


def test_an_overflow_alone_is_no_change(program: Program) -> None:
    watch = program.watch()
    overflow(program.root / "app")
    assert watch.find_change() is None
    (program.root / "app/json.py").touch()
    assert watch.find_change() is not None
    watch.close()


@pytest.mark.parametrize("path", ["app/plain.py", "app/json.py", "plugins/new"])
def test_a_change_whose_event_was_lost_is_seen(program: Program, path: str) -> None:
    watch = program.watch()
    overflow(program.root / "app")
    (program.root / path).write_text("#")
    assert watch.find_change() is not None
    watch.close()


def test_a_folder_made_anew_while_events_were_lost_is_not_taken_for_the_old_one(tmp_path: Path) -> None:
    folder = tmp_path / "searched"
    folder.mkdir()
    watch = Watch(set(), {str(folder)}, {"json"}, set(), Sight(time.time_ns() + LATER))
    overflow(tmp_path)
    folder.rmdir()
    folder.mkdir()
    assert watch.find_change() is not None
    watch.close()


def test_the_descriptor_is_readable_on_a_change_and_not_before(program: Program) -> None:
    watch = program.watch()
    assert watch.find_change() is None
    assert select.select([watch.descriptor], [], [], 0)[0] == []
    with (program.root / "app/app.log").open("a") as log:
        log.write("nothing of a lone script's folder that is only written to")
        log.flush()
    (program.root / "app/app.log").unlink()
    assert watch.find_change() is None
    (program.root / "app/script.py").write_text("")
    assert select.select([watch.descriptor], [], [], 0)[0] == [watch.descriptor]
    watch.close()


def fork() -> int:
    """As os.fork: CPython warns of the thread that a worker of pytest has, which is of no use here."""
    with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):
        return os.fork()


def test_a_child_that_holds_the_descriptor_does_no_harm(program: Program) -> None:
    watch = program.watch()
    end, begin = os.pipe()
    child = fork()
    if child == 0:
        os.close(begin)
        os.read(end, 1)
        watch.close()
        os._exit(0)
    (program.root / "app/plain.py").write_text("#")
    assert watch.find_change() is not None
    os.close(begin)
    assert os.waitpid(child, 0)[1] == 0
    os.close(end)
    watch.close()


def test_a_child_that_closes_it_ends_no_watch(program: Program) -> None:
    watch = program.watch()
    child = fork()
    if child == 0:
        watch.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert watch.find_change() is None
    (program.root / "app/plain.py").write_text("#")
    assert watch.find_change() is not None
    watch.close()


def test_to_ask_takes_microseconds(program: Program) -> None:
    watch = program.watch()
    times = []
    for _ in range(1000):
        began = time.perf_counter_ns()
        watch.find_change()
        times.append(time.perf_counter_ns() - began)
    assert statistics.median(times) < 50_000
    watch.close()


def test_a_watch_that_is_closed_leaves_no_descriptor(program: Program) -> None:
    before = os.listdir("/proc/self/fd")
    watch = program.watch()
    watch.close()
    watch.close()
    assert watch.descriptor == -1
    assert os.listdir("/proc/self/fd") == before
