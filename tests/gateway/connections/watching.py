"""A server that echoes, and notes which requests were served and which have lost their client."""

from __future__ import annotations

import queue
from typing import TYPE_CHECKING

from gateway.wire import COMPLETE, ORDINARY, PATIENCE, FastCGIClient, echo

if TYPE_CHECKING:
    from mainspring.gateway.exchange import Exchange

MOST_PARAMS = 10_000


class Watched:
    """Echoes, and notes which requests were served and which of them have lost their client."""

    def __init__(self) -> None:
        self.served: queue.Queue[dict[str, str]] = queue.Queue()
        self.gone: queue.Queue[str] = queue.Queue()

    async def serve(self, exchange: Exchange) -> None:
        self.served.put(dict(exchange.params))
        exchange.on_gone(lambda: self.gone.put("gone"))
        await echo(exchange)


def assert_still_served(client: FastCGIClient, watched: Watched) -> None:
    """Nothing was served of what came before, and the same connection serves what comes now."""
    answer = client.fetch({**ORDINARY, "LAST": "1"}, b"last")
    assert (answer.status, answer.body, answer.protocol_status) == (200, b"last", COMPLETE)
    assert watched.served.get(timeout=PATIENCE)["LAST"] == "1"
