"""Grounds on which scripts are served; hosts come up there, of which nothing is left at the end."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

for name in ("wire", "ground", "hosting", "service"):
    pytest.register_assert_rewrite(f"gateway.{name}")

from gateway.ground import make_ground  # noqa: E402 - after assertions are set up
from gateway.service import Scene  # noqa: E402 - as above

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.ground import Ground
    from mainspring.gateway.bounds import Bounds


@pytest.fixture
def lay_out(tmp_path: Path, bare_python: Path, launcher: Path) -> Iterator[Callable[[Bounds], Ground]]:
    """Make a ground with bounds of a test's own, once."""
    with ExitStack() as stack:
        yield lambda bounds: stack.enter_context(make_ground(tmp_path, bare_python, launcher, bounds))


@pytest.fixture
def ground(tmp_path: Path, bare_python: Path, launcher: Path) -> Iterator[Ground]:
    with make_ground(tmp_path, bare_python, launcher) as made:
        yield made


@pytest.fixture
def scene(tmp_path: Path, bare_python: Path, launcher: Path) -> Scene:
    """Scripts, to be served by a gateway of their own."""
    return Scene(tmp_path, bare_python, launcher)
