"""Clients of FastCGI and SCGI, which share no code with the gateway, and a server to try them on.

    answer = fetch_fastcgi(address, {"REQUEST_METHOD": "GET"}, body=b"...")
    answer = fetch_scgi(address, {...}, body=b"...")

An address is the path of a unix socket or (host, port).  `FastCGIClient` sends one record at a time, or
whatever bytes it is given, many requests at once; `serve_wire` runs a coroutine behind real sockets.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import threading
import time
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple, Self

from mainspring.gateway.bounds import Bounds
from mainspring.gateway.connections import Connections
from mainspring.gateway.exchange import Head
from mainspring.gateway.fastcgi import FastCGIConnection
from mainspring.gateway.scgi import SCGIConnection

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

    from mainspring.gateway.exchange import Exchange
    from mainspring.gateway.wire import Serve

    Address = str | tuple[str, int]

PATIENCE = 30.0  # seconds that a client waits for a byte
BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR = range(1, 8)
GET_VALUES, GET_VALUES_RESULT, UNKNOWN_TYPE = 9, 10, 11
COMPLETE, CANT_MULTIPLEX, OVERLOADED, UNKNOWN_ROLE = range(4)
#: what the gateway ends an answer with that cannot be completed
NO_RECORD = bytes(8)
#: of the event loop; uvloop where it is installed
LOOPS = [name for name in ("asyncio", "uvloop") if find_spec(name)]
ORDINARY = {
    "GATEWAY_INTERFACE": "CGI/1.1",
    "QUERY_STRING": "",
    "REMOTE_ADDR": "127.0.0.1",
    "REQUEST_METHOD": "GET",
    "SCRIPT_NAME": "/hello.py",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.1",
}


class Record(NamedTuple):
    """One record, as it was read."""

    kind: int
    request: int
    content: bytes
    padding: int


@dataclass
class Answer:
    """What came back for a request."""

    out: bytearray = field(default_factory=bytearray)
    errors: bytes = b""
    app_status: int | None = None  # None if there was no END_REQUEST
    protocol_status: int | None = None
    kinds: list[int] = field(default_factory=list)  # of its records

    @property
    def status(self) -> int:
        return int(self.headers["status"].split()[0])

    @property
    def headers(self) -> dict[str, str]:
        lines = self.out[: self.out.find(b"\r\n\r\n")].decode("latin-1").split("\r\n")
        return {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}

    @property
    def body(self) -> bytes:
        return bytes(self.out[self.out.find(b"\r\n\r\n") + 4 :])


def connect(address: Address) -> socket.socket:
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    client = socket.socket(family, socket.SOCK_STREAM)
    client.settimeout(PATIENCE)
    client.connect(address)
    return client


def pack(kind: int, request: int, content: bytes = b"", *, padding: int = 0, version: int = 1) -> bytes:
    head = struct.pack(">BBHHBB", version, kind, request, len(content), padding, 0)
    return head + content + b"\xaa" * padding


def pack_pairs(pairs: dict[str, str] | dict[bytes, bytes]) -> bytes:
    out = b""
    for item in pairs.items():
        name, value = (one.encode() if isinstance(one, str) else one for one in item)
        for one in (name, value):
            out += bytes([len(one)]) if len(one) < 128 else struct.pack(">I", len(one) | 1 << 31)
        out += name + value
    return out


def pack_begin(request: int = 1, *, keep: bool = False, role: int = 1) -> bytes:
    return pack(BEGIN, request, struct.pack(">HB5x", role, keep))


def pack_opening(
    params: dict[str, str] | dict[bytes, bytes], request: int = 1, *, keep: bool = False
) -> bytes:
    """A request up to the end of its parameters: its body is to come."""
    return pack_begin(request, keep=keep) + pack_stream(PARAMS, request, pack_pairs(params))


def pack_stream(kind: int, request: int, content: bytes, size: int = 65_535) -> bytes:
    """A whole stream, with its end."""
    cuts = range(0, len(content), size)
    return b"".join(pack(kind, request, content[cut : cut + size]) for cut in cuts) + pack(kind, request)


def pack_request(
    params: dict[str, str], body: bytes = b"", request: int = 1, *, keep: bool = False
) -> bytes:
    given = {"CONTENT_LENGTH": str(len(body))} if body else {}
    return pack_opening({**given, **params}, request, keep=keep) + pack_stream(STDIN, request, body)


def pack_netstring(block: bytes) -> bytes:
    return b"%d:%s," % (len(block), block)


def pack_fields(*fields: bytes) -> bytes:
    return pack_netstring(b"".join(field + b"\0" for field in fields))


def pack_scgi(params: dict[str, str], body: bytes = b"") -> bytes:
    headers = {"CONTENT_LENGTH": str(len(body)), "SCGI": "1", **params}
    return pack_fields(*(one.encode() for item in headers.items() for one in item)) + body


class Client:
    """A connection."""

    def __init__(self, address: Address) -> None:
        self.socket = connect(address)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def half_close(self) -> None:
        self.socket.shutdown(socket.SHUT_WR)

    def read(self) -> bytes:
        """All that comes until the other side closes, or resets the connection."""
        parts = []
        try:
            while part := self.socket.recv(1 << 16):
                parts.append(part)
        except ConnectionResetError:
            pass
        return b"".join(parts)


class FastCGIClient(Client):
    """A front, with as many requests at once as it likes."""

    def __init__(self, address: Address) -> None:
        super().__init__(address)
        self._held = b""
        self._answers: dict[int, Answer] = {}

    def ask(
        self,
        params: dict[str, str] | None = None,
        body: bytes = b"",
        request: int = 1,
        *,
        keep: bool = True,
    ) -> None:
        self.send(pack_request(params or ORDINARY, body, request, keep=keep))

    def read_record(self) -> Record | None:
        """The next record; None if the connection is closed, or an answer broken off."""
        head = self._read_exactly(8)
        if not head or head == NO_RECORD:
            return None
        version, kind, request, length, padding, _ = struct.unpack(">BBHHBB", head)
        assert version == 1
        content = self._read_exactly(length + padding)
        return Record(kind, request, content[:length], padding)

    def answer(self, request: int = 1) -> Answer:
        """What comes for *request*, up to its end or the connection's."""
        while self._answers.setdefault(request, Answer()).app_status is None:
            record = self.read_record()
            if record is None:
                break
            self._note(record)
        return self._answers.pop(request)

    def fetch(
        self,
        params: dict[str, str] | None = None,
        body: bytes = b"",
        request: int = 1,
        *,
        keep: bool = True,
    ) -> Answer:
        self.ask(params, body, request, keep=keep)
        return self.answer(request)

    def is_closed(self) -> bool:
        """Whether the other side closes, and sends nothing before; waits for the one or the other."""
        try:
            return self.read_record() is None
        except ConnectionResetError:
            return True

    def _note(self, record: Record) -> None:
        answer = self._answers.setdefault(record.request, Answer())
        answer.kinds.append(record.kind)
        if record.kind == STDOUT:
            answer.out += record.content
        elif record.kind == STDERR:
            answer.errors += record.content
        elif record.kind == END:
            answer.app_status, answer.protocol_status = struct.unpack(">IB3x", record.content)

    def _read_exactly(self, size: int) -> bytes:
        """As many bytes, or none if the connection is closed before."""
        while len(self._held) < size:
            part = self.socket.recv(1 << 18)
            if not part:
                return b""
            self._held += part
        part, self._held = self._held[:size], self._held[size:]
        return part


