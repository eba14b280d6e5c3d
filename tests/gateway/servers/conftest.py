"""Fronts before a gateway, one of each for all tests of a module."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from warm.parity.remains import adopt_orphans, end_all

from .client import Client
from .fronts import FRONTS, name_front
from .processes import make_folder
from .served import Gateway, copy_scripts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .fronts import Front


@pytest.fixture(scope="module")
def no_remains() -> Iterator[None]:
    """Whatever a module's tests start has ended when they have."""
    adopt_orphans(adopt=True)
    yield
    end_all()
    adopt_orphans(adopt=False)


@pytest.fixture(scope="module")
def folder(no_remains: None) -> Iterator[Path]:
    del no_remains
    with make_folder() as folder:
        yield folder


@pytest.fixture(scope="module")
def gateway(folder: Path, bare_python: Path, launcher: Path) -> Iterator[Gateway]:
    scripts = copy_scripts(folder / "cgi", bare_python)
    with Gateway(folder, scripts).run(launcher) as gateway:
        yield gateway


@pytest.fixture(scope="module", params=FRONTS, ids=name_front)
def front(request: pytest.FixtureRequest) -> Front:
    front: Front = request.param
    return front


@pytest.fixture(scope="module")
def client(front: Front, gateway: Gateway) -> Iterator[Client]:
    """A client of the front, which is up."""
    address = gateway.find_address(front.protocol, is_tcp=front.is_tcp)
    with front.run(gateway.folder, gateway.scripts, address) as port:
        yield Client(port)
