"""Whoever is killed, and when: what is waited for says what it would, and nothing is left running."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from .dialogue import await_reading, prepare_program
from .remains import list_descendants, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .world import WarmWorld

LONG = os.environ.get("MAINSPRING_LONG") == "1"
STEPS = 300 if LONG else 40
LONGEST = 0.04
#: what no process can do anything about, or what does not end one
NOT_DEADLY = {signal.SIGCHLD, signal.SIGCONT, signal.SIGURG, signal.SIGWINCH,
              signal.SIGSTOP, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU}  # fmt: skip
IGNORED_BY_PYTHON = {signal.SIGPIPE, signal.SIGXFSZ}
ALL_SIGNALS = sorted(signal.valid_signals())
DEADLY = [number for number in ALL_SIGNALS if number not in NOT_DEADLY]
TELLING = """\
import argparse, json, logging, os, signal, sys
if sys.argv[1:] == ["warm-up"]:
    sys.exit()
for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, lambda number, frame: os.write(1, b"%d\\n" % number))
with open("new-pid", "w") as file:
    file.write(str(os.getpid()))
os.rename("new-pid", "pid")
while True:
    signal.pause()
"""
ENDLESS = """\
import argparse, json, logging, os, signal, sys
if sys.argv[1:] == ["warm-up"]:
    sys.exit()
print("begun", flush=True)
while True:
    signal.pause()
"""


@contextmanager
def started(world: WarmWorld, kind: str, *words: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A start of the program, which reads by now, and the number of its process."""
    process = world.begin(
        kind,
        "program.py",
        *words,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=forbid_cores,
    )
    try:
        yield process, await_reading(world)
    finally:
        process.kill()
        for stream in (process.stdin, process.stdout, process.stderr):
            if stream is not None:
                stream.close()
        process.wait()


def forbid_cores() -> None:
    import resource

    # the hard one selects a host
    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def end_by(world: WarmWorld, kind: str, number: int, whom: str) -> tuple[int, bytes, bytes]:
    """How the start ended when *whom* was sent the signal *number*, and all that it wrote."""
    with started(world, kind) as (process, child):
        os.kill(process.pid if whom == "launcher" else child, number)
        if number not in IGNORED_BY_PYTHON:
            process.wait(10)  # with its standard input open: nothing else ends it
            # its host ends it when the launcher is killed, and it must not read on until then
            wait_for(lambda: not is_there(child), "gone: the child")
        output, errors = process.communicate(timeout=10)
        return process.returncode, output, errors


@pytest.fixture
def ready(warm_world: WarmWorld) -> WarmWorld:
    prepare_program(warm_world)
    warm_world.warm_up("program.py")
    return warm_world


@pytest.mark.parametrize("whom", ["launcher", "child"])
def test_each_signal_ends_a_program_as_it_would(ready: WarmWorld, whom: str) -> None:
    plain = {number: end_by(ready, "plain", number, whom) for number in DEADLY}
    ready.log.unlink()
    warm = {number: end_by(ready, "warm", number, whom) for number in DEADLY}
    assert warm == plain
    assert ready.is_log_warm, ready.explain()


def test_each_signal_that_is_handled(warm_world: WarmWorld) -> None:
    warm_world.write("program.py", TELLING)
    warm_world.warm_up("program.py")
    for kind in ("plain", "warm"):
        with started(warm_world, kind) as (process, child):
            assert process.stdout
            for whom in {process.pid, child}:
                for number in set(ALL_SIGNALS) - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
                    os.kill(whom, number)
                    assert process.stdout.readline() == b"%d\n" % number
    assert warm_world.is_log_warm, warm_world.explain()


