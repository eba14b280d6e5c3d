"""A script gets the same from its host as from the launcher, and its start says which it was."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING, Any, Literal

import pytest
from warm.parity.remains import wait_for

from mainspring.gateway.starting import IDENTITY_SECONDS

from .scripts import act, finish, list_descriptors, read_line

if TYPE_CHECKING:
    from .scripts import Site

HELLO = "print('Content-Type: text/plain\\n\\nhello')\n"
#: tells all that a start gives a script
TELL = """
import json, os, signal, sys
def read_status():
    with open("/proc/self/status") as file:
        return {line.split(":")[0]: line.split(":")[1].strip() for line in file}
status = read_status()
links = {}
for name in os.listdir("/proc/self/fd"):
    try:
        links[name] = os.readlink("/proc/self/fd/" + name).partition(":")[0]
    except OSError:
        pass
mask = os.umask(0)
os.umask(mask)
told = {
    "argv": sys.argv,
    "orig_argv": sys.orig_argv,
    "environment": dict(os.environ),
    "folder": os.getcwd(),
    "path": sys.path,
    "descriptors": links,
    "leads its group": os.getpgid(0) == os.getpid(),
    "umask": mask,
    "nice": os.nice(0),
    "ignored": status["SigIgn"],
    "blocked": status["SigBlk"],
    "read": sys.stdin.buffer.read().decode("latin-1"),
}
sys.stderr.write("a complaint")
json.dump(told, sys.stdout)
"""
BOTH: tuple[Literal["cold", "warm"], ...] = ("cold", "warm")


def test_a_script_comes_from_a_host_once_it_has_been_started_a_few_times(site: Site) -> None:
    script = site.write(HELLO)

    async def start() -> None:
        first = await site.run(script)
        warm = await site.warm_up(script)
        assert (first.kind, warm.kind) == ("cold", "warm")
        assert first[2:] == warm[2:] == (0, b"Content-Type: text/plain\n\nhello\n", b"")

    act(start())


def test_what_becomes_of_a_recipe_counts_at_the_next_start(site: Site) -> None:
    """Though it is not read again while it is the same: that takes two seconds to be sure of."""
    script = site.write(HELLO)

    async def start() -> None:
        await site.warm_up(script)
        [recipe] = site.world.folder.glob("*.recipe")
        wait_for(lambda: time.time() - recipe.stat().st_ctime > 3, "settled")
        assert [(await site.run(script)).kind for _ in range(2)] == ["warm", "warm"]
        text = recipe.read_text()
        recipe.write_text(text.replace("state ready\n", "state never fork\n"))
        assert (await site.run(script)).kind == "cold"
        recipe.write_text(text)
        assert (await site.run(script)).kind == "warm"
        recipe.unlink()
        assert (await site.run(script)).kind == "cold"

    act(start())


def test_both_ways_give_a_script_the_same(site: Site) -> None:
    script = site.write(TELL, "tell.py")
    variables = {"QUERY_STRING": "a=b&c", "EMPTY": "", "ODD": "a=b\n\udcff", "LANG": "C.UTF-8"}

    async def tell(kind: Literal["cold", "warm"]) -> dict[str, Any]:
        ran = await site.run_as(kind, script, "word", "", "\udcfe", body=b"body\xff", **variables)
        assert (ran.status, ran.stderr) == (0, b"a complaint"), ran
        return dict(json.loads(ran.stdout))

    cold, warm = act(tell("cold")), act(tell("warm"))
    assert warm == cold
    assert cold["argv"] == [str(script), "word", "", "\udcfe"]
    assert cold["environment"].items() >= variables.items()
    assert cold["folder"] == str(script.parent)
    assert cold["descriptors"].items() >= {"0": "pipe", "1": "pipe", "2": "pipe"}.items()
    assert set(cold["descriptors"]) <= {"0", "1", "2", "3"}  # the last is what lists them
    assert cold["leads its group"]
    assert (int(cold["blocked"], 16), cold["read"]) == (0, "body\xff")


@pytest.mark.parametrize("kind", BOTH)
def test_a_script_reads_from_what_it_is_given(site: Site, kind: Literal["cold", "warm"]) -> None:
    script = site.write("import sys; print(sys.stdin.read())\n")

    async def start() -> None:
        await site.run_as(kind, script)
        with tempfile.TemporaryFile() as spooled:
            spooled.write(b"spooled")
            spooled.seek(0)
            process = await site.begin(site.call(script), spooled.fileno())
            assert process.stdin == -1
            ran = await finish(process)
            assert not spooled.closed
            os.fstat(spooled.fileno())
        assert (ran.kind, ran.stdout) == (kind, b"spooled\n")

    act(start())


@pytest.mark.parametrize("kind", BOTH)
def test_options_of_the_interpreter_hold(site: Site, kind: Literal["cold", "warm"]) -> None:
    script = site.write("import sys; print(sys.flags.optimize, sys.flags.ignore_environment)\n")

    async def start() -> None:
        while (ran := await site.run(script, options=("-E", "-OO"))).kind != kind:
            pass
        assert ran.stdout == b"2 1\n"

    act(start())


@pytest.mark.parametrize("kind", BOTH)
@pytest.mark.parametrize(
    ("end", "status"),
    [("raise SystemExit(3)", 3), ("1/0", 1), ("import os; os.kill(os.getpid(), 9)", -9), ("", 0)],
)
def test_the_status_is_the_scripts_own(
    site: Site, kind: Literal["cold", "warm"], end: str, status: int
) -> None:
    script = site.write(f"import sys\nif len(sys.argv) > 1:\n    {end or 'pass'}\n")

    async def start() -> None:
        if kind == "warm":
            await site.warm_up(script)
        ran = await site.run(script, "end")
        assert (ran.kind, ran.status) == (kind, status)

    act(start())


@pytest.mark.parametrize("kind", BOTH)
def test_a_signal_reaches_the_whole_group(site: Site, kind: Literal["cold", "warm"]) -> None:
    """A program that the script has started is of its group, and holds its output open."""
    text = """
