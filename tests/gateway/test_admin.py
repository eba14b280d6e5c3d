"""The operator's address answers what it knows, to GET and HEAD alone, and holds on to nobody."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import stat
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.laws import law
from gateway.telling import Gauges, make_served, until
from mainspring.gateway import admin as admin_module
from mainspring.gateway.admin import (
    LONGEST_HEAD,
    MOST_CONNECTIONS,
    Admin,
    BadQueryError,
    parse_head,
)
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.listening import open_server
from mainspring.gateway.operating import Logs, open_journal
from mainspring.gateway.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

GET = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


class World:
    """An address that answers, and what it answers about."""

    def __init__(self, admin: Admin, gauges: Gauges, place: object) -> None:
        self.admin = admin
        self.gauges = gauges
        self.place = place

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if isinstance(self.place, str):
            return await asyncio.open_unix_connection(self.place)
        assert isinstance(self.place, tuple)
        return await asyncio.open_connection(*self.place[:2])

    async def ask(self, request: bytes) -> tuple[int, dict[str, str], str]:
        """Status, headers and body of the answer, after which the connection is closed."""
        reader, writer = await self.connect()
        writer.write(request)
        answer = await asyncio.wait_for(reader.read(), 30)
        writer.close()
        head, _, body = answer.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        return int(first.split(" ")[1]), headers, body.decode()


def run_world(act: Callable[[World], Coroutine[object, object, None]], listening: socket.socket) -> None:
    async def run() -> None:
        journal = open_journal(Logs(os.devnull, "json", os.devnull, None), Bounds())
        served = make_served()
        journal.begin(served)
        journal.end(served)
        gauges = Gauges()
        admin = Admin(Status(journal, gauges))
        server = await open_server(admin.make_connection, listening)
        await act(World(admin, gauges, listening.getsockname()))
        server.close()
        await server.wait_closed()
        journal.close()

    asyncio.run(run())


@pytest.fixture
def port() -> socket.socket:
    return socket.create_server(("127.0.0.1", 0))


@pytest.fixture
def file(tmp_path: Path) -> socket.socket:
    made = socket.socket(socket.AF_UNIX)
    made.bind(str(tmp_path / "admin.sock"))
    made.listen()
    return made


def test_ping(port: socket.socket) -> None:
    async def act(world: World) -> None:
        status, headers, body = await world.ask(GET % b"/-/ping")
        assert (status, body, headers["content-length"]) == (200, "pong\n", "5")
        assert headers["connection"] == "close"
        world.gauges.ending = True
        assert (await world.ask(GET % b"/-/ping"))[::2] == (503, "ending\n")

    run_world(act, port)


def test_status_is_a_page_or_json(file: socket.socket) -> None:
    async def act(world: World) -> None:
        _, headers, body = await world.ask(GET % b"/-/status")
        assert headers["content-type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert body.startswith("<!DOCTYPE html>")
        assert "/srv/cgi/hello.py" in body
        _, headers, body = await world.ask(GET % b"/-/status?format=json")
        assert headers["content-type"] == "application/json"
        assert json.loads(body)["requests"]["requests"] == 1

    run_world(act, file)


@pytest.mark.parametrize(
    ("target", "accept", "kind"),
    [
        ("/-/status", "application/json", "application/json"),
        ("/-/status", "application/json, text/html;q=0.5", "application/json"),
        ("/-/status", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8", "text/html"),
        ("/-/status", "*/*", "text/html"),
        ("/-/status?format=html", "application/json", "text/html"),
    ],
)
def test_the_client_says_which(file: socket.socket, target: str, accept: str, kind: str) -> None:
    async def act(world: World) -> None:
        request = f"GET {target} HTTP/1.1\r\nAccept: {accept}\r\n\r\n"
        _, headers, _ = await world.ask(request.encode())
        assert headers["content-type"].partition(";")[0] == kind

    run_world(act, file)


def test_metrics_are_prometheus(port: socket.socket) -> None:
    async def act(world: World) -> None:
        status, headers, body = await world.ask(GET % b"/-/metrics")
        assert (status, headers["content-type"]) == (200, "text/plain; version=0.0.4; charset=utf-8")
        assert len(list(text_string_to_metric_families(body))) > 15

    run_world(act, port)


def test_head_has_the_length_and_no_body(port: socket.socket) -> None:
    async def act(world: World) -> None:
        status, headers, body = await world.ask(b"HEAD /-/ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (status, headers["content-length"], body) == (200, "5", "")

    run_world(act, port)


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", 404),
        (b"GET /cgi/hello.py HTTP/1.1\r\n\r\n", 404),
        (b"GET /-/status/../../etc/passwd HTTP/1.1\r\n\r\n", 404),
        (b"POST /-/status HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", 405),
        (b"DELETE /-/ping HTTP/1.1\r\n\r\n", 405),
        (b"nonsense\r\n\r\n", 400),
        (b"GET /-/ping\r\n\r\n", 400),
        (b"GET /-/ping HTTP/2\r\n\r\n", 400),
        (b"GET http://127.0.0.1/-/ping HTTP/1.1\r\n\r\n", 400),
        (b"GET /-/ping HTTP/1.1\r\nno header\r\n\r\n", 400),
        (b"GET /-/ping HTTP/1.1\r\n : x\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\n\n", 400),
        (b"GET /-/ping HTTP/1.1\r\nX: " + b"x" * LONGEST_HEAD, 431),
        (b"GET /-/ping HTTP/1.0\n\n", 200),
        (b"GET /-/ping HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        (b"GET /-/ping HTTP/1.1\r\nHost: evil.example:8001\r\n\r\n", 421),
        (b"GET /-/ping HTTP/1.1\r\nHost: localhost:8001\r\n\r\n", 200),
        (b"GET /-/ping HTTP/1.1\r\nHost: [::1]:8001\r\n\r\n", 200),
        (b"GET /-/ping HTTP/1.1\r\nHost: 127.0.0.1:8001\r\n\r\n", 200),
    ],
)
def test_every_request_has_its_answer(port: socket.socket, request_bytes: bytes, status: int) -> None:
    async def act(world: World) -> None:
        assert (await world.ask(request_bytes))[0] == status
        assert (await world.ask(GET % b"/-/ping"))[0] == 200

    run_world(act, port)


def test_a_name_that_leads_here_by_ipv4_is_refused_on_a_socket_for_both() -> None:
    """Only before Python 3.13 is an address such as ::ffff:127.0.0.1 none of this machine's."""
    both = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)

    async def act(world: World) -> None:
        world.place = ("127.0.0.1", both.getsockname()[1])
        request = b"GET /-/ping HTTP/1.1\r\nHost: evil.example\r\n\r\n"
        assert (await world.ask(request))[0] == 421

    run_world(act, both)


