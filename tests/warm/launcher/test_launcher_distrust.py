"""Whatever a host or a folder is: a start ends, runs once, and uses nothing of others."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from .stage import wait_until

if TYPE_CHECKING:
    from .stage import Stage

NOBODY = 65534


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("refuses", "host-stale"),
        ("refuses in bad words", "host-ended"),
        ("says too much", "host-ended"),
        ("says half", "host-ended"),
        ("says garbage", "host-ended"),
        ("says an empty frame", "host-ended"),
        ("says an end before a start", "host-ended"),
        ("starts no process", "host-ended"),
        ("closes", "host-ended"),
        ("closes at once", "host-ended"),
        ("dies", "host-ended"),
        ("says nothing", "host-ended"),
    ],
)
def test_without_a_start_a_start_is_cold(warm: Stage, behaviour: str, reason: str) -> None:
    warm.behave(behaviour)
    assert warm.run().stdout == b"ran\n"
    assert warm.reasons() == ["no-host", reason]
    assert len(warm.notes("cold")) == 2


def test_a_host_that_is_late_does_not_start_the_program_a_second_time(warm: Stage) -> None:
    warm.behave("starts late")
    warm.write("open('ran', 'a').write('x')\n")
    assert warm.run().returncode == 0
    wait_until(lambda: warm.notes("unheard"))
    assert (warm.root / "ran").read_text() == "x"


def test_a_host_that_does_not_answer_at_all_is_not_waited_for(warm: Stage) -> None:
    [host] = warm.notes("host")
    os.kill(host["pid"], signal.SIGSTOP)
    assert warm.run().stdout == b"ran\n"
    assert warm.reasons() == ["no-host", "host-ended"]


def test_a_host_whose_queue_is_full_is_not_waited_for(stage: Stage) -> None:
    stage.put_recipe()
    stage.behave("full")
    host = stage.bring_up()
    os.kill(host["pid"], signal.SIGSTOP)
    waiting = [stage.begin() for _ in range(1)]
    wait_until(lambda: "host-full" in (stage.run() and stage.reasons()))
    for one in waiting:
        assert one.wait(10) == 0


def test_the_socket_of_a_host_that_is_gone_is_no_host(warm: Stage) -> None:
    [host] = warm.notes("host")
    os.kill(host["pid"], signal.SIGKILL)
    wait_until(lambda: not os.path.exists(f"/proc/{host['pid']}/cwd/."))
    assert warm.run().stdout == b"ran\n"
    assert warm.reasons() == ["no-host", "no-host"]


def test_a_host_that_ended_is_followed_by_another(warm: Stage) -> None:
    warm.behave("dies")
    assert warm.run().stdout == b"ran\n"
    warm.behave("serve")
    wait_until(lambda: len(warm.notes("host")) == 2)
    assert warm.run().stdout == b"ran\n"
    assert len(warm.requests()) == 2


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_can_reach_is_not_used(warm: Stage, mode: int) -> None:
    warm.folder.chmod(mode)
    assert warm.run().stdout == b"ran\n"
    assert not warm.requests()
    assert warm.notes("cold")[-1]["warm"] == ""


def test_a_folder_that_is_a_link_is_not_used(warm: Stage) -> None:
    warm.folder.rename(warm.root / "elsewhere")
    warm.folder.symlink_to(warm.root / "elsewhere")
    assert warm.run().stdout == b"ran\n"
    assert not warm.requests()


@pytest.mark.parametrize("what", ["link", "mode", "fifo"])
def test_a_recipe_that_may_be_another_s_is_not_read(stage: Stage, what: str) -> None:
    recipe = stage.put_recipe()
    if what == "mode":
        recipe.chmod(0o662)
    else:
        recipe.rename(stage.root / "recipe")
    if what == "link":
        recipe.symlink_to(stage.root / "recipe")
    if what == "fifo":
        os.mkfifo(recipe)
    assert stage.run().stdout == b"ran\n"
    assert stage.reasons() == ["recorded"]


def test_root_does_not_use_what_belongs_to_another_user(warm: Stage) -> None:
    assert os.geteuid() == 0, "as root, like the security tests"
    os.chown(warm.folder, NOBODY, NOBODY)
    assert warm.run().stdout == b"ran\n"
    assert not warm.requests()
    os.chown(warm.folder, 0, 0)
    os.chown(next(warm.folder.glob("*.recipe")), NOBODY, NOBODY)
    assert warm.run().stdout == b"ran\n"
    assert warm.reasons()[-1] == "recorded"


def test_another_user_s_host_is_not_used_by_root(stage: Stage) -> None:
    """The folder is root's, but the one who listens is not."""
    assert os.geteuid() == 0, "as root, like the security tests"
    stage.put_recipe()
    stage.bring_up()
    key = stage.notes("host")[0]["key"]
    os.kill(stage.notes("host")[0]["pid"], signal.SIGKILL)
    listen = (
        "import socket, sys, os\nos.chdir(sys.argv[1])\nos.unlink(sys.argv[2])\n"
        "s = socket.socket(socket.AF_UNIX); s.bind(sys.argv[2]); os.setuid(65534); s.listen()\n"
        "print('up', flush=True); c, _ = s.accept(); print(len(c.recv(10)))"
    )
    words = [sys.executable, "-c", listen, stage.folder, f"{key}.sock"]
    with subprocess.Popen(words, stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"up\n"
        assert stage.run().stdout == b"ran\n"
        assert other.stdout.readline() == b"0\n"
    assert stage.reasons() == ["no-host", "other-caller"]
