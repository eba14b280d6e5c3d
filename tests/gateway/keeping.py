"""What tests of kept processes share: a course with them, and what comes of a script without them."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

from warm.parity.remains import wait_for

from mainspring.gateway.bounds import Bounds
from mainspring.gateway.keeper import Keeper

from .scripts import act, finish, list_descriptors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from mainspring.gateway.call import Call

    from .scripts import Ran, Site

    Course = Callable[[Site], Awaitable[None]]

COUNTER = "requests = []\n"
#: tells its process, and how many requests the module `counter` has seen
COUNT = "import os, counter\ncounter.requests.append(1)\nprint(os.getpid(), len(counter.requests))\n"


def keep(site: Site, course: Course, **bounds: float) -> None:
    """Go through *course* with kept processes, of which none is left at the end."""

    async def act_out() -> None:
        before = list_descriptors()
        keeper = Keeper(site.starter, Bounds(**{"reuse": 1000, **bounds}))  # type: ignore[arg-type]
        starter, site.starter = site.starter, keeper  # type: ignore[assignment]
        try:
            await course(site)
        finally:
            await keeper.close()
            site.starter = starter
        assert list_descriptors() == before

    act(act_out())


def read_numbers(ran: Ran) -> list[int]:
    assert (ran.kind, ran.status, ran.stderr) == ("kept", 0, b""), ran
    return [int(word) for word in ran.stdout.split()]


def age(site: Site) -> None:
    """What was written just now could be written again without a trace: nothing is kept that read it."""
    wait_for(
        lambda: time.time() - max(path.stat().st_ctime for path in site.world.work.iterdir()) > 0.05,
        "old",
    )


async def count(site: Site, **variables: str) -> tuple[int, int]:
    """The process that served, and its how many-th request this was."""
    process, requests = read_numbers(await site.run(site.world.work / "count.py", **variables))
    return process, requests


def run_plainly(site: Site, call: Call, body: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [site.world.plain_python, call.script, *call.arguments],
        env=dict(call.environment),
        cwd=call.folder,
        input=body,
        capture_output=True,
        check=False,
        start_new_session=True,
    )


def assert_like_plain(site: Site, text: str, kind: str = "kept") -> None:
    """Request after request, whether or not the process was kept for it."""
    script = site.write("")
    script.write_bytes(text.encode("utf-8", "surrogateescape"))
    age(site)

    call = site.call(script)
    plain = run_plainly(site, call, b"line\nand more")

    async def course(site: Site) -> None:
        for _ in range(3):
            ran = await finish(await site.begin(call), b"line\nand more")
            assert (ran.kind, *ran[2:]) == (kind, plain.returncode, plain.stdout, plain.stderr)

    keep(site, course)
