"""A slow request is logged while it runs, with the stack of its script, or with why there is none."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from security.people import need, need_root

from gateway.telling import PARAMS, make_served, until
from mainspring.gateway import stack as stack_module
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.operating import Logs, open_journal
from mainspring.gateway.slowlog import MOST_NAMES, describe_request, hide_values
from mainspring.gateway.stack import (
    NOT_INSTALLED,
    REFUSED,
    TOO_SLOW,
    explain_failure,
    read_dump,
    take_stack,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from mainspring.gateway.journal import Journal

SLOW = """
import time

def wait_for_the_database(password):
    print("ready", flush=True)
    time.sleep(600)

def main():
    wait_for_the_database("hunter2")

main()
"""
BEGIN = re.compile(r"\[\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d\] \[([^]]+)\] (.*)")


@contextmanager
def running(code: str, folder: Path) -> Iterator[tuple[int, Path]]:
    """A script that runs, and says when it is where it is to be."""
    script = folder / "slow.py"
    script.write_text(code)
    with subprocess.Popen([sys.executable, script], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        try:
            yield child.pid, script
        finally:
            child.kill()


def run_journal(
    tmp_path: Path, slow: float, act: Callable[[Journal], Coroutine[object, object, None]]
) -> list[tuple[str, str]]:
    """The lines of the slow log: each one's request and text."""

    async def run() -> None:
        logs = Logs(None, "combined", str(tmp_path / "errors"), str(tmp_path / "slow"))
        journal = open_journal(logs, Bounds(slow=slow))
        await asyncio.wait_for(act(journal), 60)
        journal.close()

    asyncio.run(run())
    found = [BEGIN.fullmatch(line) for line in (tmp_path / "slow").read_text().splitlines()]
    return [(one[1], one[2]) for one in found if one is not None]


async def await_lines(path: Path, text: str, count: int = 1) -> None:
    await until(lambda: path.read_text().count(text) >= count)


def test_a_slow_script_is_logged_once_with_its_stack(tmp_path: Path) -> None:
    with running(SLOW, tmp_path) as (process, script):

        async def act(journal: Journal) -> None:
            served = make_served(process=process, script=str(script))
            journal.begin(served)
            await await_lines(tmp_path / "slow", "wait_for_the_database")
            assert journal.slow is not None
            assert not journal.slow.is_armed  # nothing else to look at
            served.seconds = 7.5
            journal.end(served)
            [slow] = journal.slow.lately
            assert (slow.seconds, slow.status, journal.slow.noted) == (7.5, 200, {})

        lines = run_journal(tmp_path, 0.2, act)
    [head, *frames] = lines
    assert re.fullmatch(
        rf"{script} has run for 0\.\d s: GET /cgi/hello\.py/more\?name=\.\.\.", head[1]
    ), head
    assert [text for _, text in frames] == [
        f'  File "{script}", line 11, in <module>',
        f'  File "{script}", line 9, in main',
        f'  File "{script}", line 6, in wait_for_the_database',
    ]
    assert {identity for identity, _ in lines} == {"a1b2c3-1"}


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


def test_who_waits_for_a_place_is_told_apart(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        journal.begin(make_served(process=None))
        await await_lines(tmp_path / "slow", "waits for a place")

    [_, why] = run_journal(tmp_path, 0.05, act)
    assert why[1] == "  no stack: it waits for a place"


def test_few_are_looked_at_at_a_time_and_each_has_its_line(tmp_path: Path) -> None:
    with running(SLOW, tmp_path) as (process, _):

        async def act(journal: Journal) -> None:
            for number in range(20):
                journal.begin(make_served(identity=f"x-{number}", process=process))
            await await_lines(tmp_path / "slow", "has run for", 20)

        lines = run_journal(tmp_path, 0.1, act)
    heads = [identity for identity, text in lines if "has run for" in text]
    assert sorted(heads) == sorted(f"x-{number}" for number in range(20))
    assert sum("others are being looked at" in text for _, text in lines) == 18
    assert sum("in wait_for_the_database" in text for _, text in lines) == 2


def test_a_quick_request_is_not_logged(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        quick = make_served(identity="quick")
        journal.begin(quick)
        journal.end(quick)
        journal.begin(make_served(identity="slow", process=None))
        await await_lines(tmp_path / "slow", "has run for")

    assert {identity for identity, _ in run_journal(tmp_path, 0.1, act)} == {"slow"}


def test_later_requests_are_looked_at_in_their_turn(tmp_path: Path) -> None:
    async def act(journal: Journal) -> None:
        journal.begin(make_served(identity="first", process=None))
        await await_lines(tmp_path / "slow", "has run for")
        journal.begin(make_served(identity="second", process=None))
        journal.begin(make_served(identity="third", process=None))
        await await_lines(tmp_path / "slow", "has run for", 3)

    lines = run_journal(tmp_path, 0.1, act)
    assert [identity for identity, text in lines if "has run" in text] == ["first", "second", "third"]


def test_a_script_that_has_ended_says_so(tmp_path: Path) -> None:
    with running(SLOW, tmp_path) as (process, _):
        pass

    async def act(journal: Journal) -> None:
        journal.begin(make_served(process=process))
        await await_lines(tmp_path / "slow", "no stack")

    [_, why] = run_journal(tmp_path, 0.05, act)
    assert why[1].startswith("  no stack: py-spy failed (")


def test_a_process_that_serves_another_request_by_then_is_not_shown(tmp_path: Path) -> None:
    with running(SLOW, tmp_path) as (process, _):

        async def act(journal: Journal) -> None:
            served = make_served(process=process)
            journal.begin(served)
            assert journal.slow is not None
            noted = journal.slow.noted
            await until(lambda: bool(noted))
            journal.end(served)
            await await_lines(tmp_path / "slow", "no stack")

        [_, why] = run_journal(tmp_path, 0.05, act)
    assert why[1] == "  no stack: it ended while it was looked at"


def test_a_process_that_is_no_python_is_told_of() -> None:
    with subprocess.Popen(["sleep", "600"]) as child:
        stack = asyncio.run(take_stack(child.pid))
        child.kill()
    assert not stack.is_known
    [why] = stack.lines
    assert why.startswith("no stack: py-spy failed (")


# ---- what stands in the way -----------------------------------------------------------------------


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


@given(st.binary(max_size=200))
def test_whatever_py_spy_says_is_read_or_refused(said: bytes) -> None:
    assert read_dump(said).lines
    assert explain_failure(said).lines


# ---- what is said of a request --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("name=secret&token=abc", "name=...&token=..."),
        ("secret", "..."),
        ("secret+words", "..."),
        ("a=b=c", "a=..."),
        ("=secret", "..."),
        ("a&b=c", "...&b=..."),
        ("a\nb=c", "a\\nb=..."),
    ],
)
def test_a_query_has_no_values(query: str, shown: str) -> None:
    assert hide_values(query) == shown


@given(st.lists(st.text("xyz", min_size=1), max_size=60))
def test_no_value_is_shown_and_names_are_bounded(values: list[str]) -> None:
    shown = hide_values("&".join(f"name={value}" for value in values))
    assert not set(shown) & set("xyz")
    assert shown.count("name=") <= MOST_NAMES


def test_a_target_without_a_script_name_has_no_query_either() -> None:
    params = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/a?token=abc", "QUERY_STRING": "token=abc"}
    assert describe_request(params) == "GET /a?token=..."
    assert describe_request(PARAMS) == "GET /cgi/hello.py/more?name=..."
