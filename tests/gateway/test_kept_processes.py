"""So many processes are kept, for so long, and none that a request or a change has spoilt."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest
from warm.parity.remains import list_descendants, wait_for

from mainspring.gateway.call import StartError
from mainspring.gateway.keep import FIRST_PATIENCE_SECONDS

from .keeping import COUNT, COUNTER, age, count, keep, read_numbers
from .scripts import finish, read_line

if TYPE_CHECKING:
    from .scripts import Site


@pytest.fixture
def counted(site: Site) -> Site:
    site.write(COUNTER, "counter.py")
    site.write(COUNT, "count.py")
    age(site)
    return site


def test_one_process_serves_one_request_after_the_other(counted: Site) -> None:
    async def course(site: Site) -> None:
        told = [await count(site) for _ in range(5)]
        assert len({process for process, _ in told}) == 1
        assert [requests for _, requests in told] == [1, 2, 3, 4, 5]

    keep(counted, course)


def test_it_serves_no_more_than_it_may(counted: Site) -> None:
    async def course(site: Site) -> None:
        told = [await count(site) for _ in range(6)]
        assert [requests for _, requests in told] == [1, 2, 3, 1, 2, 3]

    keep(counted, course, reuse=3)


def test_requests_at_the_same_time_have_processes_of_their_own(counted: Site) -> None:
    async def course(site: Site) -> None:
        told = await asyncio.gather(*[count(site) for _ in range(4)])
        assert len({process for process, _ in told}) == 4
        again = await count(site)
        assert again[1] == 2

    keep(counted, course)


def test_another_environment_of_the_interpreter_has_a_process_of_its_own(counted: Site) -> None:
    """What a request alone brings selects none."""

    async def course(site: Site) -> None:
        first = await count(site, LANG="C.UTF-8", QUERY_STRING="1")
        second = await count(site, LANG="C", QUERY_STRING="2")
        third = await count(site, LANG="C.UTF-8", QUERY_STRING="3")
        assert first[0] == third[0] != second[0]

    keep(counted, course)


@pytest.mark.parametrize("name", ["count.py", "counter.py"])
@pytest.mark.parametrize("way", ["write", "touch", "times kept", "replace"])
def test_a_file_that_has_changed_is_read_anew(counted: Site, name: str, way: str) -> None:
    path = counted.world.work / name

    def change() -> None:
        times = path.stat()
        if way == "touch":
            os.utime(path)
        elif way == "replace":
            fresh = path.with_suffix(".new")
            fresh.write_text(path.read_text())
            fresh.replace(path)
        else:
            path.write_text(path.read_text() + "\n")
        if way == "times kept":
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    async def course(site: Site) -> None:
        assert [(await count(site))[1] for _ in range(2)] == [1, 2]
        change()
        age(site)
        assert [(await count(site))[1] for _ in range(2)] == [1, 2]

    keep(counted, course)


def test_a_module_that_is_imported_late_is_watched_too(site: Site) -> None:
    site.write("value = 1\n", "late.py")
    script = site.write("import sys\nif sys.argv[1:]:\n    import late\n    print(late.value)\n")
    age(site)

    async def course(site: Site) -> None:
        assert (await site.run(script)).stdout == b""
        assert (await site.run(script, "late")).stdout == b"1\n"
        site.write("value = 22\n", "late.py")  # to CPython, too, the size tells
        age(site)
        assert (await site.run(script, "late")).stdout == b"22\n"

    keep(site, course)


def test_what_is_read_while_it_is_written_is_not_kept(site: Site) -> None:
    """Its next change might have the same times and the same size."""
    script = site.write("import os; print(os.getpid())\n")

    async def course(site: Site) -> None:
        processes = []
        for _ in range(3):
            script.write_text(script.read_text())
            processes += read_numbers(await site.run(script))
        assert len(set(processes)) == 3

    keep(site, course)


def test_a_process_with_nothing_to_do_ends(counted: Site) -> None:
    async def course(site: Site) -> None:
        process, _ = await count(site)
        while process in {one.number for one in list_descendants()}:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.01)
        assert (await count(site))[1] == 1

    keep(counted, course, kept_idle=0.2)


def test_there_are_never_more_than_may_run(site: Site) -> None:
    scripts = [site.write("import os; print(os.getpid())\n", f"script{i}.py") for i in range(4)]
    age(site)

    async def course(site: Site) -> None:
        told = [read_numbers(await site.run(script))[0] for script in scripts]
        while len(kept := {one.number for one in list_descendants()}) > 2:  # noqa: ASYNC110 - processes
            await asyncio.sleep(0.01)
        assert kept == set(told[2:])  # the longest idle ones made room

    keep(site, course, children=2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_is_sent_a_signal_serves_nobody_else(site: Site, number: signal.Signals) -> None:
    script = site.write(
        "import os, sys\nprint(os.getpid(), flush=True)\nif sys.argv[1:]:\n    sys.stdin.read()\n"
    )
    age(site)

    async def course(site: Site) -> None:
        first = read_numbers(await site.run(script))
        process = await site.begin(site.call(script, "wait"))
        assert [int(await read_line(process.stdout))] == first
        process.send_signal(number)
        assert (await finish(process)).status == -number
        process.send_signal(number)  # it is gone
        assert read_numbers(await site.run(script)) != first

    keep(site, course)


def test_one_that_survives_its_signal_serves_nobody_else(site: Site) -> None:
    text = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: None)
print(os.getpid(), flush=True)
if sys.argv[1:]:
    sys.stdin.read()
"""
    script = site.write(text)
    age(site)

    async def course(site: Site) -> None:
        process = await site.begin(site.call(script, "wait"))
        first = [int(await read_line(process.stdout))]
        process.send_signal(signal.SIGTERM)
        assert (await finish(process)).status == 0
        assert read_numbers(await site.run(script)) != first

    keep(site, course)


