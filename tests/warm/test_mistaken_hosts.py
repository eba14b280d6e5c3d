"""No process becomes a host that is not meant to be one, and no host runs what nobody has asked for."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from security.people import list_tree
from starts import make_bare_venv

from warm.ending import ask_hook
from warm.parity.remains import list_descendants, wait_for
from warm.watched import settle

if TYPE_CHECKING:
    from pathlib import Path

    from warm.parity.world import WarmWorld

PROGRAM = "import argparse, json, logging, sys\nprint('the program', *sys.argv[1:])\n"
#: notes where it ran: a host's working directory is the root
OTHER = """\
import os
with open({notes!r}, "a") as file:
    print(os.getcwd(), file=file)
print("the other")
"""
#: executes it, once there is a certain file, and once alone
EXECUTES = """\
import os, sys
if os.path.exists({flag!r}) and not sys.flags.safe_path:
    {execute}
"""
EXECUTIONS = {
    "execv": "os.execv(sys.executable, [sys.executable, '-P', {other!r}])",
    "execve": "os.execve(sys.executable, [sys.executable, '-P', {other!r}], os.environ)",
}
IMPORTS_IT = "import argparse, json, part, sys\nprint('ran', flush=True)\nsys.stdin.read()\n"
#: with the number of the process that is to be a host, its key, and the folder
BECOME = """\
exec 3<key 4<"$1" 5>>lock
MAINSPRING_WARM="host:0:3:4:5@$$" exec "$2" program.py
"""


@pytest.fixture
def site_world(warm_world: WarmWorld, tmp_path: Path) -> WarmWorld:
    """A world with an interpreter of its own, and the program."""
    world = replace(warm_world, plain_python=make_bare_venv(tmp_path / "own"))
    world.write("program.py", PROGRAM)
    return world


def write_execution(world: WarmWorld, path: Path, name: str) -> None:
    """Let *path* execute another program in place of its own, as soon as that is wanted."""
    notes = str(world.work / "notes")
    other = str(world.write("other.py", OTHER.format(notes=notes)))
    execute = EXECUTIONS[name].format(other=other)
    path.write_text(EXECUTES.format(flag=str(world.work / "flag"), execute=execute))


def list_notes(world: WarmWorld) -> list[str]:
    file = world.work / "notes"
    return file.read_text().splitlines() if file.exists() else []


def find_site_packages(world: WarmWorld) -> Path:
    [folder] = world.plain_python.parents[1].glob("lib/python3.*/site-packages")
    return folder


def start_while_wanted(world: WarmWorld) -> None:
    """Have a host be made, and a start, that come past what has them execute the other program."""
    world.warm_up("program.py")
    world.stop_hosts()
    (world.work / "flag").touch()
    settle(world.work)  # else, who has looked for it takes itself for outdated
    assert world.ask_for_warm("program.py").stdout == b"the other\n"
    wait_for(lambda: not list_descendants() or world.list_hosts(), "settled")
    assert has_set_out(world)


def has_set_out(world: WarmWorld) -> bool:
    """Whether a process was about to be the host."""
    return any(lock.stat().st_size for lock in world.folder.glob("*.lock"))


@pytest.mark.parametrize("name", list(EXECUTIONS))
def test_a_host_whose_site_executes_a_program_runs_none(warm_world: WarmWorld, name: str) -> None:
    """The hook has come by then: a sitecustomize is loaded after ours."""
    warm_world.write("program.py", PROGRAM)
    warm_world.settings["PYTHONPATH"] = str(warm_world.work / "site")
    write_execution(warm_world, warm_world.write("site/sitecustomize.py", ""), name)
    start_while_wanted(warm_world)
    assert list_notes(warm_world) == [str(warm_world.work)]  # the caller's own


def test_a_program_that_is_executed_in_its_place_is_no_host(site_world: WarmWorld) -> None:
    """Before the hook has come: the environment has still what the launcher wants of this process."""
    packages = find_site_packages(site_world)
    write_execution(site_world, packages / "executes.py", "execv")
    (packages / "executes.pth").write_text("import executes\n")
    start_while_wanted(site_world)
    assert list_notes(site_world) == [str(site_world.work)]
    (site_world.work / "flag").unlink()
    assert site_world.ask_for_warm("program.py").stdout == b"the program\n"
    assert site_world.start_warm("program.py").stdout == b"the program\n"


@pytest.mark.parametrize("name", list(EXECUTIONS))
def test_an_import_ahead_that_executes_a_program_is_left_to_the_program(
    warm_world: WarmWorld, name: str
) -> None:
    """What it asks for comes to be after the second start has imported, and before the host does."""
    write_execution(warm_world, warm_world.work / "part.py", name)
    warm_world.write("program.py", IMPORTS_IT)
    warm_world.ask_for_warm("program.py")
    with warm_world.begin("warm", "program.py", stdin=subprocess.PIPE) as second:
        assert second.stdout
        assert second.stdout.readline() == b"ran\n"
        (warm_world.work / "flag").touch()
        settle(warm_world.work)
        second.communicate()
    wait_for(lambda: bool(warm_world.list_hosts()), "up: a host")
    assert list_notes(warm_world) == []
    assert warm_world.ask_for_warm("program.py").stdout == b"the other\n"
    assert warm_world.last_outcome == "warm"
    assert list_notes(warm_world) == [str(warm_world.work)]


@pytest.mark.parametrize("wish", ["record:{id}", "renew:{id}", "host:{id}:0:0:0"])
@pytest.mark.parametrize("process", ["1", "0", "x", "-1", "@"])
def test_what_is_wanted_of_another_process_is_no_affair_of_one_that_has_it_too(
    warm_world: WarmWorld, wish: str, process: str
) -> None:
    warm_world.write("program.py", PROGRAM)
    leaked = ask_hook(f"{wish.format(id='0' * 32)}@{process}", None)
    started = warm_world.start_plain("program.py", env=warm_world.environment(**leaked))
    assert started == warm_world.start_plain("program.py")
    assert list_tree(warm_world.runtime) == {}


def test_the_key_of_another_program_makes_no_host(warm_world: WarmWorld) -> None:
    """Even if everything else is meant for the process."""
    script = warm_world.write("program.py", PROGRAM)
    key = warm_world.write("key", "")
    warm_world.folder.mkdir(mode=0o700)
    for meant, ended in ((b"/elsewhere/other.py", "unplanned"), (bytes(script), "effect no recipe")):
        key.write_bytes(b"version\0python\0\0script\0" + meant + b"\0")
        leaked = warm_world.environment(**ask_hook("", None))
        command = ["sh", "-c", BECOME, "sh", warm_world.folder, warm_world.plain_python]
        done = subprocess.run(command, cwd=warm_world.work, env=leaked, capture_output=True, check=False)
        assert (done.stdout, done.stderr) == (b"", b"")
        log = warm_world.home / ".local/state/mainspring/hosts.log"
        assert log.read_text().splitlines()[-1].endswith(f"ended {ended} {script}")
