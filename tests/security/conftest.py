from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("security.people")

from .people import (  # noqa: E402 - after its assertions are set to explain themselves
    STRANGER,
    PrefixedWorld,
    as_user,
    install_for_all,
    need,
    need_root,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starts import World

    from .people import Installation


@pytest.fixture(scope="session")
def installation() -> Iterator[Installation]:
    """An interpreter that every user can reach, and Mainspring installed beside it, by root."""
    need_root()
    need(shutil.which("setpriv"), "setpriv, of util-linux")
    folder = Path(tempfile.mkdtemp(prefix="mainspring-test-"))
    yield install_for_all(folder)
    shutil.rmtree(folder)


@pytest.fixture
def stranger(installation: Installation, tmp_path: Path) -> Iterator[PrefixedWorld]:
    """A world whose starts are another user's, in a home of theirs."""
    home = installation.make_home(f"home-{tmp_path.name}", STRANGER)
    world = PrefixedWorld(
        home,
        installation.plain_python,
        installation.enabled_python,
        installation.launcher,
        dict(installation.settings),
        as_user(STRANGER),
    )
    yield world
    shutil.rmtree(home)


@pytest.fixture
def small_disk(world: World) -> Iterator[Path]:
    """A file system of 64 KiB."""
    need_root()
    folder = world.home / "disk"
    folder.mkdir()
    mount(folder, "-t", "tmpfs", "-o", "size=64k,mode=700", "none")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def mount(folder: Path, *options: str | Path) -> None:
    done = subprocess.run(["mount", *options, folder], check=False, capture_output=True)
    need(done.returncode == 0, "the right to mount file systems")