def test_a_request_that_has_ended_cannot_be_signalled(counted: Site) -> None:
    """Its process is another's by then."""

    async def course(site: Site) -> None:
        process = await site.begin(site.call(site.world.work / "count.py"))
        ran = await finish(process)
        process.send_signal(signal.SIGKILL)
        assert await count(site) == (ran.process, 2)

    keep(counted, course)


def test_one_that_was_killed_while_it_waited_is_not_missed(counted: Site) -> None:
    async def course(site: Site) -> None:
        process, _ = await count(site)
        os.kill(process, signal.SIGKILL)
        again = await count(site)
        assert (again[0] != process, again[1]) == (True, 1)

    keep(counted, course)


def test_one_that_does_not_answer_makes_way_for_another(counted: Site) -> None:
    """It has nothing to do that takes so long."""

    async def course(site: Site) -> None:
        process, _ = await count(site)
        os.kill(process, signal.SIGSTOP)
        began = time.monotonic()
        again = await count(site)
        assert (again[0] != process, again[1]) == (True, 1)
        assert time.monotonic() - began < FIRST_PATIENCE_SECONDS
        assert await count(site) == (again[0], 2)

    keep(counted, course)


def test_an_interpreter_that_does_not_come_up_has_no_more_time_than_a_request(site: Site) -> None:
    script = site.write("print('ran')\n")
    python = site.write("#!/bin/sh\nsleep 1000\n", "python")
    python.chmod(0o755)

    async def course(site: Site) -> None:
        began = time.monotonic()
        with pytest.raises(StartError, match="does not answer"):
            await site.starter.start(site.call(script), str(python), (), None)
        assert time.monotonic() - began < FIRST_PATIENCE_SECONDS

    keep(site, course, seconds=0.3)
    wait_for(lambda: not list_descendants(), "ended")


def test_where_none_can_be_kept_a_script_is_started_for_itself(site: Site) -> None:
    """An interpreter that cannot run what runs in a kept process says so as ever."""
    script = site.write("print('ran')\n")

    async def course(site: Site) -> None:
        call = site.call(script)
        ran = await finish(await site.starter.start(call, "/bin/cat", (), None))
        assert ran.kind == "cold"
        assert b"print('ran')" in ran.stdout

    keep(site, course)


def test_who_stops_waiting_leaves_nothing_behind(site: Site) -> None:
    script = site.write("import time; time.sleep(1000)\n")

    async def course(site: Site) -> None:
        starting = asyncio.create_task(site.begin(site.call(script)))
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    keep(site, course)
    wait_for(lambda: not list_descendants(), "ended")


def test_more_than_fits_into_a_socket_arrives_whole(site: Site) -> None:
    script = site.write("import os; print(sum(map(len, os.environ.values())))\n")
    age(site)

    async def course(site: Site) -> None:
        few = read_numbers(await site.run(script))[0]
        many = {f"PART_{i}": "x" * 50_000 for i in range(30)}
        assert read_numbers(await site.run(script, **many)) == [few + 1_500_000]

    keep(site, course)
