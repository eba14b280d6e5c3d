"""A cold start is none the wiser for having been asked to be warm; and a helper has nothing of it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from mainspring import __version__

from .stage import wait_until

if TYPE_CHECKING:
    from .stage import Stage

TELL = """
import json, os, sys
status = open("/proc/self/status").read().splitlines()
names = ("SigBlk", "SigIgn", "SigPnd", "ShdPnd", "Umask", "SigQ")
try:
    children = os.waitpid(-1, os.WNOHANG)
except ChildProcessError:
    children = "none"
open_ones = []
for number in range(3, 300):
    try:
        open_ones.append([number, os.readlink(f"/proc/self/fd/{number}")])
    except OSError:
        pass
json.dump({
    "status": [line for line in status if line.startswith(names[:5])],
    "open": open_ones,
    "environment": sorted(name for name in os.environ if name != "XDG_RUNTIME_DIR"),
    "children": children,
    "group": os.getpgrp() == os.getppid(),
    "folder": os.getcwd(),
}, sys.stdout)
"""
IGNORED_BY_PYTHON = 1 << signal.SIGPIPE - 1 | 1 << signal.SIGXFSZ - 1
BLOCKED = {signal.SIGUSR1, signal.SIGCHLD, signal.SIGTSTP}


def prepare() -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, BLOCKED)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    os.umask(0o027)
    os.kill(os.getpid(), signal.SIGUSR1)


def tell(stage: Stage, *, warm: bool) -> dict[str, Any]:
    """What the program finds in its process."""
    words = [word for word in stage.command(stage.script) if warm or word != "--warm"]
    with open(os.devnull, "rb") as nothing:
        done = subprocess.run(
            words,
            env=stage.environment,
            cwd=stage.root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            pass_fds=[nothing.fileno()],
            preexec_fn=prepare,
            timeout=30,
            check=True,
        )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def set_up(stage: Stage, case: str) -> None:
    if case == "recorded":
        return
    if case == "recorded again":
        stage.put_recipe("recording", 1)
        return
    stage.put_recipe()
    if case != "no host":
        stage.bring_up()
        stage.behave(case)


@pytest.mark.parametrize(
    "case", ["recorded", "recorded again", "no host", "refuses", "closes", "says garbage", "says nothing"]
)
def test_a_cold_start_finds_its_process_as_the_caller_made_it(stage: Stage, case: str) -> None:
    set_up(stage, case)
    stage.write(TELL)
    assert tell(stage, warm=True) == tell(stage, warm=False)
    assert not stage.requests() or case not in {"recorded", "no host"}


def test_a_helper_has_nothing_of_the_caller_s_open_blocked_or_ignored(stage: Stage) -> None:
    stage.put_recipe()
    stage.write(TELL)
    tell(stage, warm=True)
    [helper] = wait_until(lambda: stage.notes("helper"))
    assert sorted(map(int, helper["open"]))[:3] == [0, 1, 2]
    assert {helper["open"][number] for number in "012"} == {os.devnull}
    rest = sorted(name for number, name in helper["open"].items() if int(number) > 2)
    [lock] = stage.folder.glob("*.lock")
    assert [name.partition(":")[0] for name in rest] == [str(stage.folder), str(lock)]
    assert helper["signals"] == {"SigIgn": IGNORED_BY_PYTHON, "SigBlk": 0}
    assert helper["cwd"] == "/"
    assert helper["arguments"] == [str(stage.script)]


def test_a_helper_ignores_nothing_that_posix_spawn_has_ignored(stage: Stage) -> None:
    """Two that nobody can set are left ignored by glibc, and so in what make starts."""
    stage.put_recipe()
    words = list(map(str, stage.command(stage.script)))
    launcher = os.posix_spawn(words[0], words, stage.environment)
    assert os.waitpid(launcher, 0)[1] == 0
    [helper] = wait_until(lambda: stage.notes("helper"))
    assert helper["signals"] == {"SigIgn": IGNORED_BY_PYTHON, "SigBlk": 0}


def test_a_helper_is_nobody_s_child_and_leads_a_session(stage: Stage) -> None:
    stage.put_recipe()
    host = stage.bring_up(start_new_session=True)
    [helper] = stage.notes("helper")
    assert helper["parent"] != os.getpid()
    assert host["session"] == host["group"] == host["pid"]


def test_the_key_text_tells_what_selects_the_host(stage: Stage) -> None:
    stage.put_recipe(names=["CHOSEN"])
    stage.environment |= {"CHOSEN": "1", "LC_ALL": "C", "LC": "no", "A1": "no"}
    stage.bring_up()
    [helper] = stage.notes("helper")
    fields = helper["text"].split("\0")
    words = [__version__, str(stage.python), "", "script", str(stage.script)]
    assert fields[: len(words)] == words
    assert fields[-1] == ""
    chosen = [field for field in fields if field.startswith("env:")]
    expected = {"CHOSEN", "HOME", "LANG", "LC_ALL", "XDG_RUNTIME_DIR"}
    assert chosen == [f"env:{name}={stage.environment[name]}" for name in sorted(expected)]
    assert sum(field.startswith("identity=ns ") for field in fields) == 8
    assert any(field.startswith("identity=Uid:") for field in fields)
