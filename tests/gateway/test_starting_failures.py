"""Whatever fails on the way to a host, the script is started once, or a StartError says why not."""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from warm.launcher.stage import wait_until
from warm.parity.remains import list_descendants, wait_for

from mainspring.gateway.call import Call, StartError
from mainspring.gateway.starting import Starter

from .scripts import act, finish, let_go, list_descriptors, read_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from warm.launcher.stage import Stage

    from mainspring.gateway.call import Process

    from .scripts import Ran, Site

COUNT = "open('begun', 'a').write('.')\nprint('ran')\n"
BEFORE_IT_BEGINS = [
    "refuses", "refuses in bad words", "says too much", "says half", "says garbage",
    "says an empty frame", "says an end before a start", "starts no process", "closes", "dies",
    "closes at once", "says nothing", "starts late",
]  # fmt: skip


@pytest.fixture
def program(stage: Stage) -> Iterator[Stage]:
    """A program that has a host, which will misbehave."""
    stage.write(COUNT)
    stage.put_recipe()
    begin(stage)
    wait_until(lambda: stage.notes("host"))
    (stage.root / "begun").unlink()
    return stage


def begin(stage: Stage) -> Ran:
    return act(begin_and_finish(stage))


async def begin_and_finish(stage: Stage) -> Ran:
    return await finish(await begin_only(stage))


async def begin_only(stage: Stage) -> Process:
    call = Call(str(stage.script), (), stage.environment, str(stage.root))
    return await Starter(str(stage.launcher)).start(call, str(stage.python), (), None)


@pytest.mark.parametrize("behaviour", BEFORE_IT_BEGINS)
def test_where_no_script_has_begun_the_launcher_starts_it(program: Stage, behaviour: str) -> None:
    program.behave(behaviour)
    before = list_descriptors()
    ran = begin(program)
    assert (ran.kind, ran.status, ran.stdout) == ("cold", 0, b"ran\n")
    assert (program.root / "begun").read_text() == "."
    assert list_descriptors() == before


@pytest.mark.parametrize("behaviour", ["breaks off", "breaks off in garbage"])
def test_where_it_has_begun_it_is_never_started_again(program: Stage, behaviour: str) -> None:
    program.write("open('peer/begun', 'w')\nprint('ran')\n")
    program.behave(behaviour)
    ran = begin(program)
    assert (ran.kind, ran.status, ran.stdout) == ("warm", -signal.SIGKILL, b"ran\n")


def test_who_stops_waiting_for_a_host_leaves_nothing_behind(program: Stage) -> None:
    program.behave("says nothing")

    async def start() -> None:
        before = list_descriptors()
        starting = asyncio.create_task(begin_only(program))
        while not program.requests():  # noqa: ASYNC110 - another process notes them
            await asyncio.sleep(0.002)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting
        assert list_descriptors() == before

    act(start())
    assert not (program.root / "begun").exists()


def test_a_host_that_is_full_is_done_without(program: Stage) -> None:
    program.behave("full")
    os.kill(program.notes("host")[-1]["pid"], signal.SIGKILL)
    ran = begin(program)
    assert (ran.kind, ran.stdout) == ("cold", b"ran\n")


def test_a_script_dies_with_its_host(site: Site) -> None:
    script = site.write(
        "import os, sys\nif sys.argv[1:]:\n    print(os.getpid(), flush=True)\n    sys.stdin.read()\n"
    )

    async def start() -> None:
        await site.warm_up(script)
        process = await site.begin(site.call(script, "on"))
        number = int(await read_line(process.stdout))
        assert (process.kind, process.process) == ("warm", number)
        os.kill(site.world.find_host(), signal.SIGKILL)
        assert (await finish(process)).status == -signal.SIGKILL
        wait_for(lambda: number not in {one.number for one in list_descendants()}, "ended")

    act(start())


def test_without_a_folder_for_hosts_a_script_is_started_cold(site: Site) -> None:
    site.world.runtime.rmdir()
    site.world.runtime.write_text("no folder")
    script = site.write("print('ran')\n")
    for _ in range(4):
        ran = act(site.run(script))
        assert (ran.kind, ran.status, ran.stdout) == ("cold", 0, b"ran\n")
    site.world.runtime.unlink()
    site.world.runtime.mkdir(mode=0o700)


def test_without_the_launcher_no_script_is_started(site: Site) -> None:
    site.starter = Starter("/nowhere/mainspring")
    with pytest.raises(StartError, match=r"/nowhere/mainspring: No such file"):
        act(site.run(site.write("")))


def test_without_its_folder_no_script_is_started(site: Site) -> None:
    script = site.write("", "gone/script.py")
    shutil.rmtree(script.parent)
    with pytest.raises(StartError, match=r"/gone: No such file"):
        act(site.run(script))


def test_a_script_that_is_gone_says_so_itself(site: Site) -> None:
    """It was there when it was looked up; a host knows by then as well."""
    script = site.write("print('ran')\n")

    async def start() -> None:
        await site.warm_up(script)
        script.unlink()
        ran = await site.run(script)
        assert (ran.kind, ran.status, ran.stdout) == ("cold", 2, b"")
        assert b"No such file" in ran.stderr

    act(start())


def test_an_interpreter_that_is_gone_is_named(site: Site) -> None:
    async def start() -> Ran:
        call = site.call(site.write(""))
        return await finish(await site.starter.start(call, "/nowhere/python", (), None))

    ran = act(start())
    assert (ran.status, ran.stdout) == (127, b"")
    assert b"/nowhere/python" in ran.stderr


def test_an_environment_that_is_too_large_is_refused(site: Site) -> None:
    script = site.write("")
    with pytest.raises(StartError, match="Argument list too long"):
        act(site.run(script, LARGE="x" * (1 << 18)))


def test_a_nul_ends_no_word_early(site: Site) -> None:
    script = site.write("")
    with pytest.raises(StartError, match="NUL"):
        act(site.run(script, CUT="a\0b"))


def test_where_no_descriptor_is_free_that_is_said(site: Site) -> None:
    script = site.write("print('ran')\n")
    act(site.run_as("warm", script))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)

    async def start() -> list[str]:
        before = list_descriptors()
        said = []
        for room in range(14):
            resource.setrlimit(resource.RLIMIT_NOFILE, (find_next() + room, hard))
            try:
                process = await site.begin(site.call(script))
            except StartError as error:
                said.append(str(error))
                continue
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
            assert (await finish(process)).status == 0
        assert list_descriptors() == before
        return said

    said = act(start())
    assert 6 <= len(said) < 14
    assert all("Too many open files" in one for one in said)


def find_next() -> int:
    """The number that the next descriptor would have."""
    number = os.dup(0)
    os.close(number)
    return number


def test_pipes_of_a_process_that_is_let_go_are_its_holders(site: Site) -> None:
    script = site.write("import sys; sys.stdin.read()\n")

    async def start() -> None:
        before = list_descriptors()
        process = await site.begin(site.call(script))
        let_go(process)
        await process.wait()
        assert list_descriptors() == before

    act(start())


def test_nothing_of_a_world_is_used_by_another_user(stage: Stage) -> None:
    """A folder that others could write to is no place for hosts."""
    stage.put_recipe()
    begin(stage)
    wait_until(lambda: stage.notes("host"))
    Path(stage.folder).chmod(0o777)
    assert begin(stage).kind == "cold"
