"""What is mounted while a host waits is seen by the next start, though no file tells of it."""

from __future__ import annotations

import os
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.people import need, need_root

from .remains import list_descendants, wait_for
from .world import AT_ONCE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starts import Argument

    from .world import WarmWorld

LOCAL_TIME = Path("/etc/localtime")
TELLS_ZONE = """\
import argparse, json, logging, time
print(time.tzname, time.timezone, time.localtime(0)[:5])
"""


@pytest.fixture
def mounts() -> Iterator[str]:
    """A mount namespace that holds nobody."""
    need_root()
    with subprocess.Popen(
        ["unshare", "-m", "sh", "-c", "echo in; read _"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"in\n"
        namespace = os.open(f"/proc/{holder.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        holder.communicate(b"\n")
    yield f"--mount=/proc/{os.getpid()}/fd/{namespace}"
    os.close(namespace)


def live_there(world: WarmWorld, mounts: str) -> None:
    world.prefix = ("nsenter", mounts, "sh", "-c", 'cd "$0" && exec "$@"', world.work)


def mount(mounts: str, what: Argument, where: Argument) -> None:
    subprocess.run(["nsenter", mounts, "mount", "--bind", what, where], check=True)


def test_a_host_that_is_found_stale_as_somebody_asks_ends_at_once(
    warm_world: WarmWorld, mounts: str
) -> None:
    """New mounts are looked for only then, and nothing else may come to wake it."""
    warm_world.write("pack/__init__.py", "where = 'here'")
    warm_world.write("other/__init__.py", "where = 'mounted'")
    warm_world.write("program.py", "import pack\nprint(pack.where)\n")
    live_there(warm_world, mounts)
    assert warm_world.start_warm("program.py").stdout == b"here\n"
    host = warm_world.find_host()
    mount(mounts, warm_world.work / "other", warm_world.work / "pack")
    assert warm_world.ask_for_warm("program.py").stdout == b"mounted\n"
    wait_for(lambda: is_gone(host), "gone: the host", AT_ONCE)


def is_gone(number: int) -> bool:
    return all(process.number != number for process in list_descendants())


def test_the_machine_is_in_another_time_zone(warm_world: WarmWorld, mounts: str) -> None:
    need(LOCAL_TIME.exists(), "a time zone of the machine")
    warm_world.write("program.py", TELLS_ZONE)
    live_there(warm_world, mounts)
    shown = set()
    for name, hours in (("AAA", 0), ("BBB", 3), ("CCC", -7)):
        zone = warm_world.home / name
        zone.write_bytes(make_zone(name, hours))
        mount(mounts, zone, LOCAL_TIME)
        warm = warm_world.start_warm("program.py")
        assert warm == warm_world.start_plain("program.py")
        shown.add(warm.stdout)
    assert len(shown) == 3
    assert len(warm_world.list_hosts()) == 1


def make_zone(name: str, hours: int) -> bytes:
    """A file as tzfile(5) has it, of one offset."""
    head = struct.pack(">4sc15x6l", b"TZif", b"\0", 0, 0, 0, 0, 1, len(name) + 1)
    return head + struct.pack(">lBB", hours * 3600, 0, 0) + name.encode() + b"\0"
