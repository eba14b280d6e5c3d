"""The launcher ends as the program ended."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from .stage import wait_until

if TYPE_CHECKING:
    from .stage import Stage

BEGUN = "import pathlib, sys; pathlib.Path(sys.argv[1]).touch()\n"


@pytest.mark.parametrize("status", [0, 1, 2, 77, 127, 128, 130, 255])
def test_the_exit_status_is_the_program_s(warm: Stage, status: int) -> None:
    warm.write(f"raise SystemExit({status})\n")
    assert warm.run().returncode == status
    assert len(warm.requests()) == 1


@pytest.mark.parametrize(
    "number", ["TERM", "KILL", "SEGV", "ABRT", "INT", "HUP", "USR1", "RTMIN", "RTMAX"]
)
def test_a_program_that_dies_by_a_signal_takes_the_launcher_along(warm: Stage, number: str) -> None:
    code = getattr(signal, f"SIG{number}")
    warm.write(
        f"import os, signal\nif {code} != 9:\n    signal.signal({code}, 0)\n"
        f"os.kill(os.getpid(), {code})\n"
    )
    assert warm.run(cwd=warm.root).returncode == -code
    assert len(warm.requests()) == 1
    assert not list(warm.root.glob("core*"))


def test_the_program_is_killed_when_the_launcher_is(warm: Stage) -> None:
    begun = warm.root / "begun"
    warm.write(BEGUN + "import time; time.sleep(1000)\n")
    started = warm.begin(warm.script, begun)
    wait_until(begun.exists)
    started.kill()
    started.wait()
    [end] = wait_until(lambda: warm.notes("ended"))
    assert os.WTERMSIG(end["status"]) == signal.SIGKILL


@pytest.mark.parametrize("behaviour", ["breaks off", "breaks off in garbage"])
def test_a_host_that_is_lost_after_the_start_is_the_end_by_sigkill(warm: Stage, behaviour: str) -> None:
    warm.behave(behaviour)
    begun = warm.python.parent / "begun"
    warm.write(BEGUN + "import time; time.sleep(1000)\n")
    started = warm.begin(warm.script, begun, stdout=subprocess.DEVNULL)
    assert started.wait(10) == -signal.SIGKILL
