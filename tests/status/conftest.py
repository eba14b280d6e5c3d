from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

pytest.register_assert_rewrite("security.people")

from enabling.commands import Commands  # noqa: E402
from enabling.conftest import fresh, site  # noqa: E402
from security.conftest import installation, small_disk, stranger  # noqa: E402

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

__all__ = ["commands", "fresh", "installation", "site", "small_disk", "stranger"]


@pytest.fixture
def commands(world: World) -> Commands:
    """The commands, in the home of *world*, with no interpreter on PATH."""
    empty = world.home.parent / "empty"
    empty.mkdir()
    return Commands(world.launcher, world.home, {"PATH": str(empty)})


@pytest.fixture
def on_path(commands: Commands, fresh: Path) -> Path:
    """A bare interpreter, alone on PATH."""
    commands.settings["PATH"] = str(fresh.parent)
    return fresh
