"""Worlds in which a gateway's scripts are started."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

for name in ("warm.parity.world", "warm.launcher.stage", "gateway.scripts"):
    pytest.register_assert_rewrite(name)

from warm.launcher.stage import staged  # noqa: E402
from warm.parity.remains import adopt_orphans  # noqa: E402
from warm.parity.world import live_in, make_world  # noqa: E402

from mainspring.gateway.starting import Starter  # noqa: E402 - after assertions are set up

from .scripts import Site  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from warm.launcher.stage import Stage


@pytest.fixture
def site(tmp_path: Path, bare_python: Path, launcher: Path) -> Iterator[Site]:
    """Scripts in a world of one test; at its end, nothing is left of it but hosts."""
    adopt_orphans(adopt=True)
    for world in live_in(make_world(tmp_path, bare_python, launcher)):
        yield Site(world, Starter(str(launcher)))
    adopt_orphans(adopt=False)


@pytest.fixture
def stage(launcher: Path, clean_env: dict[str, str], tmp_path: Path) -> Iterator[Stage]:
    """A program, and hosts that do what they are told to do wrong."""
    with staged(tmp_path / "stage", launcher, clean_env) as one:
        yield one
