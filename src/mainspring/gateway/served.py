"""What is known of a request, while it is served and when it has been: for logs, status and metrics."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.call import Kind


@dataclass(slots=True)
class Served:
    """One request.  Times are in seconds; *began* is the time of day, *clock* is monotonic."""

    identity: str  # of the request, in every log
    protocol: str
    params: Mapping[str, str] = field(repr=False)
    began: float
    clock: float
    script: str | None = None  # its path, once one was found
    process: int | None = None
    kind: Kind | None = None  # how its script was started
    waited: float = 0.0  # in the queue
    seconds: float = 0.0  # in all, once it has ended
    received: int = 0  # bytes of the body
    sent: int = 0  # bytes of the answer's body
    status: int = 0  # as answered; 0 before that, 499 if the client went first
    reason: str = ""  # why it was refused or broken off; a word of refusals.GATEWAY
    exit_status: int | None = None
