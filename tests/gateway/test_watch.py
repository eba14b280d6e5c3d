"""What the event loop watches for scripts is told to whom it is for, whatever becomes of others."""

from __future__ import annotations

import asyncio
import gc
import os
import time
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from mainspring.gateway.watch import Watch, find_watch

from .wire import LOOPS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator


@pytest.fixture(params=LOOPS)
def run(request: pytest.FixtureRequest) -> Iterator[Callable[[Coroutine[Any, Any, None]], None]]:
    with asyncio.Runner(loop_factory=import_module(request.param).new_event_loop) as runner:
        yield runner.run


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    ends = os.pipe2(os.O_NONBLOCK)
    yield ends
    for end in ends:
        os.close(end)


async def wait_for(noted: list[Any], count: int) -> None:
    async with asyncio.timeout(10):
        while len(noted) < count:  # noqa: ASYNC110 - calls note, and know nothing of tasks
            await asyncio.sleep(0.001)


def find() -> Watch:
    return find_watch(asyncio.get_running_loop())


def test_a_loop_has_one_watch_and_another_loop_another(run: Any) -> None:
    found: list[Watch] = []

    async def look() -> None:
        found.extend((find(), find()))

    run(look())
    asyncio.run(look())
    assert found[0] is found[1]
    assert found[1] is not found[2]


def test_what_can_be_read_is_told_until_it_is_forgotten(run: Any, pipe: tuple[int, int]) -> None:
    async def listen() -> None:
        read: list[bytes] = []
        find().add(pipe[0], lambda: read.append(os.read(pipe[0], 1)))
        os.write(pipe[1], b"abc")
        await wait_for(read, 3)
        find().forget(pipe[0])
        os.write(pipe[1], b"d")
        await asyncio.sleep(0.01)
        assert read == [b"a", b"b", b"c"]

    run(listen())


def test_a_change_is_told_once_whether_or_not_it_is_read(run: Any, pipe: tuple[int, int]) -> None:
    async def listen() -> None:
        told: list[int] = []
        find().add_changes(pipe[0], lambda: told.append(1))
        for count in (1, 2, 3):
            os.write(pipe[1], b"a")
            await wait_for(told, count)
            await asyncio.sleep(0.01)
        assert len(told) == 3
        find().forget(pipe[0])

    run(listen())


def test_calls_are_made_in_time_and_in_order_but_for_the_discarded(run: Any) -> None:
    async def wait() -> None:
        made: list[int] = []
        deadlines, began = find().after(0.05), time.monotonic()
        calls = [partial(made.append, number) for number in range(6)]
        for call in calls:
            deadlines.add(call)
        assert deadlines.discard(calls[0])
        assert deadlines.discard(calls[3])
        await wait_for(made, 4)
        assert made == [1, 2, 4, 5]
        assert time.monotonic() - began >= 0.05
        assert not deadlines.discard(calls[1])

    run(wait())


def test_after_a_time_without_any_calls_are_made_again(run: Any) -> None:
    async def wait() -> None:
        made: list[int] = []
        for number in range(3):
            find().after(0.01).add(partial(made.append, number))
            await wait_for(made, number + 1)
            await asyncio.sleep(0.02)
        assert made == [0, 1, 2]

    run(wait())


def test_what_one_call_fails_with_keeps_no_other_from_being_made(run: Any, pipe: tuple[int, int]) -> None:
    async def wait() -> None:
        made: list[str] = []
        problems: list[Any] = []
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: problems.append(context["exception"]))
        other = os.pipe2(os.O_NONBLOCK)

        def fail() -> None:
            find().forget(pipe[0])
            raise ZeroDivisionError

        find().add_changes(pipe[0], fail)
        find().add_changes(other[0], lambda: made.append("read"))
        os.write(pipe[1], b"a")
        os.write(other[1], b"a")
        find().after(0.01).add(fail)
        find().after(0.01).add(lambda: made.append("due"))
        await wait_for(made, 2)
        find().forget(other[0])
        for end in other:
            os.close(end)
        assert sorted(made) == ["due", "read"]
        assert [type(one) for one in problems] == [ZeroDivisionError] * 2

    run(wait())


def test_a_loop_that_is_gone_leaves_no_descriptor() -> None:
    gc.collect()
    before = os.listdir("/proc/self/fd")

    async def look() -> None:
        find()

    asyncio.run(look())
    gc.collect()
    assert os.listdir("/proc/self/fd") == before
