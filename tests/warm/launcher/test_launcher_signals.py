"""Signals sent to the launcher are the program's."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from .stage import wait_until

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

    from .stage import Stage

#: all that can be sent and caught; Python has no handler for 32 and 33, which are the C library's
CATCHABLE = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})
COUNT = """
import os, pathlib, signal, sys, time
seen = pathlib.Path(sys.argv[1])
def note(number, frame):
    with seen.open("a") as file:
        file.write(f"{number}\\n")
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, note)
seen.touch()
while True:
    time.sleep(1000)
"""


def begin(warm: Stage, text: str, **how: Any) -> tuple[subprocess.Popen[bytes], Path]:
    """The program, and the file that it has made when it is ready.

    In a process group of its own it can be stopped, however the tests were started: nothing but SIGSTOP
    stops a group of which no process has its parent in another group of the session.
    """
    seen = warm.root / "seen"
    warm.write(text)
    started = warm.begin(warm.script, seen, **(how or {"process_group": 0}))
    wait_until(seen.exists)
    assert warm.requests()
    return started, seen


def read_state(pid: int) -> str:
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()[0]


def test_each_signal_that_can_be_caught_is_passed_on(warm: Stage) -> None:
    started, seen = begin(warm, COUNT)
    for number in CATCHABLE:
        started.send_signal(number)
        wait_until(lambda number=number: seen.read_text().split()[-1:] == [str(int(number))])
    assert seen.read_text().split() == [str(int(number)) for number in CATCHABLE]


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "ALRM", "USR2"])
def test_a_signal_that_ends_the_program_ends_the_launcher(warm: Stage, name: str) -> None:
    number = getattr(signal, f"SIG{name}")
    started, _ = begin(
        warm,
        f"import signal\nsignal.signal({number}, 0)\n"
        + COUNT.replace("for number in", "for _ in [] and"),
    )
    started.send_signal(number)
    assert started.wait(10) == -number


def test_signals_of_before_the_start_are_the_program_s_too(warm: Stage) -> None:
    """They are sent to a launcher whose host is stopped."""
    seen = warm.root / "seen"
    [host] = warm.notes("host")
    warm.write(COUNT)
    blocked = {signal.SIGUSR1, signal.SIGRTMIN}
    os.kill(host["pid"], signal.SIGSTOP)
    started = warm.begin(
        warm.script, seen, preexec_fn=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    )
    wait_until(lambda: os.readlink(f"/proc/{started.pid}/exe").endswith("mainspring"))
    started.send_signal(signal.SIGUSR1)
    started.send_signal(signal.SIGRTMIN)
    os.kill(host["pid"], signal.SIGCONT)
    wait_until(warm.requests)
    wait_until(seen.exists)
    child = int(next(line for line in children_of(host["pid"])))
    pending = wait_until(lambda: read_pending(child))
    assert pending == 1 << signal.SIGUSR1 - 1 | 1 << signal.SIGRTMIN - 1


def children_of(pid: int) -> list[str]:
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return file.read().split()


def read_pending(pid: int) -> int:
    with open(f"/proc/{pid}/status") as file:
        [line] = [line for line in file if line.startswith("ShdPnd:")]
    return int(line.split()[1], 16)


@pytest.mark.parametrize("name", ["TSTP", "TTIN", "TTOU"])
def test_the_launcher_stops_and_continues_with_the_program(warm: Stage, name: str) -> None:
    number = getattr(signal, f"SIG{name}")
    text = "import pathlib, sys, time\npathlib.Path(sys.argv[1]).touch()\ntime.sleep(1000)\n"
    started, _ = begin(warm, text)
    [host] = warm.notes("host")
    [child] = children_of(host["pid"])
    for turn in range(1, 4):
        started.send_signal(number)
        _, status = os.waitpid(started.pid, os.WUNTRACED)
        assert os.WIFSTOPPED(status)
        assert os.WSTOPSIG(status) == number
        assert read_state(int(child)) == "T"
        started.send_signal(signal.SIGCONT)
        # the host's wake is a SIGCONT, which would take away the next stop signal that is pending
        wait_until(lambda turn=turn: len(warm.notes("continued")) == turn)
        wait_until(lambda: read_state(int(child)) == "S" and read_state(started.pid) == "S")
    started.terminate()
    assert started.wait(10) == -signal.SIGTERM


def test_what_the_kernel_would_not_stop_goes_on(warm: Stage) -> None:
    """In a process group that nobody could continue, TSTP does nothing; the host's is no such group."""
    text = """
import pathlib, signal, sys, time
signal.signal(signal.SIGCONT, lambda *_: pathlib.Path(sys.argv[1]).write_text("goes on"))
pathlib.Path(sys.argv[1]).touch()
while True:
    time.sleep(1000)
"""
    started, seen = begin(warm, text, start_new_session=True)
    [host] = warm.notes("host")
    [child] = children_of(host["pid"])
    started.send_signal(signal.SIGTSTP)
    wait_until(seen.read_text)
    wait_until(lambda: read_state(int(child)) == "S" and read_state(started.pid) == "S")


def test_a_program_that_is_stopped_and_continued_by_others_takes_the_launcher_along(warm: Stage) -> None:
    text = "import pathlib, sys, time\npathlib.Path(sys.argv[1]).touch()\ntime.sleep(1000)\n"
    started, _ = begin(warm, text)
    [host] = warm.notes("host")
    [child] = map(int, children_of(host["pid"]))
    for number in (signal.SIGSTOP, signal.SIGTSTP) * 10:
        os.kill(child, number)
        _, status = os.waitpid(started.pid, os.WUNTRACED)
        assert os.WSTOPSIG(status) == number
        os.kill(child, signal.SIGCONT)
        wait_until(lambda: read_state(started.pid) == "S")
    os.kill(child, signal.SIGKILL)
    assert started.wait(10) == -signal.SIGKILL
