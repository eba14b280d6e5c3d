"""systemd may have opened the sockets: they are taken as they are, each for what its name says.

As sd_listen_fds(3) has it: LISTEN_PID is this process, LISTEN_FDS descriptors begin at 3, and
LISTEN_FDNAMES has a name for each, with colons between (`FileDescriptorName=` of the socket's unit).

| what is found | what happens |
|---|---|
| LISTEN_PID of another process | nothing was handed over |
| a name that is no protocol | refused: the unit has to name it |
| a descriptor that is no socket, or does not listen | refused |
| LISTEN_FDS that is no number, or beyond MOST | refused |
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from mainspring.errors import MainspringError
from mainspring.gateway.listening import Listener, read_address

if TYPE_CHECKING:
    from collections.abc import MutableMapping

FIRST, MOST = 3, 1024
MOST_DIGITS = 9
#: what a socket can be for
PURPOSES = ("fastcgi", "scgi", "http", "admin")
NAMES = ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")


class BadActivationError(MainspringError):
    """Sockets that were handed over, and cannot be served."""

    def __init__(self, problem: str) -> None:
        names = ", ".join(PURPOSES)
        super().__init__(problem, f"set FileDescriptorName= in the socket's unit to one of {names}")


def take_over(environment: MutableMapping[str, str]) -> list[tuple[str, Listener]]:
    """Each socket that was handed over, and what it is for; *environment* tells nobody else of them.

    Raises BadActivationError.
    """
    process, count, names = (environment.pop(name, "") for name in NAMES)
    if process != str(os.getpid()):
        return []
    if not (count.isascii() and count.isdecimal() and len(count) <= MOST_DIGITS):
        raise BadActivationError(f"LISTEN_FDS is {count!r}, which is no number")
    if int(count) > MOST:
        raise BadActivationError(f"LISTEN_FDS is {count}, which is too many")
    words = names.split(":") if names else []
    return [
        take_one(FIRST + place, words[place] if place < len(words) else "unknown")
        for place in range(int(count))
    ]


def take_one(descriptor: int, name: str) -> tuple[str, Listener]:
    if name not in PURPOSES:
        raise BadActivationError(f"the socket handed over as descriptor {descriptor} is named {name!r}")
    try:
        os.set_inheritable(descriptor, False)
        taken = socket.socket(fileno=descriptor)
        does_listen = taken.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)
    except OSError as error:
        raise BadActivationError(f"descriptor {descriptor} is no socket ({error.strerror})") from error
    if not does_listen or taken.type != socket.SOCK_STREAM:
        raise BadActivationError(f"the socket at descriptor {descriptor} does not listen")
    return name, Listener(taken, read_address(taken))
