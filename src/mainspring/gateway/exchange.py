"""An exchange is one request and the place for its answer, whatever protocol brought it.

What serves a request sees nothing else of its front: each protocol has a class of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

#: statuses of answers that have none (RFC 9110, 6.4.1); no script can answer 1xx
NO_BODY = frozenset({204, 304})


class GoneError(Exception):
    """The client has gone, or has broken its protocol: nobody waits for the rest of the answer."""


class Head(NamedTuple):
    """What an answer begins with.

    Headers are in the order of the script, each a name and a value in Latin-1, without those that
    belong to a single connection.
    """

    status: int
    phrase: str
    headers: tuple[tuple[str, str], ...]


class Exchange(ABC):
    """One request; its body is read while its answer is written."""

    #: as a log shows it: "fastcgi", "scgi", "http"
    protocol: ClassVar[str]
    #: the meta-variables as the front gave them, bytes that are no UTF-8 as surrogates
    params: Mapping[str, str]
    #: set before the head of an answer that is 503 because the gateway is full: FastCGI has a word for it
    overloaded: bool = False

    @abstractmethod
    async def read(self) -> bytes:
        """Return the next part of the body, at most 64 KiB; nothing at its end.  Raises GoneError."""

    @abstractmethod
    async def begin(self, head: Head) -> None:
        """Send the head of the answer, once.  Raises GoneError."""

    @abstractmethod
    async def write(self, part: bytes) -> None:
        """Send a part of the answer's body, and wait while the client is slow.  Raises GoneError."""

    def expect_end(self) -> None:  # noqa: B027 - not all hold anything back
        """Take note that all of the body is written: the rest of it may go out with the end."""

    @abstractmethod
    async def end(self, status: int) -> None:
        """Complete the answer; *status* is the script's own, as `os.waitstatus_to_exitcode` has it.

        What is left of the request's body is dropped.
        """

    @abstractmethod
    async def break_off(self) -> None:
        """End an answer whose head is sent and whose body cannot be completed, so that it shows."""

    @abstractmethod
    def on_gone(self, call: Callable[[], None]) -> None:
        """Have *call* called, once, as soon as the client goes away before the answer is complete."""