def fetch_fastcgi(address: Address, params: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    with FastCGIClient(address) as client:
        return client.fetch(params, body, keep=False)


def fetch_scgi(address: Address, params: dict[str, str] | None = None, body: bytes = b"") -> Answer:
    return exchange(address, pack_scgi(params or ORDINARY, body))


def exchange(address: Address, sent: bytes) -> Answer:
    """What comes back over SCGI for *sent*, whatever that is."""
    with Client(address) as client:
        client.send(sent)
        return Answer(bytearray(client.read()))


def wait_until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.001)


async def echo(exchange: Exchange) -> None:
    """Answer with the request's body, and the names of its parameters in the head."""
    await exchange.begin(Head(200, "OK", (("X-Params", " ".join(sorted(exchange.params))),)))
    while part := await exchange.read():
        await exchange.write(part)
    await exchange.end(0)


@dataclass
class Wire:
    """A server that runs: its addresses, its connections, its loop, and what was reported to that."""

    fastcgi: str
    fastcgi_tcp: tuple[str, int]
    scgi: str
    scgi_tcp: tuple[str, int]
    connections: Connections
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event
    problems: list[str] = field(default_factory=list)

    def start(self, wanted: Callable[[], Coroutine[object, object, None]]) -> Future[None]:
        """Run a coroutine in the server's loop."""
        return asyncio.run_coroutine_threadsafe(wanted(), self.loop)

    def note(self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]) -> None:
        self.problems.append(f"{context['message']}: {context.get('exception')!r}")


@contextmanager
def serve_wire(
    folder: Path, serve: Serve = echo, bounds: Bounds | None = None, loop: str = "asyncio"
) -> Iterator[Wire]:
    """Serve with *serve*, in a loop and a thread of its own, whatever connects.

    A problem that was reported to the loop, and that the test has not taken off the list, fails it.
    """
    started: Future[Wire] = Future()

    def run() -> None:
        with asyncio.Runner(loop_factory=import_module(loop).new_event_loop) as runner:
            runner.run(run_wire(folder, serve, bounds or Bounds(), started))

    thread = threading.Thread(target=run)
    thread.start()
    wire = started.result(PATIENCE)
    try:
        yield wire
    finally:
        wire.loop.call_soon_threadsafe(wire.stop.set)
        thread.join(PATIENCE)
    assert wire.problems == []


async def run_wire(folder: Path, serve: Serve, bounds: Bounds, started: Future[Wire]) -> None:
    loop, connections, servers = asyncio.get_running_loop(), Connections(bounds), []
    for kind in (FastCGIConnection, SCGIConnection):
        make = partial(kind, serve, bounds, connections)
        path = str(folder / kind.__name__)
        servers.append(await loop.create_unix_server(make, path, backlog=1024))
        servers.append(await loop.create_server(make, "127.0.0.1", 0, backlog=1024))
    fastcgi, fastcgi_tcp, scgi, scgi_tcp = (server.sockets[0].getsockname() for server in servers)
    wire = Wire(fastcgi, fastcgi_tcp, scgi, scgi_tcp, connections, loop, asyncio.Event())
    loop.set_exception_handler(wire.note)
    started.set_result(wire)
    await wire.stop.wait()
    for server in servers:
        server.close()
    connections.abort()
    await connections.wind_down()
