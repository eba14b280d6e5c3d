"""A caller with less than others has a host of its own, where one made for it could not serve them."""

from __future__ import annotations

import os
import socket
import struct
from typing import TYPE_CHECKING, Any

import pytest

from .remains import wait_for

if TYPE_CHECKING:
    from starts import Ended

    from .world import WarmWorld

PROGRAM = """\
import argparse, json, logging, os, resource
limits = [resource.getrlimit(number) for number in range(16)]
print(limits, os.getpriority(os.PRIO_PROCESS, 0), open("/proc/self/oom_score_adj").read())
"""
#: no right to raise them again, as most users have none
GIVE_UP_RIGHTS = "import ctypes; [ctypes.CDLL(None).prctl(24, right) for right in (23, 24)]"
OF_THEIR_OWN = {
    "hard limit of open files": "resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))",
    "hard limit of memory": "resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))",
    "hard limit of files' sizes": "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 30, 1 << 30))",
    "lower stack": "resource.setrlimit(resource.RLIMIT_STACK, (4 << 20, resource.RLIM_INFINITY))",
    "lower priority": "os.nice(5)",
    "first to be killed": "open('/proc/self/oom_score_adj', 'w').write('700')",
}
FROM_ONE_HOST = {
    "few open files": "resource.setrlimit(resource.RLIMIT_NOFILE, (11, resource.getrlimit(7)[1]))",
    "a descriptor near the limit": (
        "os.dup2(0, 38); resource.setrlimit(resource.RLIMIT_NOFILE, (40, resource.getrlimit(7)[1]))"
    ),
    "little memory": "resource.setrlimit(resource.RLIMIT_AS, (2 << 30, resource.RLIM_INFINITY))",
    "no files": "resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.RLIM_INFINITY))",
    "little time": "resource.setrlimit(resource.RLIMIT_CPU, (5, resource.RLIM_INFINITY))",
}


def call_after(world: WarmWorld, preparation: str) -> None:
    """Let starts in *world* come after a *preparation*."""
    steps = (
        "import os, resource, sys",
        GIVE_UP_RIGHTS,
        preparation,
        "os.execv(sys.argv[1], sys.argv[1:])",
    )
    code = "; ".join(steps)
    world.prefix = (world.plain_python, "-IS", "-c", code)


def start_warm(world: WarmWorld) -> Ended:
    warm = world.start_warm("program.py")
    assert warm == world.start_plain("program.py")
    return warm


@pytest.mark.parametrize("case", OF_THEIR_OWN)
def test_who_has_less_has_a_host_alone(warm_world: WarmWorld, case: str) -> None:
    warm_world.write("program.py", PROGRAM)
    call_after(warm_world, OF_THEIR_OWN[case])
    poor = start_warm(warm_world)
    call_after(warm_world, "pass")
    assert start_warm(warm_world) != poor
    assert len(warm_world.list_hosts()) == 2
    call_after(warm_world, OF_THEIR_OWN[case])
    assert start_warm(warm_world) == poor
    assert len(warm_world.list_hosts()) == 2


@pytest.mark.parametrize("case", FROM_ONE_HOST)
def test_what_its_first_caller_may_not_use_is_no_matter_to_a_host(
    warm_world: WarmWorld, case: str
) -> None:
    warm_world.write("program.py", PROGRAM)
    call_after(warm_world, FROM_ONE_HOST[case])
    poor = start_warm(warm_world)
    call_after(warm_world, "pass")
    assert start_warm(warm_world) != poor
    assert len(warm_world.list_hosts()) == 1


def ask(world: WarmWorld, payload: bytes) -> bytes:
    """What the one host answers to a frame."""
    [name] = world.folder.glob("*.sock")
    folder = os.open(world.folder, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(f"/proc/self/fd/{folder}/{name.name}")
            connection.sendall(struct.pack("<I", len(payload)) + payload)
            return connection.recv(100)
    finally:
        os.close(folder)


def test_a_caller_that_is_refused_is_no_use_of_a_host(warm_world: WarmWorld) -> None:
    """A host that refuses everybody would else never be idle."""
    warm_world.write("program.py", PROGRAM)
    warm_world.warm_up("program.py")
    before = describe_host(warm_world)
    assert ask(warm_world, b"Qnonsense")[4:].startswith(b"Rother-caller")
    wait_for(lambda: describe_host(warm_world)["idle_s"] > 0, "idle")
    assert describe_host(warm_world)["served"] == before["served"]
    warm_world.ask_for_warm("program.py")
    after = describe_host(warm_world)
    assert after["served"] == before["served"] + 1
    assert after["idle_s"] == 0


def describe_host(world: WarmWorld) -> dict[str, Any]:
    [host] = world.list_hosts()
    return host
