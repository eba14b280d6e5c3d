"""Each way of changing what a host has imported is seen by the next look; what does not matter is not."""

from __future__ import annotations

import subprocess
import sys
import time
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from mainspring.warm.freshness import Watch
from mainspring.warm.sight import Sight

from .watch_apart import LATER
from .watched import Program
from .ways import CHANGES, NO_CHANGES, PACK

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def program(tmp_path: Path) -> Program:
    (tmp_path / "tree").mkdir()
    return Program(tmp_path / "tree")


@pytest.mark.parametrize("name", CHANGES)
def test_the_next_look_sees(program: Program, name: str) -> None:
    watch = program.watch()
    assert watch.find_change() is None
    CHANGES[name](program.root)
    assert watch.find_change() is not None
    assert watch.find_change() is not None, "once changed, always"
    watch.close()


@pytest.mark.parametrize("name", CHANGES)
def test_without_any_watch_the_next_look_sees(program: Program, name: str) -> None:
    watch = program.watch()
    CHANGES[name](program.root)
    assert watch.compare_all() is not None
    watch.close()


@pytest.mark.parametrize("name", NO_CHANGES)
def test_does_not_count(program: Program, name: str) -> None:
    watch = program.watch()
    NO_CHANGES[name](program.root)
    assert watch.find_change() is None
    assert watch.compare_all() is None
    watch.close()


def test_devices_and_what_the_kernel_tells_are_no_files() -> None:
    paths = {
        "/dev/null",
        "/dev/urandom",
        "/proc/cpuinfo",
        "/proc/self/status",
        "/sys/kernel/uevent_seqnum",
    }
    watch = Watch(paths, set(), set(), set(), Sight(time.time_ns() + LATER))
    for path in paths:
        with open(path, "rb") as file:
            file.read(100)
    Path("/dev/null").write_text("gone")
    assert watch.find_change() is None
    assert watch.compare_all() is None
    watch.close()


def test_the_next_look_sees_what_another_process_did(program: Program) -> None:
    target = program.root / PACK / "one.py"
    command = ["sh", "-c", 'while read -r word; do echo "$word" >"$0"; echo done; done', target]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdin is not None
        assert writer.stdout is not None
        for number in range(300):
            watch = program.watch(time.time_ns() + LATER)
            assert watch.find_change() is None
            writer.stdin.write(b"%d\n" % number)
            writer.stdin.flush()
            writer.stdout.readline()
            assert watch.find_change() == str(target)
            watch.close()


def test_an_upgrade_with_pip_is_seen_and_compiling_is_not(tmp_path: Path) -> None:
    site = tmp_path / "site-packages"
    install(tmp_path, site, "1.0")
    files = {str(site / "gauge.py")}
    watch = Watch(files, {str(site)}, {"gauge"}, set(), Sight(time.time_ns() + LATER))
    subprocess.run([sys.executable, "-m", "compileall", "-q", "-f", site], check=True)
    assert watch.find_change() is None
    install(tmp_path, site, "2.0")
    assert watch.find_change() is not None
    watch.close()


def install(folder: Path, site: Path, version: str) -> None:
    """By pip, as anybody would."""
    name = f"gauge-{version}"
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as wheel:
        wheel.writestr("gauge.py", f"VERSION = {version!r}")
        wheel.writestr(f"{name}.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        wheel.writestr(
            f"{name}.dist-info/METADATA", f"Metadata-Version: 2.1\nName: gauge\nVersion: {version}\n"
        )
        wheel.writestr(f"{name}.dist-info/RECORD", "")
    words = ["install", "-q", "--no-index", "--upgrade", "--target", site, wheel.filename]
    subprocess.run([sys.executable, "-m", "pip", *words], check=True)


@pytest.fixture(autouse=True)
def open_folders(tmp_path: Path) -> Iterator[None]:
    """What a test closes, pytest must be able to remove."""
    yield
    for folder in ("tree/lib", f"tree/{PACK}"):
        if (tmp_path / folder).exists():
            (tmp_path / folder).chmod(0o755)
