"""^C while a start is being arranged ends the program as it ends a plain start."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from security.people import list_temporary, write_script

from .test_content import wait_until_aged
from .tracing import trace_start

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Kind, World

LONG = os.environ.get("MAINSPRING_LONG") == "1"
STEPS = 400 if LONG else 40
LONGEST = 0.08
PATIENCE = 10.0
#: plain Python, too, tells of an interrupt that comes while it can raise nothing, or where it looks for
#: an archive in the place of the script, and goes on or ends
LOST_BY_PYTHON = (b"Fatal Python error", b"Exception ignored in", b"Failed checking if argv[0]")
#: words that would tell the user of a fault that is not theirs
OURS = (b"mainspring", b"_start.py", b"sitecustomize.py")


def interrupt_after(world: World, kind: Kind, script: Path, seconds: float) -> tuple[int, bytes]:
    process = subprocess.Popen(
        world.command(kind, [script]),
        env=world.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    try:
        errors = process.communicate(timeout=PATIENCE)[1]
    except subprocess.TimeoutExpired:
        process.kill()
        errors = process.communicate()[1]
    return process.returncode, errors


def tells_of_ours(errors: bytes) -> bool:
    return any(word in errors for word in OURS)


@pytest.mark.timeout(600 if LONG else 120)
@pytest.mark.parametrize("kind", ["enabled", "run"])
def test_while_a_large_script_is_compiled(world: World, kind: Kind) -> None:
    """Most of these come while the hook compiles."""
    script = write_script(world, "x = [1, 2, 'three', (4, 5)]\n" * 3000 + "while True: pass\n")
    ends = []
    for step in range(STEPS):
        for entry in world.entries:
            entry.unlink()
        status, errors = interrupt_after(world, kind, script, step * LONGEST / STEPS)
        if not any(words in errors for words in LOST_BY_PYTHON):
            assert not tells_of_ours(errors), errors.decode()
            ends.append(status)
            assert errors == b"" or b"KeyboardInterrupt" in errors
    assert set(ends) == {-signal.SIGINT}
    assert len(ends) > STEPS * 3 // 4
    assert list_temporary(world.cache) == []


def test_the_program_gets_to_handle_one_that_came_before_it(world: World) -> None:
    """As under plain Python: it is raised at the first thing that the script does."""
    text = "x = [1, 2, 'three', (4, 5)]\n" * 3000
    script = write_script(world, text)
    whole = trace_start(world, script)
    place = next(place for place in whole.find("%tmp-") if whole.name(place).startswith("rename"))
    shutil.rmtree(world.cache.parent)
    started = trace_start(world, script, whole.target(place, "signal=SIGINT")).ended
    assert started.status == -signal.SIGINT
    lines = started.stderr.decode().splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert re.fullmatch(rf'  File "{re.escape(str(script))}", line [01], in <module>', lines[1])
    assert lines[-1] == "KeyboardInterrupt"
    assert world.read_log()[-1].outcome == "absent"


def test_one_that_comes_while_the_log_is_written_is_not_lost(world: World) -> None:
    script = write_script(world, "print('ran')\n")
    world.start("enabled", script)
    whole = trace_start(world, script)
    for place in whole.find(str(world.log)):
        started = trace_start(world, script, whole.target(place, "signal=SIGINT")).ended
        assert started.status == -signal.SIGINT, whole.calls[place]


@pytest.mark.timeout(600 if LONG else 120)
@pytest.mark.parametrize("cached", [False, True])
def test_at_each_call(world: World, cached: bool) -> None:
    """At each call that ours makes: none is lost, and none tells of us."""
    script = write_script(world, "print('ran')\n")
    wait_until_aged(script)
    world.start("enabled", script)
    prepare(world, cached=cached)
    whole = trace_start(world, script)
    first = whole.find("mainspring/_start.py")[0]
    last = whole.find(str(world.cache))[-1]
    lost, told = [], []
    for place in range(first, last + 1, 1 if LONG else 2):
        prepare(world, cached=cached)
        started = trace_start(world, script, whole.target(place, "signal=SIGINT")).ended
        # CPython itself tells of one that it met where it looks for an archive, and goes on
        if started.status == 0 and started.stderr == b"":
            lost.append(whole.calls[place])
        if tells_of_ours(started.stderr):
            told.append(whole.calls[place])
    assert (lost, told) == ([], [])


def prepare(world: World, *, cached: bool) -> None:
    """Let each start make the same calls: the same look, and no slice of the sweep."""
    later = time.time() + 1000
    os.utime(world.cache / "%sweep", (later, later))
    for entry in world.entries:
        if not cached:
            entry.unlink()
