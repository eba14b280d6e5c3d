"""Which way a start goes that was asked to be warm: recorded, cold, or through a host."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .stage import wait_until

if TYPE_CHECKING:
    from .stage import Stage


def test_without_a_recipe_a_start_is_recorded(stage: Stage) -> None:
    assert stage.run().stdout == b"ran\n"
    [cold] = stage.notes("cold")
    assert cold["warm"] == f"record:{stage.identify()}"
    assert stage.reasons() == ["recorded"]
    assert not stage.notes("helper")


def test_with_the_second_recorded_start_a_host_comes_up_once_the_recipe_is_ready(stage: Stage) -> None:
    stage.put_recipe("recording", 1)
    stage.write("input()\nprint('ran')\n")
    reader, writer = os.pipe()
    program = stage.begin(stdin=reader)
    wait_until(lambda: stage.notes("cold"))
    assert stage.notes("cold")[0]["warm"].startswith("record:")
    stage.put_recipe("ready", 2)
    wait_until(lambda: stage.notes("host"))
    os.write(writer, b"\n")
    assert program.wait() == 0
    stage.write("print('ran')\n")
    assert stage.run().stdout == b"ran\n"
    assert len(stage.requests()) == 1
    for number in (reader, writer):
        os.close(number)


def test_without_a_host_a_start_is_cold_and_not_recorded_and_the_next_has_a_host(stage: Stage) -> None:
    stage.put_recipe()
    assert stage.run().stdout == b"ran\n"
    assert [cold["warm"] for cold in stage.notes("cold")] == [""]
    wait_until(lambda: stage.notes("host"))
    assert stage.run().stdout == b"ran\n"
    assert stage.reasons() == ["no-host"]
    assert len(stage.notes("cold")) == len(stage.requests()) == 1


def test_a_program_that_is_never_warm_is_started_cold(stage: Stage) -> None:
    stage.put_recipe("never nothing-to-gain")
    assert stage.run().stdout == b"ran\n"
    assert [cold["warm"] for cold in stage.notes("cold")] == [""]
    assert stage.reasons() == ["never"]


def test_starts_at_the_same_time_bring_up_one_host(stage: Stage) -> None:
    stage.put_recipe()
    started = [stage.begin() for _ in range(8)]
    assert [program.wait() for program in started] == [0] * 8
    wait_until(lambda: stage.notes("host"))
    assert len(stage.notes("helper")) == 1


def test_a_host_that_does_not_come_up_is_tried_less_and_less_often(stage: Stage) -> None:
    """Once more at once, and then after twice as long each time."""
    stage.put_recipe()
    stage.behave("does not come")
    for tries in (1, 2):
        wait_until(lambda tries=tries: stage.run() and len(stage.notes("helper")) == tries)
    [lock] = stage.folder.glob("*.lock")
    lock.write_text("+" * 7)
    for _ in range(5):
        assert stage.run().stdout == b"ran\n"
    a_while_ago = time.time() - 32
    os.utime(lock, (a_while_ago, a_while_ago))
    wait_until(lambda: stage.run() and len(stage.notes("helper")) > 2)
    assert len(stage.notes("helper")) == 3
    assert lock.read_text() == "+" * 8


def test_a_helper_that_was_killed_stands_in_nobody_s_way(stage: Stage) -> None:
    """Nor does a host that was killed before it was up."""
    stage.put_recipe()
    stage.behave("hangs on its way")
    stage.run()
    [first] = wait_until(lambda: stage.notes("helper"))
    stage.behave("serve")
    assert stage.run().stdout == b"ran\n"
    os.kill(first["pid"], signal.SIGKILL)
    wait_until(lambda: is_gone(first["pid"]))
    assert stage.run().stdout == b"ran\n"
    wait_until(lambda: stage.notes("host"))
    assert len(stage.notes("helper")) == 2


def is_gone(process: int) -> bool:
    """Whether it holds nothing any more."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state in "ZX"


def list_helpers(stage: Stage) -> list[int]:
    """The processes of the launcher that no start waits for."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal():
            try:
                if (entry / "exe").readlink() == stage.launcher.resolve():
                    found.append(int(entry.name))
            except OSError:
                pass
    return found


def count_switches(process: int) -> int:
    """How often the process has waited for something."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("voluntary_ctxt_switches"))


def test_of_many_recorded_starts_one_leaves_a_process_that_waits_asleep(stage: Stage) -> None:
    stage.put_recipe("recording", 1)
    stage.write("input()\n")
    reader, writer = os.pipe()
    programs = [stage.begin(stdin=reader) for _ in range(20)]
    wait_until(lambda: len(stage.notes("cold")) == 20)
    [helper] = wait_until(lambda: len(found := list_helpers(stage)) == 1 and found)
    wait_until(lambda: "poll" in Path(f"/proc/{helper}/wchan").read_text())
    before = count_switches(helper)
    for _ in range(20):
        stage.run()
    assert count_switches(helper) == before
    wait_until(lambda: list_helpers(stage) == [helper])
    os.close(writer)
    assert [program.wait() for program in programs] == [1] * 20
    os.close(reader)
    wait_until(lambda: is_gone(helper))
    assert not stage.notes("helper")
    assert list(stage.folder.glob("*.lock")) == []


@pytest.mark.parametrize(
    ("damage", "meaning"),
    [
        (lambda text: text.replace("mainspring-recipe 1", "mainspring-recipe 2"), "recorded"),
        (lambda text: text.replace("state ready", "state already"), "recorded"),
        (lambda text: text.replace("starts 2", "starts two"), "recorded"),
        (lambda text: text.replace("end\n", "env A=B\nend\n"), "recorded"),
        (lambda text: text.replace("end\n", ""), "recorded"),
        (lambda text: text.replace("program", "pro\0gram"), "recorded"),
        (lambda text: text.replace("end\n", "env " + "A" * 70000 + "\nend\n"), "recorded"),
        (lambda text: text.replace("end\n", "env A\nenv _b1\nend\n"), "no-host"),
        (lambda text: text + "ahead \0" + "x" * 100000, "no-host"),
        (lambda text: text.partition("ahead")[0], "no-host"),
    ],
)
def test_a_recipe_that_cannot_be_read_counts_as_absent(
    stage: Stage, damage: object, meaning: str
) -> None:
    assert callable(damage)
    recipe = stage.put_recipe()
    recipe.write_text(
        damage(recipe.read_text()).partition("ahead \0")[0]
        if meaning == "recorded"
        else damage(recipe.read_text()).replace("ahead \0", "ahead ")
    )
    assert stage.run().stdout == b"ran\n"
    assert stage.reasons() == [meaning]
