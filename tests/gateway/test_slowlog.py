"""A slow request is logged while it runs, with the stack of its script, or with why there is none."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from gateway.slow import SLOW, running
from gateway.telling import PARAMS, make_served, until
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.operating import Logs, open_journal
from mainspring.gateway.slowlog import MOST_NAMES, describe_request, hide_values

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from mainspring.gateway.journal import Journal

BEGIN = re.compile(r"\[\d{4}-\d\d-\d\dT[\d:.]+[+-]\d\d:\d\d\] \[([^]]+)\] (.*)")


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


@law(100)
@given(st.lists(st.text("xyz", min_size=1), max_size=60))
def test_no_value_is_shown_and_names_are_bounded(values: list[str]) -> None:
    shown = hide_values("&".join(f"name={value}" for value in values))
    assert not set(shown) & set("xyz")
    assert shown.count("name=") <= MOST_NAMES


def test_a_target_without_a_script_name_has_no_query_either() -> None:
    params = {"REQUEST_METHOD": "GET", "REQUEST_URI": "/a?token=abc", "QUERY_STRING": "token=abc"}
    assert describe_request(params) == "GET /a?token=..."
    assert describe_request(PARAMS) == "GET /cgi/hello.py/more?name=..."
