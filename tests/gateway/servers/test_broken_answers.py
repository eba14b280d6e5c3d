"""An answer that cannot be completed does not look whole to the client of a web server."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .breaking import BROKEN, BROKEN_OF_LENGTH, assert_broken
from .fronts import FRONTS, name_front

if TYPE_CHECKING:
    from .client import Client
    from .served import Gateway

#: Caddy 2.6 ends an answer of unknown length as if it were whole
SHOWING = [front for front in FRONTS if front.name != "caddy"]


@pytest.mark.parametrize("query", BROKEN)
@pytest.mark.parametrize("front", SHOWING, ids=name_front, indirect=True)
def test_an_answer_of_unknown_length_does_not_look_whole(
    client: Client, gateway: Gateway, query: str
) -> None:
    assert_broken(client, gateway.folder, query)


@pytest.mark.parametrize("query", BROKEN_OF_LENGTH)
def test_an_answer_that_says_its_length_does_not_look_whole(
    client: Client, gateway: Gateway, query: str
) -> None:
    assert_broken(client, gateway.folder, query)
