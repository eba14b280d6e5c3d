"""An interpreter that is too old starts its programs as it always did, and the log says so."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .people import need, write_script

if TYPE_CHECKING:
    from starts import Ended, World

#: do not know their program's name while `site` starts up
NAMELESS = ("python3.6", "python2.7")
NAMES = ("python3.10", "python3.9", "python3.8", "python3.7", "python3.6", "python2.7")


def find_old_pythons() -> dict[str, Path]:
    """The interpreters older than 3.11 that this machine has, by name."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found: dict[str, Path] = {}
    for name in NAMES:
        places = [*root.glob(f"versions/*/bin/{name}"), shutil.which(name)]
        works = [Path(place) for place in places if place and runs(place)]
        if works:
            found[name] = works[0]
    return found


def runs(python: str | Path) -> bool:
    """Whether it is an interpreter, and not a stand-in that looks for one."""
    return subprocess.run([python, "-c", ""], check=False, capture_output=True).returncode == 0


OLD_PYTHONS = find_old_pythons()


@pytest.fixture(params=OLD_PYTHONS or ["none"])
def old_python(request: pytest.FixtureRequest) -> Path:
    need(OLD_PYTHONS, "a Python older than 3.11")
    return OLD_PYTHONS[request.param]


def start_old(world: World, python: Path, script: Path, log: str) -> Ended:
    """Start *script* by `mainspring run`; it has to be as a plain start."""
    world.plain_python = python
    environment = world.environment(MAINSPRING_LOG=log)
    started = world.start("run", script, env=environment, timeout=3)
    assert started == world.start("plain", script, env=environment)
    assert started.stderr == b""
    return started


def test_its_reason_is_logged(world: World, old_python: Path) -> None:
    script = write_script(world, "print('old')\n")
    start_old(world, old_python, script, str(world.log))
    named = old_python.name not in NAMELESS
    program = str(script) if named else ""
    assert [(line.program, line.outcome) for line in world.read_log()] == [(program, "old-python")]
    assert world.log.stat().st_mode & 0o777 == 0o600
    assert not world.cache.exists()


def test_a_fifo_is_not_waited_for(world: World, old_python: Path) -> None:
    fifo = world.home / "fifo"
    os.mkfifo(fifo)
    start_old(world, old_python, write_script(world, "print('old')\n"), str(fifo))


def test_a_link_is_not_followed(world: World, old_python: Path) -> None:
    (world.home / "link").symlink_to(world.home / "target")
    start_old(world, old_python, write_script(world, "print('old')\n"), str(world.home / "link"))
    assert not (world.home / "target").exists()


def test_a_name_forges_no_line(world: World, old_python: Path) -> None:
    script = write_script(world, "print('old')\n", "two\nlines\tand a tab.py")
    start_old(world, old_python, script, str(world.log))
    assert world.log.read_bytes().count(b"\n") == 1
    assert world.log.read_bytes().count(b"\t") == 2
