"""Whichever system call on our own files fails, and however, the program runs as it would."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from security.people import check_entries, list_temporary, write_script

from .tracing import trace_start

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Ended, World

ERRORS = ("EIO", "ENOSPC", "EACCES", "ENOENT", "EMFILE")
LONG = os.environ.get("MAINSPRING_LONG") == "1"


def make_absent(world: World, script: Path) -> None:
    del script
    shutil.rmtree(world.cache.parent, ignore_errors=True)


def make_stale(world: World, script: Path) -> None:
    before = script.read_text()
    script.write_text("print('older')\n")
    world.start("enabled", script)
    script.write_text(before)


def make_touched(world: World, script: Path) -> None:
    world.start("enabled", script)
    os.utime(script, (1, 1))


def make_hit(world: World, script: Path) -> None:
    os.utime(script, (1, 1))
    world.start("enabled", script)
    for entry in world.entries:
        os.utime(entry, (1, 1))  # so that its last use is noted


STATES = {"absent": make_absent, "stale": make_stale, "refreshed": make_touched, "hit": make_hit}


@pytest.mark.timeout(600 if LONG else 120)
@pytest.mark.parametrize("state", STATES)
def test_any_call_may_fail(world: World, state: str) -> None:
    script = write_script(world, "print('ran')\n" + "x = [1, 2, 3]\n" * 50)
    expected: Ended = world.start("plain", script)
    STATES[state](world, script)
    whole = trace_start(world, script)
    assert whole.ended == expected
    places = whole.find(str(world.cache))
    assert len(places) > 10
    for number, place in enumerate(places):
        errors = ERRORS if LONG else ERRORS[number % len(ERRORS) :][:1]
        for error in errors:
            STATES[state](world, script)
            failed = trace_start(world, script, whole.target(place, f"error={error}"))
            assert failed.ended == expected, (whole.calls[place], error)
            assert any("INJECTED" in call for call in failed.calls), whole.calls[place]
    assert world.start("enabled", script) == expected
    assert check_entries(world.cache) == 1


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EDQUOT"])
@pytest.mark.parametrize("call", ["write", "rename", "close", "openat"])
def test_no_temporary_file_is_left(world: World, call: str, error: str) -> None:
    """But where nothing can be removed either, which the sweep is for."""
    script = write_script(world, "print('ran')\n" + "x = [1, 2, 3]\n" * 50)
    expected = world.start("plain", script)
    whole = trace_start(world, script)
    assert whole.ended == expected
    places = [place for place in whole.find("%tmp-") if whole.name(place).startswith(call)]
    assert places
    for place in places:
        make_absent(world, script)
        failed = trace_start(world, script, whole.target(place, f"error={error}"))
        assert failed.ended == expected
        assert list_temporary(world.cache) == [], whole.calls[place]
