"""The stack of a process is seen from outside, without harm to it; or it is said why it is not."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from security.people import need, need_root

from gateway.laws import law
from gateway.slow import SLOW, running
from mainspring.gateway import stack as stack_module
from mainspring.gateway.stack import (
    NOT_INSTALLED,
    REFUSED,
    TOO_SLOW,
    explain_failure,
    read_dump,
    take_stack,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_no_value_of_a_variable_is_logged(tmp_path: Path) -> None:
    with running(SLOW, tmp_path) as (process, _):
        stack = asyncio.run(take_stack(process))
    assert stack.is_known
    assert "hunter2" not in "".join(stack.lines)


def test_a_script_goes_on_unharmed_while_it_is_looked_at(tmp_path: Path) -> None:
    code = (
        "import time\nprint('ready', flush=True)\nend = time.monotonic() + 1\n"
        "while time.monotonic() < end: sum(range(1000))\nprint('done', flush=True)\n"
    )
    script = tmp_path / "busy.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        stacks = [asyncio.run(take_stack(child.pid)) for _ in range(10)]
        assert child.stdout.read() == b"done\n"
    assert child.returncode == 0
    assert any(stack.is_known for stack in stacks)


def test_all_threads_are_shown(tmp_path: Path) -> None:
    code = (
        "import threading, time\ndef work():\n    print('ready', flush=True)\n    time.sleep(600)\n"
        "thread = threading.Thread(target=work)\nthread.start()\nthread.join()\n"
    )
    with running(code, tmp_path) as (process, script):
        lines = asyncio.run(take_stack(process)).lines
    assert sum(line.startswith("thread ") for line in lines) == 2
    assert f'File "{script}", line 4, in work' in lines


def test_a_deep_stack_is_cut_in_the_middle(tmp_path: Path) -> None:
    code = (
        "import time\ndef fall(depth):\n    if depth:\n        fall(depth - 1)\n"
        "    print('ready', flush=True)\n    time.sleep(600)\nfall(500)\n"
    )
    with running(code, tmp_path) as (process, _):
        lines = asyncio.run(take_stack(process)).lines
    assert len(lines) == 61
    assert lines[30] == "... 442 frames left out here"
    assert lines[0].endswith("in <module>")
    assert lines[-1].endswith("line 6, in fall")


def test_a_process_that_is_no_python_is_told_of() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        stack = asyncio.run(take_stack(child.pid))
        child.kill()
    assert not stack.is_known
    [why] = stack.lines
    assert why.startswith("no stack: py-spy failed (")


# ---- what stands in the way -------------------------------------------------------------------


def test_without_py_spy_the_line_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/python3-elsewhere")
    monkeypatch.setenv("PATH", "/nonexistent")
    assert asyncio.run(take_stack(os.getpid())) == ((NOT_INSTALLED,), False)
    assert "mainspring[slowlog]" in NOT_INSTALLED


def test_a_system_that_refuses_is_told_of_with_what_to_do(tmp_path: Path) -> None:
    need_root()
    need(shutil.which("setpriv"), "setpriv, of util-linux")
    code = (
        "import asyncio, sys; from mainspring.gateway.stack import take_stack\n"
        "print(*asyncio.run(take_stack(int(sys.argv[1]))).lines)"
    )
    powerless = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]
    with running(SLOW, tmp_path) as (process, _):
        command = [*powerless, sys.executable, "-c", code, str(process)]
        said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert said.strip() == REFUSED
    assert "ptrace_scope" in REFUSED


def write_spy(folder: Path, text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another py-spy, which does what it is told."""
    spy = folder / "py-spy"
    spy.write_text(f"#!/bin/sh\n{text}\n")
    spy.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(folder / "python"))


def test_a_py_spy_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_spy(tmp_path, f"echo $$ > {tmp_path}/spy.pid; exec sleep 600", monkeypatch)
    monkeypatch.setattr(stack_module, "PATIENCE", 0.3)
    monkeypatch.setattr(stack_module, "TRIES", 1)
    assert asyncio.run(take_stack(1)).lines == (TOO_SLOW,)
    with pytest.raises(ProcessLookupError):
        os.kill(int((tmp_path / "spy.pid").read_text()), signal.SIGTERM)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("echo nonsense", "what py-spy says cannot be read"),
        ("echo '[{}]'", "what py-spy says cannot be read"),
        ("echo '[]'", "py-spy sees no Python"),
        ("echo 'Error: no such luck' >&2; exit 1", "py-spy failed (no such luck)"),
        ("exit 3", "py-spy failed (no word of why)"),
        ("head -c 50000000 /dev/zero", "what py-spy says cannot be read"),
    ],
)
def test_a_py_spy_that_fails_costs_the_stack_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str
) -> None:
    write_spy(tmp_path, text, monkeypatch)
    [line] = asyncio.run(take_stack(1)).lines
    assert why in line


def test_py_spy_has_nothing_of_the_gateways_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What scripts do not get, they could read of another process of their user."""
    write_spy(tmp_path, f"env > {tmp_path}/seen", monkeypatch)
    monkeypatch.setenv("DATABASE_PASSWORD", "hunter2")
    asyncio.run(take_stack(1))
    assert "hunter2" not in (tmp_path / "seen").read_text()


@law(100)
@given(st.binary(max_size=200))
def test_whatever_py_spy_says_is_read_or_refused(said: bytes) -> None:
    assert read_dump(said).lines
    assert explain_failure(said).lines
