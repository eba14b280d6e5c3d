"""An address is where the gateway listens; none but those it is meant for can ever connect.

    ADDR      = "unix:" PATH | [HOST ":"] PORT | ":" PORT
    HOST      = NAME | IPV4 | "[" IPV6 "]"        without one: 127.0.0.1

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

import errno
import os
import re
import socket
import stat
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mainspring.errors import BadArgumentsError, MainspringError

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOPBACK = "127.0.0.1"
#: what the kernel has room for in an address, less the NUL at its end
LONGEST_PATH = 107
INTERNET = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:\[\]/]*):)?(?P<port>[0-9]{1,5})", re.ASCII)
#: as much as the kernel allows (net.core.somaxconn)
BACKLOG = 4096
#: of an address that this machine does not have, though a name leads to it, as `localhost` to ::1
NOT_HERE = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
REMEDY = "give unix:/PATH, PORT or HOST:PORT"


class NotListeningError(MainspringError):
    """An address that the gateway cannot listen on."""


@dataclass(frozen=True)
class UnixAddress:
    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


@dataclass(frozen=True)
class InternetAddress:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Address = UnixAddress | InternetAddress


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


# ---- reading ------------------------------------------------------------------------------------


def parse_address(text: str) -> Address:
    """What *text* names.  Raises BadArgumentsError."""
    if text.startswith("unix:"):
        return parse_path(text.removeprefix("unix:"), text)
    found = INTERNET.fullmatch(text)
    if found is None or not 0 <= int(found["port"]) < 1 << 16:
        raise BadArgumentsError(f"{text!r} is no address", REMEDY)
    host = (found["host"] or LOOPBACK).removeprefix("[").removesuffix("]")
    return InternetAddress(host, int(found["port"]))


def parse_path(path: str, text: str) -> UnixAddress:
    if not path or "\0" in path:
        raise BadArgumentsError(f"{text!r} is no address", REMEDY)
    path = os.path.abspath(path)
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise BadArgumentsError(f"{text} is too long for a socket", f"{LONGEST_PATH} bytes are allowed")
    return UnixAddress(path)


# ---- listening ----------------------------------------------------------------------------------


def listen(address: Address, access: Access) -> list[Listener]:
    """Sockets that listen on *address*, one for each that a host's name leads to.

    Raises NotListeningError.
    """
    try:
        if isinstance(address, UnixAddress):
            return [listen_on_file(address, access)]
        return listen_on_port(address)
    except OSError as error:
        problem = f"cannot listen on {address}: {describe(error)}"
        raise NotListeningError(problem, "name another address, or free this one") from error


def describe(error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return "it is in use"
    return error.strerror or str(error)


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
            made.setsockopt(
                socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1
            )  # the other has a socket of its own
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