@pytest.mark.parametrize("kind", ["plain", "warm"])
def test_a_shell_waits_and_is_told(ready: WarmWorld, kind: str) -> None:
    """`kill`, `wait` and `$?` of a shell without job control, whose background jobs ignore ^C."""
    command = shlex.join(map(str, ready.command(kind, ["program.py"])))
    shown = []
    for number in ("TERM", "KILL", "HUP", "USR1", "RTMIN+1"):
        text = (
            f"rm -f way pid; mkfifo way; {command} <way >/dev/null & exec 8>way;"
            " until [ -e pid ]; do :; done;"
            f" kill -INT $!; kill -{number} $!; wait $!; echo $?"
        )
        done = subprocess.run(["bash", "-c", text], cwd=ready.work, env=ready.environment(), check=False,
                              capture_output=True, timeout=30)  # fmt: skip
        shown.append(done.stdout.split()[-1])
    assert shown == [b"143", b"137", b"129", b"138", b"163"]


def test_the_launcher_is_killed(ready: WarmWorld) -> None:
    with started(ready, "warm") as (process, child):
        process.kill()
        assert process.wait() == -signal.SIGKILL
        wait_for(lambda: not is_there(child), "gone: the child", 1)
    ready.start_warm("program.py")


def test_the_child_is_killed(ready: WarmWorld) -> None:
    with started(ready, "warm") as (process, child):
        os.kill(child, signal.SIGKILL)
        assert process.wait(1) == -signal.SIGKILL
    ready.start_warm("program.py")


def test_the_host_is_killed(ready: WarmWorld) -> None:
    """The program is gone, and its end is told as one by SIGKILL."""
    host = ready.find_host()
    with started(ready, "warm") as (process, child):
        os.kill(host, signal.SIGKILL)
        assert process.wait(1) == -signal.SIGKILL
        wait_for(lambda: not is_there(child), "gone: the child", 1)
    ready.assert_nothing_runs()
    assert ready.ask_for_warm("program.py").stdout == b"begun\nend\n"
    ready.warm_up("program.py")
    assert ready.find_host() != host


def test_a_host_that_is_stopped_by_its_command_lets_programs_finish(ready: WarmWorld) -> None:
    host = ready.find_host()
    with started(ready, "warm") as (process, _):
        os.kill(host, signal.SIGTERM)
        wait_for(lambda: not ready.list_hosts(), "ended: the host")
        process.communicate(b"line\nexit 4\n", timeout=5)
        assert process.returncode == 4
    wait_for(lambda: not is_there(host), "gone: the host")


def is_there(number: int) -> bool:
    return any(process.number == number and process.runs for process in list_descendants())


# ---- at any moment ------------------------------------------------------------------------------


@pytest.mark.timeout(600 if LONG else 120)
@pytest.mark.parametrize("whom", ["launcher", "host", "children"])
def test_killed_at_any_moment(warm_world: WarmWorld, whom: str) -> None:
    program = "program.py"
    ends = []
    for step in range(STEPS if whom == "launcher" else STEPS // 3):
        if step == 0 or whom == "host":
            # another program: no host comes up soon after one that ended at once
            program = warm_world.write(f"program-{step}.py", ENDLESS).name
            warm_world.warm_up(program)
        process = start_endless(warm_world, program)
        try:
            process.wait(LONGEST * step / STEPS)
        except subprocess.TimeoutExpired:
            pass
        kill(warm_world, whom, process)
        ends.append(end_of(process, whom))
        warm_world.assert_nothing_runs()
    assert set(ends) == {-signal.SIGKILL}


def start_endless(world: WarmWorld, program: str) -> subprocess.Popen[bytes]:
    return world.begin("warm", program, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill(world: WarmWorld, whom: str, process: subprocess.Popen[bytes]) -> None:
    """Kill the launcher, or the host, or all of the host's children."""
    hosts = [] if whom == "launcher" else [int(host["pid"]) for host in world.list_hosts()]
    children = [one.number for one in list_descendants() if one.parent in hosts]
    for number in {"launcher": [process.pid], "host": hosts, "children": children}[whom]:
        try:
            os.kill(number, signal.SIGKILL)
        except ProcessLookupError:
            pass


def end_of(process: subprocess.Popen[bytes], whom: str) -> int:
    """How the start ended; if it went cold as nobody answered, it is ended now."""
    if whom != "launcher":
        try:
            return process.wait(0.3)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait(10)
