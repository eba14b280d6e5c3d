"""What an operator asks for is answered at an address of its own, where no script is.

    request := METHOD SP TARGET SP "HTTP/1." DIGIT CRLF *(NAME ":" VALUE CRLF) CRLF
    answer  := one, with its length; then the connection is closed

A line may end with LF alone.

| path | answer |
|---|---|
| `/-/status` | a page; JSON if `format=json` or what the client accepts says so |
| `/-/metrics` | text for Prometheus |
| `/-/ping` | 200 and `pong`; 503 and `ending` once no more requests are taken |

| what comes | answer |
|---|---|
| another path | 404 |
| another method than GET or HEAD | 405 |
| what is no request | 400 |
| a head longer than LONGEST_HEAD | 431 |
| on a loopback address, another machine's name as Host | 421: a page elsewhere has its name lead here |
| nothing, or no end, or no reader, for PATIENCE | the connection is closed |
| more than MOST_CONNECTIONS at once | the connection is closed |

It is an `asyncio.Protocol`, and no application for a server: these bounds are most of it, and a gateway
for FastCGI alone loads no HTTP server.
"""

from __future__ import annotations

import asyncio
import ipaddress
import json
import socket
from http import HTTPStatus
from typing import TYPE_CHECKING, NamedTuple, cast
from urllib.parse import parse_qs

from mainspring.gateway.metrics import CONTENT_TYPE, render_metrics
from mainspring.gateway.statuspage import render_page

if TYPE_CHECKING:
    from mainspring.gateway.status import Status

LONGEST_HEAD = 16 << 10
PATIENCE = 10.0
MOST_CONNECTIONS = 64
#: the page loads nothing, and nothing may show it in a frame
HEADERS = (
    "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\n"
    "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
    "Connection: close\r\n"
)


class Query(NamedTuple):
    """A request that was understood."""

    method: str
    path: str
    query: str
    headers: dict[str, str]


class Answer(NamedTuple):
    """What is sent back."""

    status: HTTPStatus
    text: str
    type: str = "text/plain; charset=utf-8"


class BadQueryError(Exception):
    """What came is no request."""


class Admin:
    """Answers requests, and counts connections."""

    def __init__(self, status: Status) -> None:
        self.status = status
        self.connections = 0

    def answer(self, query: Query) -> Answer:
        if query.method not in {"GET", "HEAD"}:
            return Answer(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD\n")
        if query.path == "/-/status":
            return self._show_status(query)
        if query.path == "/-/metrics":
            return Answer(HTTPStatus.OK, render_metrics(self.status), CONTENT_TYPE)
        if query.path == "/-/ping":
            return self._ping()
        return Answer(HTTPStatus.NOT_FOUND, "there are /-/status, /-/metrics and /-/ping\n")

    def _ping(self) -> Answer:
        if self.status.gauges.ending:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, "ending\n")
        return Answer(HTTPStatus.OK, "pong\n")

    def _show_status(self, query: Query) -> Answer:
        value = self.status.describe()
        if wants_json(query):
            return Answer(HTTPStatus.OK, json.dumps(value) + "\n", "application/json")
        return Answer(HTTPStatus.OK, render_page(value), "text/html; charset=utf-8")

    def make_connection(self) -> asyncio.Protocol:
        return AdminConnection(self)


class AdminConnection(asyncio.Protocol):
    """One connection, one request."""

    transport: asyncio.Transport

    def __init__(self, admin: Admin) -> None:
        self._admin = admin
        self._head = b""
        self._is_answered = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._admin.connections += 1
        if self._admin.connections > MOST_CONNECTIONS:
            self.transport.abort()
        else:
            self._timer = asyncio.get_running_loop().call_later(PATIENCE, self.transport.abort)

    def connection_lost(self, _: Exception | None) -> None:
        self._admin.connections -= 1
        if self._timer is not None:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        if self._is_answered:
            return  # a body, or a further request
        self._head += data
        end = find_end(self._head)
        if end >= 0:
            self._answer(self._head[:end])
        elif len(self._head) > LONGEST_HEAD:
            self._send("GET", Answer(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "too long\n"))

    def _answer(self, head: bytes) -> None:
        try:
            query = parse_head(head)
        except BadQueryError as error:
            self._send("GET", Answer(HTTPStatus.BAD_REQUEST, f"{error}\n"))
            return
        if self._is_misled(query.headers.get("host", "")):
            self._send(query.method, Answer(HTTPStatus.MISDIRECTED_REQUEST, "another machine's name\n"))
        else:
            self._send(query.method, self._admin.answer(query))

    def _is_misled(self, host: str) -> bool:
        """Whether a browser has come to a loopback address by a name that is not its own."""
        made = self.transport.get_extra_info("socket")
        if made is None or made.family == socket.AF_UNIX:
            return False
        return is_loopback(self.transport.get_extra_info("sockname")[0]) and not is_local(host)

    def _send(self, method: str, answer: Answer) -> None:
        self._is_answered = True
        body = answer.text.encode("utf-8", "backslashreplace")
        allow = "Allow: GET, HEAD\r\n" if answer.status == HTTPStatus.METHOD_NOT_ALLOWED else ""
        head = (
            f"HTTP/1.1 {answer.status.value} {answer.status.phrase}\r\nContent-Type: {answer.type}\r\n"
            f"Content-Length: {len(body)}\r\n{allow}{HEADERS}\r\n"
        )
        self.transport.write(head.encode("ascii") + (b"" if method == "HEAD" else body))
        self.transport.close()


def find_end(head: bytes) -> int:
    """Where the first empty line begins; -1 if it is yet to come."""
    ends = [end for end in (head.find(b"\r\n\r\n"), head.find(b"\n\n")) if end >= 0]
    return min(ends, default=-1)


def parse_head(head: bytes) -> Query:
    """Raises BadQueryError."""
    first, *lines = head.decode("latin-1").replace("\r\n", "\n").split("\n")
    words = first.split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[1].startswith("/"):
        raise BadQueryError("no request line of HTTP/1")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip():
            raise BadQueryError("no header")
        headers[name.lower()] = value.strip()
    path, _, query = words[1].partition("?")
    return Query(words[0], path, query, headers)


def wants_json(query: Query) -> bool:
    """What `format` says; else which of the two the client names first."""
    asked = parse_qs(query.query).get("format", [""])[-1]
    if asked:
        return asked == "json"
    accept = query.headers.get("accept", "")
    return "json" in accept and "text/html" not in accept.partition("json")[0]


def is_loopback(address: str) -> bool:
    """Also where IPv6 stands for IPv4, as it does on sockets of systemd's."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def is_local(host: str) -> bool:
    """Whether *host*, of a request, is `localhost`, a number, or not there at all."""
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() in {"", "localhost"}:
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
