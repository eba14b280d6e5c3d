"""Grounds on which scripts are served, and worlds in which they are started."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

for name in (
    "warm.parity.world",
    "warm.hosting",
    "warm.shimming",
    "warm.parity.probing",
    "warm.parity.terminal",
    "warm.parity.dialogue",
    "warm.launcher.stage",
    "gateway.scripts",
    "gateway.wire",
    "gateway.ground",
    "gateway.likeness",
    "gateway.hosting",
    "gateway.keeping",
    "gateway.service",
    "gateway.connections.staging",
    "gateway.connections.watching",
):
    pytest.register_assert_rewrite(name)

from warm.launcher.stage import staged  # noqa: E402 - after assertions are set up
from warm.parity.remains import adopt_orphans  # noqa: E402
from warm.parity.world import live_in, make_world  # noqa: E402

from gateway.ground import make_ground  # noqa: E402
from gateway.hosting import ASGI, WSGI, find_interface, hosted  # noqa: E402
from gateway.scripts import Site  # noqa: E402
from gateway.service import Scene  # noqa: E402
from mainspring.gateway.starting import Starter  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from warm.launcher.stage import Stage

    from gateway.ground import Ground
    from gateway.hosting import Server
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


@pytest.fixture(scope="module", params=(*ASGI, *WSGI))
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Servers of other people's, each with the application that echoes."""
    application = f"{find_interface(request.param)}_app"
    with hosted(request.param, application, tmp_path_factory.mktemp("s")) as running:
        yield running


@pytest.fixture
def scene(tmp_path: Path, bare_python: Path, launcher: Path) -> Scene:
    """Scripts, to be served by a gateway of their own."""
    return Scene(tmp_path, bare_python, launcher)
