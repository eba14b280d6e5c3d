"""An answer that cannot be completed does not look whole to the client of a web server."""

from __future__ import annotations

from http.client import IncompleteRead, RemoteDisconnected
from typing import TYPE_CHECKING

import pytest

from .fronts import FRONTS, name_front

if TYPE_CHECKING:
    from .client import Client

#: Caddy 2.6 ends an answer of unknown length as if it were whole
SHOWING = [front for front in FRONTS if front.name != "caddy"]


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("front", SHOWING, ids=name_front, indirect=True)
def test_an_answer_of_unknown_length_does_not_look_whole(client: Client, size: str) -> None:
    assert_broken(client, size)


@pytest.mark.parametrize("size", ["small", "large"])
def test_an_answer_that_says_its_length_does_not_look_whole(client: Client, size: str) -> None:
    assert_broken(client, f"{size}&length")


def assert_broken(client: Client, query: str) -> None:
    """The rest never comes; from nginx, it may be that nothing does."""
    with pytest.raises((IncompleteRead, RemoteDisconnected)):
        client.get(f"/cgi-bin/killed.py?{query}")
    assert client.get("/cgi-bin/hello.py").body == b"hello\n"
