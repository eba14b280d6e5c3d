"""Of an interpreter that ignores settings (-E, -I), no host runs a program that nobody has started."""

from __future__ import annotations

import shutil
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .remains import list_descendants, wait_for

if TYPE_CHECKING:
    from starts import Ended

    from .world import WarmWorld

TOOL = "import json, argparse, late\nwith open('runs', 'a') as runs:\n    print('run', file=runs)\n"
LATE = "import os\nnumber = os.path.exists(os.path.expanduser('~/late')) and os.getpid()\n"


class Counted:
    """A program under an option; each of its runs leaves a line."""

    def __init__(self, world: WarmWorld, option: str) -> None:
        self.world, self.option, self.starts = world, option, 0
        self.tool = world.write("tool.py", TOOL)

    def start(self) -> Ended:
        self.starts += 1
        return self.world.ask_for_warm(self.option, self.tool)

    def assert_only_started(self) -> None:
        """It has run as often as it was started."""
        assert (self.world.work / "runs").read_text() == "run\n" * self.starts


@pytest.mark.parametrize("option", ["-E", "-sEB"])
def test_a_host_that_learns_starts_again(warm_world: WarmWorld, option: str) -> None:
    warm_world.write("late.py", LATE)
    counted = Counted(warm_world, option)
    warm_world.repeat_until_warm(counted.start)
    (warm_world.home / "late").write_text("")
    counted.start()
    counted.start()
    wait_for(warm_world.list_hosts, "up: a host that leaves `late` to the program")
    warm_world.repeat_until_warm(counted.start)
    counted.assert_only_started()
    [recipe] = [path.read_text() for path in warm_world.folder.glob("*.recipe")]
    assert "\nnot late process-id" in recipe


def test_a_host_whose_hook_is_not_reached_finds_no_script(warm_world: WarmWorld, tmp_path: Path) -> None:
    warm_world.launcher = copy_installation(warm_world.launcher, tmp_path / "copy")
    warm_world.write("late.py", "")
    counted = Counted(warm_world, "-E")
    warm_world.repeat_until_warm(counted.start)
    warm_world.stop_hosts()
    [library] = (tmp_path / "copy").rglob("_preload.abi3.so")
    library.unlink()
    # a library that does nothing
    shutil.copy(library.parents[1] / "_native.abi3.so", library)
    for _ in range(3):
        assert counted.start().status == 0
        wait_for(lambda: not list_descendants(), "gone: what was to become a host")
    counted.assert_only_started()


def copy_installation(launcher: Path, folder: Path) -> Path:
    """The launcher of another installation."""
    packages = folder / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    shutil.copytree(Path(sysconfig.get_path("platlib")) / "mainspring", packages / "mainspring")
    (folder / "bin").mkdir()
    return Path(shutil.copy(launcher, folder / "bin"))
