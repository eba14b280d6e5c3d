"""Worlds in which hosts come up, and which hold that nothing is left running at their end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

for name in ("world", "probing", "terminal", "dialogue"):
    pytest.register_assert_rewrite(f"warm.parity.{name}")

from .remains import adopt_orphans, end_all, reap_orphans  # noqa: E402 - after assertions are set up
from .world import WarmWorld  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="package", autouse=True)
def adopted_orphans() -> Iterator[None]:
    """Whatever these tests start stays a descendant of this process."""
    adopt_orphans(adopt=True)
    yield
    adopt_orphans(adopt=False)


@pytest.fixture
def warm_world(tmp_path: Path, bare_python: Path, launcher: Path) -> Iterator[WarmWorld]:
    """A world for one test."""
    yield from live_in(make_world(tmp_path, bare_python, launcher))


@pytest.fixture(scope="module")
def shared_world(
    tmp_path_factory: pytest.TempPathFactory, bare_python: Path, launcher: Path
) -> Iterator[WarmWorld]:
    """A world for all tests of a module, so that they share a host."""
    yield from live_in(make_world(tmp_path_factory.mktemp("shared"), bare_python, launcher))


def make_world(folder: Path, python: Path, launcher: Path) -> WarmWorld:
    world = WarmWorld(folder / "home", python, python, launcher)
    world.home.mkdir()
    world.work.mkdir()
    world.runtime.mkdir(mode=0o700)
    return world


def live_in(world: WarmWorld) -> Iterator[WarmWorld]:
    """The *world*; at its end, nothing is left of it but hosts, and they end when they are told to."""
    try:
        yield world
        world.assert_nothing_runs()
        world.stop_hosts()
    finally:
        end_all()
        reap_orphans()
