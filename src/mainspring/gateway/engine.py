"""What a front asks to serve its requests: an engine, opened in the event loop that it then runs in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from mainspring.gateway.exchange import Exchange

Serve = Callable[["Exchange"], Awaitable[None]]


class Engine(Protocol):
    """What answers requests."""

    @property
    def serve(self) -> Serve:
        """What answers an exchange."""

    async def close(self) -> None:
        """End what is kept between requests."""


OpenEngine = Callable[[], Awaitable[Engine]]
