"""Programs that are recorded; and worlds in which hosts come up, of which nothing is left at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

ASSERTING = (
    "hosting", "shimming", "parity.world", "parity.probing", "parity.terminal", "parity.dialogue",
)  # fmt: skip
for name in ASSERTING:
    pytest.register_assert_rewrite(f"warm.{name}")
pytest.register_assert_rewrite("security.people")

from security.conftest import installation  # noqa: E402 - after assertions are set up

from warm.hosting import Hosts  # noqa: E402
from warm.parity.remains import adopt_orphans  # noqa: E402
from warm.parity.world import live_in, make_world  # noqa: E402
from warm.recording import Program  # noqa: E402
from warm.shimming import Desk, link  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starts import World

    from warm.parity.world import WarmWorld

__all__ = ["installation"]


@pytest.fixture
def program(world: World, tmp_path: Path) -> Program:
    """A program whose starts can be recorded."""
    return Program(world, tmp_path / "program")


@pytest.fixture(scope="module")
def adopted_orphans() -> Iterator[None]:
    """Whatever the tests of a module start stays a descendant of this process."""
    adopt_orphans(adopt=True)
    yield
    adopt_orphans(adopt=False)


@pytest.fixture
def warm_world(
    tmp_path: Path, bare_python: Path, launcher: Path, adopted_orphans: None
) -> Iterator[WarmWorld]:
    """A world for one test."""
    del adopted_orphans
    yield from live_in(make_world(tmp_path, bare_python, launcher))


@pytest.fixture(scope="module")
def shared_world(
    tmp_path_factory: pytest.TempPathFactory, bare_python: Path, launcher: Path, adopted_orphans: None
) -> Iterator[WarmWorld]:
    """A world for all tests of a module, so that they share a host."""
    del adopted_orphans
    yield from live_in(make_world(tmp_path_factory.mktemp("shared"), bare_python, launcher))


@pytest.fixture
def hosts(launcher: Path, tmp_path: Path) -> Iterator[Hosts]:
    """A home in which hosts can answer."""
    found = Hosts(launcher, tmp_path / "home")
    found.runtime.mkdir(mode=0o700, parents=True)
    yield found
    for process in found.answering:
        with process:
            process.kill()


@pytest.fixture
def desk(launcher: Path, tmp_path: Path, bare_python: Path) -> Desk:
    """A home with a folder of commands, and a bare interpreter in it."""
    home = tmp_path / "home"
    desk = Desk(launcher, home)
    link(desk.folder / "python3", bare_python)
    return desk
