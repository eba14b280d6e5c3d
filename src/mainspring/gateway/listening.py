"""A gateway listens where it is told to; none but those it is meant for can ever connect.

| what is found | what happens |
|---|---|
| a socket that nobody listens on | it is removed, and a new one made |
| a socket that somebody listens on | refused: in use |
| a file, folder or link where a socket is meant | refused: it is left alone |
| a folder that is missing, a path too long | refused |
| a port that is in use, or not ours to take | refused |
| at the end, a socket that another process has put there since | it is left alone |
"""

from __future__ import annotations

import asyncio
import errno
import inspect
import os
import socket
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mainspring.errors import MainspringError
from mainspring.gateway.addresses import Address, InternetAddress, UnixAddress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    MakeProtocol = Callable[[], asyncio.BaseProtocol]

#: as much as the kernel allows (net.core.somaxconn)
BACKLOG = 4096
#: of an address that this machine does not have, though a name leads to it, as `localhost` to ::1
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
#: error -> what is wrong, and what the user can do
PROBLEMS = {
    errno.EADDRINUSE: ("it is in use", "name another address, or end what listens there"),
    errno.EADDRNOTAVAIL: ("this machine has no such address", "name one that `ip address` shows"),
    errno.EACCES: ("it is not allowed", "name a port from 1024 on, or a folder that you can write to"),
    errno.ENOENT: ("its folder is missing", "make the folder, or name another path"),
    socket.EAI_NONAME: ("nobody knows the host", "check its name, or give its address"),
}


class NotListeningError(MainspringError):
    """An address that the gateway cannot listen on."""


@dataclass(frozen=True)
class Access:
    """Who may connect to a socket file."""

    mode: int = 0o660
    group: int = -1  # its number; the process's own if -1


@dataclass
class Listener:
    """A socket that listens, and what it has to give back."""

    socket: socket.socket
    address: Address
    #: device and inode of the socket's file, if the gateway has made it
    file: tuple[int, int] | None = field(default=None)

    def close(self) -> None:
        """Listen no longer; the file goes if it is still this socket's."""
        self.socket.close()
        if self.file is None or not isinstance(self.address, UnixAddress):
            return
        with suppress(OSError):
            if identify(os.lstat(self.address.path)) == self.file:
                os.unlink(self.address.path)


def identify(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def listen(address: Address, access: Access) -> list[Listener]:
    """Sockets that listen on *address*, one for each that a host's name leads to.

    Raises NotListeningError.
    """
    try:
        if isinstance(address, UnixAddress):
            return [listen_on_file(address, access)]
        return listen_on_port(address)
    except OSError as error:
        unknown = (error.strerror or str(error), "name another address")
        problem, remedy = PROBLEMS.get(error.errno or 0, unknown)
        raise NotListeningError(f"cannot listen on {address}: {problem}", remedy) from error


def listen_on_port(address: InternetAddress) -> list[Listener]:
    """Raises OSError."""
    found = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )
    listeners: list[Listener] = []
    problem: OSError | None = None
    for family, _, _, _, place in dict.fromkeys(found):
        try:
            listeners.append(bind_port(family, place))
        except OSError as error:
            problem = error
            if error.errno not in NOT_HERE:
                break
    if problem is not None and (problem.errno not in NOT_HERE or not listeners):
        for one in listeners:
            one.close()
        raise problem
    return listeners


def bind_port(family: int, place: tuple[object, ...]) -> Listener:
    made = socket.socket(family, socket.SOCK_STREAM)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            # IPv4 has a socket of its own
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind(place)
        made.listen(BACKLOG)
    except BaseException:
        made.close()
        raise
    return Listener(made, read_address(made))


def read_address(made: socket.socket) -> Address:
    """Where *made* is bound."""
    name = made.getsockname()
    if made.family == socket.AF_UNIX:
        return UnixAddress(os.fsdecode(name))
    return InternetAddress(name[0], name[1])


def listen_on_file(address: UnixAddress, access: Access) -> Listener:
    """Raises OSError, or NotListeningError."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        remove_stale(address)
        with closed_to_all():
            made.bind(address.path)
        made.listen(BACKLOG)  # before anything else: until then it looks stale
        file = admit(address.path, access)
    except BaseException:
        made.close()
        raise
    return Listener(made, address, file)


@contextmanager
def closed_to_all() -> Iterator[None]:
    """What is made within is for nobody, until its mode is set."""
    before = os.umask(0o777)
    try:
        yield
    finally:
        os.umask(before)


def admit(path: str, access: Access) -> tuple[int, int]:
    """Give the socket at *path* its group and mode, and return what identifies its file.

    By its descriptor: in a folder of somebody else's, another file could have been put in its place.
    """
    file = os.open(path, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(file)
        if not stat.S_ISSOCK(status.st_mode) or status.st_uid != os.geteuid():
            raise FileExistsError(errno.EEXIST, "another file was put in its place", path)
        by_descriptor = f"/proc/self/fd/{file}"
        os.chown(by_descriptor, -1, access.group)
        os.chmod(by_descriptor, access.mode)
        return identify(status)
    finally:
        os.close(file)


def remove_stale(address: UnixAddress) -> None:
    """Remove the socket of a process that has ended.  Raises OSError, or NotListeningError."""
    try:
        status = os.lstat(address.path)
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(status.st_mode):
        raise NotListeningError(f"{address.path} is there, and is no socket", "name another path")
    if is_alive(address.path):
        raise NotListeningError(
            f"another process listens on {address}", "end that one first, or name another path"
        )
    if identify(os.lstat(address.path)) == identify(status):
        os.unlink(address.path)


def is_alive(path: str) -> bool:
    """Whether anybody may be listening on the socket *path*."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as trial:
        trial.setblocking(False)
        try:
            trial.connect(path)
        except (ConnectionRefusedError, FileNotFoundError):
            return False
        except OSError:
            return True
        return True


# ---- in the event loop --------------------------------------------------------------------------


async def open_server(make: MakeProtocol, listener: socket.socket) -> asyncio.Server:
    """Have a protocol that *make* returns serve each connection to *listener*."""
    loop = asyncio.get_running_loop()
    listener.setblocking(False)
    if listener.family == socket.AF_UNIX:
        options: dict[str, Any] = {}
        if "cleanup_socket" in inspect.signature(loop.create_unix_server).parameters:
            options["cleanup_socket"] = False  # since 3.13: it may be systemd's
        return await loop.create_unix_server(make, sock=listener, backlog=BACKLOG, **options)
    return await loop.create_server(make, sock=listener, backlog=BACKLOG)


async def close_servers(servers: Iterable[asyncio.Server]) -> None:
    """Take no more connections; those that are open go on."""
    for server in servers:
        server.close()