def test_on_a_unix_socket_any_host_is_right(file: socket.socket) -> None:
    async def act(world: World) -> None:
        request = b"GET /-/ping HTTP/1.1\r\nHost: status.example\r\n\r\n"
        assert (await world.ask(request))[0] == 200

    run_world(act, file)


def test_a_refused_method_is_told_what_is_allowed(port: socket.socket) -> None:
    async def act(world: World) -> None:
        _, headers, _ = await world.ask(b"PUT /-/ping HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert headers["allow"] == "get, head"

    run_world(act, port)


def test_a_request_may_come_byte_by_byte(file: socket.socket) -> None:
    async def act(world: World) -> None:
        reader, writer = await world.connect()
        for byte in GET % b"/-/ping":
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0)
        assert (await reader.read()).endswith(b"pong\n")
        writer.close()

    run_world(act, file)


def test_a_second_request_is_not_answered(file: socket.socket) -> None:
    async def act(world: World) -> None:
        _, _, body = await world.ask((GET % b"/-/ping") * 2)
        assert body == "pong\n"

    run_world(act, file)


def test_who_says_nothing_is_let_go(file: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_module, "PATIENCE", 0.2)

    async def act(world: World) -> None:
        reader, writer = await world.connect()
        writer.write(b"GET /-/ping HTTP/1.1\r\n")
        assert await asyncio.wait_for(reader.read(), 30) == b""
        assert world.admin.connections == 0
        writer.close()

    run_world(act, file)


def test_who_reads_nothing_is_let_go(file: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_module, "PATIENCE", 0.2)

    async def act(world: World) -> None:
        for number in range(200):
            world.admin.status.journal.tally.add(make_served(script=f"/srv/{number}.py"))
        assert isinstance(world.place, str)
        with socket.socket(socket.AF_UNIX) as client:
            client.setblocking(False)
            client.connect(world.place)
            client.send(GET % b"/-/metrics")
            await until(lambda: world.admin.connections == 1)
            await until(lambda: world.admin.connections == 0)

    run_world(act, file)


def test_many_silent_connections_do_not_stop_one_that_asks(file: socket.socket) -> None:
    async def act(world: World) -> None:
        idle = [await world.connect() for _ in range(MOST_CONNECTIONS + 20)]
        ended = [asyncio.ensure_future(reader.read()) for reader, _ in idle]
        done, _ = await asyncio.wait(ended, timeout=30, return_when=asyncio.FIRST_COMPLETED)
        assert done
        assert world.admin.connections <= MOST_CONNECTIONS
        idle[0][1].close()
        await ended[0]
        assert (await world.ask(GET % b"/-/ping"))[0] == 200
        for _, writer in idle:
            writer.close()

    run_world(act, file)


@law(100)
@given(st.binary(max_size=200))
def test_a_head_is_read_or_refused(head: bytes) -> None:
    try:
        query = parse_head(head)
    except BadQueryError:
        return
    assert query.path.startswith("/")


def test_the_sockets_file_is_as_it_was_given(file: socket.socket) -> None:
    async def act(world: World) -> None:
        assert isinstance(world.place, str)
        assert stat.S_ISSOCK(os.stat(world.place).st_mode)
        assert (await world.ask(GET % b"/-/ping"))[0] == 200

    run_world(act, file)
