"""systemd is told how the service stands, as sd_notify(3) has it, by datagrams of a few lines.

    datagram  = NAME "=" VALUE *( LF NAME "=" VALUE )
    NOTIFY_SOCKET = "/" PATH | "@" ABSTRACT

| what fails | what happens |
|---|---|
| NOTIFY_SOCKET is missing, or of another kind | nobody is told |
| the manager is gone, or takes nothing more | that message is lost: the service goes on |
| WATCHDOG_USEC of another process, or no number | no signs of life are sent |
"""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import MutableMapping

NAMES = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")


@dataclass(frozen=True)
class Notifier:
    """Who started the service, if they want to hear of it."""

    socket: socket.socket | None = None
    #: seconds between signs of life; 0 if none are wanted
    interval: float = 0.0

    def tell(self, **fields: object) -> None:
        """Send these, in the order given; never fails."""
        if self.socket is None:
            return
        lines = "\n".join(f"{name}={value}" for name, value in fields.items())
        try:
            self.socket.send(lines.encode("utf-8", "surrogateescape"))
        except OSError:
            pass

    def tell_ready(self, status: str) -> None:
        self.tell(READY=1, STATUS=status)

    def tell_reloading(self) -> None:
        """With the time, which Type=notify-reload compares with that of its own request."""
        self.tell(RELOADING=1, MONOTONIC_USEC=time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000)

    def tell_stopping(self, status: str) -> None:
        self.tell(STOPPING=1, STATUS=status)

    def tell_alive(self) -> None:
        self.tell(WATCHDOG=1)

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close()


def find_notifier(environment: MutableMapping[str, str]) -> Notifier:
    """The one that *environment* names; scripts do not learn of it."""
    name, period, process = (environment.pop(name, "") for name in NAMES)
    return Notifier(connect(name), find_interval(period, process))


def connect(name: str) -> socket.socket | None:
    """A socket that leads to the manager *name*, or None."""
    if not name.startswith(("/", "@")) or len(name) < 2:
        return None
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    try:
        made.connect("\0" + name[1:] if name[0] == "@" else name)
    except (OSError, ValueError):
        made.close()
        return None
    return made


def find_interval(period: str, process: str) -> float:
    """Half of what the manager waits, in seconds."""
    if process not in {"", str(os.getpid())} or not (period.isascii() and period.isdecimal()):
        return 0.0
    return int(period) / 2e6
