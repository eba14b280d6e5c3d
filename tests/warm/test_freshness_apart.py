"""What holds on one file system holds on others, under mounts, and with nothing left of the kernel's."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from security.people import need_root

from mainspring.warm.freshness import Watch
from mainspring.warm.sight import Sight

from .watch_apart import LATER

TESTS = Path(__file__).parents[1]


def run_apart(case: str, folder: Path, *spaces: str) -> None:
    words = ["unshare", *spaces, sys.executable, "-m", "warm.watch_apart", case, folder]
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    done = subprocess.run(words, env=environment, check=False, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("case", ["tmpfs", "overlay_above", "overlay_below"])
def test_every_way_of_changing_is_seen_on(case: str, tmp_path: Path) -> None:
    run_apart(case, tmp_path, "--map-root-user", "--mount")


@pytest.mark.parametrize("case", ["mount_over", "unmount", "bound_folder"])
def test_mounts_are_seen(case: str, tmp_path: Path) -> None:
    (tmp_path / "tree").mkdir()
    run_apart(case, tmp_path / "tree", "--map-root-user", "--mount")


@pytest.mark.parametrize("case", ["no_watches", "no_instances"])
def test_without_watches_left_all_is_compared(case: str, tmp_path: Path) -> None:
    run_apart(case, tmp_path, "--map-root-user")


def test_folders_that_one_may_not_read_are_compared(tmp_path: Path) -> None:
    need_root()
    for folder in (tmp_path, *tmp_path.parents[:3]):
        folder.chmod(0o711)
    (tmp_path / "tree").mkdir()
    run_apart("unreadable", tmp_path / "tree", "--mount")


def test_files_of_another_machine_are_compared(tmp_path: Path) -> None:
    need_root()
    served = tmp_path / "served"
    served.mkdir()
    command = [sys.executable, TESTS / "doctor/file_server.py", served, "fuse.sshfs", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"mounted\n"
        try:
            check_remote_file(served / "module.py")
        finally:
            subprocess.run(["umount", "-l", served], check=True)


def check_remote_file(module: Path) -> None:
    module.write_text("one")
    watch = Watch({str(module)}, set(), set(), set(), Sight(LATER + time.time_ns()))
    assert watch.find_change() is None
    with module.open("r+") as file:
        file.write("two")
    assert watch.find_change() == str(module)
    watch.close()
