"""In a control group or a user namespace of its own, a program has a host there, and sees the same."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .probing import Surroundings, assert_same, each, lay_out_probe, look
from .remains import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starts import Argument

    from .world import WarmWorld

CASE = Surroundings("plainly")
ENTER_GROUP = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
#: prints the folder of this process's own group in the unified hierarchy, if it may make others there
FIND_GROUP = (
    "path=$(sed -n s/^0:://p /proc/self/cgroup); for top in /sys/fs/cgroup /sys/fs/cgroup/unified; do"
    ' test -w "$top$path/cgroup.procs" && echo "$top$path" && exit; done; exit 1'
)


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group within that of this process; empty at the end, and gone."""
    found = subprocess.run(["bash", "-c", FIND_GROUP], check=True, capture_output=True, text=True)
    folder = Path(found.stdout.strip()) / f"mainspring-{os.getpid()}"
    folder.mkdir()
    yield folder
    wait_for(lambda: not (folder / "cgroup.procs").read_text(), "empty: the control group")
    folder.rmdir()


@pytest.fixture
def user_namespace() -> Iterator[str]:
    """A user namespace that holds nobody."""
    with subprocess.Popen(
        ["unshare", "-Ur", "sh", "-c", "echo in; read _"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"in\n"
        namespace = os.open(f"/proc/{holder.pid}/ns/user", os.O_RDONLY | os.O_CLOEXEC)
    yield f"/proc/{os.getpid()}/fd/{namespace}"
    os.close(namespace)


@each((Surroundings("another group", needs=FIND_GROUP),))
def test_in_another_control_group(case: Surroundings, group: Path, warm_world: WarmWorld) -> None:
    del case
    compare_apart(warm_world, "sh", "-c", ENTER_GROUP, group)
    groups = [read_group(host["pid"]) for host in warm_world.list_hosts()]
    assert sorted(name == group.name for name in groups) == [False, True]


@each((Surroundings("another user namespace", needs="unshare -Ur true"),))
def test_in_another_user_namespace(
    case: Surroundings, user_namespace: str, warm_world: WarmWorld
) -> None:
    del case
    compare_apart(warm_world, "nsenter", f"--user={user_namespace}", "--preserve-credentials")
    assert len({os.readlink(f"/proc/{host['pid']}/ns/user") for host in warm_world.list_hosts()}) == 2


def compare_apart(world: WarmWorld, *enter: Argument) -> None:
    """What a host serves is not served to those who *enter* another place, but by one there."""
    lay_out_probe(world)
    world.repeat_until_warm(lambda: look(world, "warm", CASE))
    world.prefix = enter
    world.log.unlink()
    look(world, "warm", CASE)
    assert world.last_outcome not in {"warm", None}
    warm = []
    world.repeat_until_warm(lambda: warm.append(look(world, "warm", CASE)))
    assert_same(look(world, "plain", CASE), warm[-1])


def read_group(process: int) -> str:
    """The last part of the group of a process in the unified hierarchy."""
    [path] = re.findall("^0::(.*)$", Path(f"/proc/{process}/cgroup").read_text(), re.MULTILINE)
    return os.path.basename(path)
