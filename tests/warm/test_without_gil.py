"""An interpreter without the GIL lays objects out another way: each of its starts is CPython's own."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from starts import make_bare_venv

from .parity.remains import list_descendants, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from .parity.world import WarmWorld

#: comes before our own line: what tells of such a build
SAYS_SO = "import sys; sys.abiflags += 't'\n"
STARTS = 4


@pytest.fixture
def world(warm_world: WarmWorld, tmp_path: Path) -> WarmWorld:
    """A world of an interpreter that is enabled, and says that it is without the GIL."""
    python = make_bare_venv(tmp_path / "own")
    subprocess.run([warm_world.launcher, "enable", "--python", python], check=True)
    [packages] = (tmp_path / "own").glob("lib/python3.*/site-packages")
    (packages / "0.pth").write_text(SAYS_SO)
    world = replace(warm_world, plain_python=python, enabled_python=python)
    world.write("program.py", "import json, sys\nprint(sys.argv, 'mainspring' in sys.modules)\n")
    return world


def test_it_is_never_recorded_and_has_no_host(world: WarmWorld) -> None:
    expected = world.start_plain("program.py")
    for _ in range(STARTS):
        assert world.ask_for_warm("program.py") == expected
        wait_for(lambda: not list_descendants(), "settled")
    assert world.list_hosts() == []
    assert list(world.folder.glob("*.recipe")) == []


@pytest.mark.parametrize("kind", ["plain", "cold", "warm"])
def test_nothing_of_it_is_kept_or_counted(world: WarmWorld, kind: str) -> None:
    for _ in range(2):
        ended = world.start(kind, "program.py")  # type: ignore[arg-type]
        assert ended.stdout == b"['program.py'] False\n"
    assert world.entries == []
    assert world.read_log() == []