import subprocess, sys
if len(sys.argv) > 1:
    subprocess.Popen(["sleep", "1000"])
    print("runs", flush=True)
    sys.stdin.read()
"""
    script = site.write(text)

    async def start() -> None:
        if kind == "warm":
            await site.warm_up(script)
        process = await site.begin(site.call(script, "on"))
        assert process.kind == kind
        assert await read_line(process.stdout) == b"runs\n"
        process.send_signal(signal.SIGKILL)
        ran = await finish(process)
        assert ran[2:] == (-signal.SIGKILL, b"", b"")
        process.send_signal(signal.SIGKILL)  # nobody is left

    act(start())


def test_the_group_of_a_script_that_has_ended_is_still_signalled(site: Site) -> None:
    script = site.write("import subprocess\nsubprocess.Popen(['sleep', '1000'])\n")

    async def start() -> None:
        process = await site.begin(site.call(script))
        assert await process.wait() == 0
        process.send_signal(signal.SIGTERM)
        assert (await finish(process)).stdout == b""  # it ends

    act(start())


def test_a_launcher_that_stands_for_a_script_takes_it_along(site: Site) -> None:
    """It has found a host by now; whoever kills it means the script."""
    text = "import os, sys\nif sys.argv[1:]:\n    print(os.getpid(), flush=True)\n    sys.stdin.read()\n"
    script = site.write(text)

    async def start() -> None:
        await site.warm_up(script)
        call = site.call(script, "on")
        process = await launch_alone(site, call)
        number = int(await read_line(process.stdout))
        assert number != process.process
        process.send_signal(signal.SIGKILL)
        assert (await finish(process)).status == -signal.SIGKILL
        wait_for(lambda: not os.path.lexists(f"/proc/{number}/cwd"), "ended")

    async def launch_alone(site: Site, call: Any) -> Any:
        """As when the host came up while the launcher was on its way."""
        identify, site.starter.identify = site.starter.identify, lambda: None
        try:
            return await site.begin(call)
        finally:
            site.starter.identify = identify

    act(start())


def test_many_start_at_once_and_nothing_stays_open(site: Site) -> None:
    script = site.write("import sys; print(sys.argv[1:], sys.stdin.read())\n")

    async def start() -> None:
        await site.warm_up(script)
        before = list_descriptors()
        starts = [site.run(script, str(i), body=b"%d" % i) for i in range(24)]
        for i, ran in enumerate(await asyncio.gather(*starts)):
            assert ran[2:] == (0, f"['{i}'] {i}\n".encode(), b"")
        assert list_descriptors() == before

    act(start())


@pytest.mark.parametrize("size", [100_000, 400_000, 2_000_000])
def test_more_than_fits_into_a_socket_arrives_whole(site: Site, size: int) -> None:
    """The kernel gives execve(2) less room: only a host can have so much."""
    script = site.write("import os; print(sum(map(len, os.environ.values())))\n")

    async def start() -> None:
        few = int((await site.warm_up(script)).stdout)
        many = {f"PART_{i}": "x" * 50_000 for i in range(size // 50_000)}
        ran = await site.run(script, **many)
        assert (ran.kind, int(ran.stdout)) == ("warm", few + size)

    act(start())


def test_what_the_gateway_ignores_no_script_does(site: Site) -> None:
    """Whoever starts a gateway with nohup, or in the background of a script, has it ignore signals."""
    script = site.write("import signal\nprint(signal.getsignal(signal.SIGHUP), signal.SIGHUP)\n")
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        for kind in BOTH:
            ran = act(site.run_as(kind, script))
            assert ran.stdout == b"0 1\n", kind
    finally:
        signal.signal(signal.SIGHUP, before)


def test_what_changes_of_the_gateway_is_noticed_within_a_second(site: Site) -> None:
    script = site.write("import os; print(os.umask(0))\n")

    async def start() -> None:
        await site.warm_up(script)
        before = os.umask(0o027)
        try:
            end = time.monotonic() + IDENTITY_SECONDS + 1
            while (await site.run(script)).stdout != b"23\n":
                assert time.monotonic() < end
        finally:
            os.umask(before)

    act(start())


def test_who_waits_twice_is_told_twice(site: Site) -> None:
    script = site.write("raise SystemExit(7)\n")

    async def start() -> None:
        process = await site.begin(site.call(script))
        impatient = asyncio.create_task(process.wait())
        patient = asyncio.create_task(process.wait())
        await asyncio.sleep(0)
        impatient.cancel()
        assert await patient == await process.wait() == 7
        await finish(process)

    act(start())


def test_a_gateway_has_no_other_children(site: Site) -> None:
    """Each start's process is waited for: none stays a zombie."""
    script = site.write(HELLO)
    for _ in range(3):
        act(site.run(script))
    states = subprocess.run(
        ["ps", "-o", "stat=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    ).stdout.split()
    assert not [state for state in states if state.startswith("Z")], sys.argv
