"""Programs that are recorded; and worlds in which hosts come up, of which nothing is left at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

for name in ("world", "probing", "terminal", "dialogue"):
    pytest.register_assert_rewrite(f"warm.parity.{name}")

from warm.parity.remains import adopt_orphans  # noqa: E402 - after assertions are set up
from warm.parity.world import live_in, make_world  # noqa: E402
from warm.recording import Program  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starts import World

    from warm.parity.world import WarmWorld


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
