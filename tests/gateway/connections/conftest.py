"""A server of each kind, and a FastCGI client of the one that echoes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.connections.staging import Stage
from gateway.connections.watching import MOST_PARAMS, Watched
from gateway.wire import LOOPS, FastCGIClient, Wire, serve_wire
from mainspring.gateway.bounds import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def stage() -> Stage:
    return Stage()


@pytest.fixture(params=LOOPS)
def staged(tmp_path: Path, stage: Stage, request: pytest.FixtureRequest) -> Iterator[Wire]:
    """A server that does what requests say."""
    with serve_wire(tmp_path, stage.serve, loop=request.param) as running:
        yield running


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def wire(tmp_path: Path, watched: Watched) -> Iterator[Wire]:
    with serve_wire(tmp_path, watched.serve, Bounds(params=MOST_PARAMS)) as running:
        yield running


@pytest.fixture
def client(wire: Wire) -> Iterator[FastCGIClient]:
    with FastCGIClient(wire.fastcgi) as connected:
        yield connected
