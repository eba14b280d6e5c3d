"""A host that is told to end lets what runs finish, and its log says who or what ended it."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

from starts import give_command

from .parity.remains import wait_for

if TYPE_CHECKING:
    from .parity.world import WarmWorld

LONG = """\
import json, os, sys
if len(sys.argv) == 1:
    print(os.getpid(), flush=True)
    sys.stdin.read()
"""


def read_log(world: WarmWorld) -> str:
    return (world.home / ".local/state/mainspring/hosts.log").read_text()


def test_stop_says_at_once_what_runs_and_the_host_ends_behind_it(warm_world: WarmWorld) -> None:
    script = warm_world.write("long.py", LONG)
    warm_world.warm_up(script)
    host = warm_world.find_host()
    command = warm_world.command("warm", [script])
    environment = warm_world.environment()
    with subprocess.Popen(
        command, cwd=warm_world.work, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdout is not None
        number = running.stdout.readline().decode().strip()
        assert give_command(warm_world, "hosts", "stop", "long.py") == (
            0,
            f"{script} (process {host}) ends when 1 program that runs has ended: {number}\n",
            "",
        )
        assert running.poll() is None
        assert os.path.isdir(f"/proc/{host}")
        assert give_command(warm_world, "hosts", "stop") == (0, "no host is up\n", "")
        running.communicate(b"")
    assert running.returncode == 0
    wait_for(lambda: not is_alive(host), "gone: the host")


def is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] != b"Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_forgotten_program_is_learnt_anew(warm_world: WarmWorld) -> None:
    script = warm_world.write("tool.py", "import json\n")
    warm_world.warm_up(script)
    host = warm_world.find_host()
    status, output, errors = give_command(warm_world, "hosts", "forget", script)
    assert (status, errors) == (0, "")
    assert output == f"forgot {script}\nended {script} (process {host})\n"
    warm_world.ask_for_warm(script)
    assert warm_world.last_reason == "recorded"
    warm_world.warm_up(script)


def test_a_host_that_is_one_too_many_says_so(warm_world: WarmWorld) -> None:
    warm_world.settings["MAINSPRING_MAX_HOSTS"] = "1"
    scripts = [warm_world.write(f"{name}.py", f"import json\nprint({name!r})\n") for name in "ab"]
    for script in scripts:
        warm_world.warm_up(script)
    wait_for(lambda: f"ended too-many after 1 starts {scripts[0]}" in read_log(warm_world), "pushed out")
