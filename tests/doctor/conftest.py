from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

for module in ("security.people", "warm.shimming"):
    pytest.register_assert_rewrite(module)

from enabling.commands import Commands  # noqa: E402
from enabling.conftest import fresh, site  # noqa: E402
from security.conftest import installation, small_disk, stranger  # noqa: E402
from security.people import need, need_root  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from security.people import Installation, PrefixedWorld
    from starts import World

__all__ = ["commands", "fresh", "installation", "site", "small_disk", "stranger"]


@pytest.fixture
def commands(world: World) -> Commands:
    """The commands, in the home of *world*, with an enabled interpreter alone on PATH."""
    return Commands(world.launcher, world.home, {"PATH": str(world.enabled_python.parent)})


@pytest.fixture
def on_path(commands: Commands, fresh: Path) -> Path:
    """A bare interpreter, alone on PATH."""
    commands.settings["PATH"] = str(fresh.parent)
    return fresh


@pytest.fixture
def theirs(stranger: PrefixedWorld) -> Commands:
    """The commands as another user gives them, with an enabled interpreter alone on PATH."""
    prefix = (shutil.which("setpriv") or "setpriv", *stranger.prefix[1:])
    settings = stranger.settings | {"PATH": str(stranger.enabled_python.parent)}
    return Commands(stranger.launcher, stranger.home, settings, prefix)


@dataclass(frozen=True)
class Copy:
    """A copy of the installed Mainspring, and its commands."""

    folder: Path
    package: Path
    commands: Commands


@pytest.fixture
def copy(installation: Installation, commands: Commands, tmp_path: Path) -> Copy:
    """An installation that a test may spoil."""
    folder = tmp_path / "tools"
    shutil.copytree(installation.folder / "tools", folder, symlinks=True)
    [package] = folder.glob("lib/python*/site-packages/mainspring")
    settings = commands.settings | installation.settings
    return Copy(folder, package, Commands(folder / "bin" / "mainspring", commands.home, settings))


@pytest.fixture
def file_server(world: World) -> Iterator[Callable[[str, float], Path]]:
    """Mounts a file system of another machine, of a kind and with a clock that is ahead."""
    need_root()
    need(Path("/dev/fuse").exists(), "/dev/fuse")
    folder = world.home.parent / "served"
    folder.mkdir()
    script = Path(__file__).with_name("file_server.py")
    started: list[subprocess.Popen[bytes]] = []

    def serve(kind: str, skew: float) -> Path:
        command = [sys.executable, script, folder, kind, str(skew)]
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE))
        stdout = started[0].stdout
        need(stdout is not None and stdout.readline() == b"mounted\n", "the right to mount with FUSE")
        return folder

    yield serve
    for server in started:
        subprocess.run(["umount", "-l", folder], check=False)
        with server:
            assert server.wait() == 0
