"""A WSGI server's requests reach the engine whole, and answers the client at once, in bounded memory."""

from __future__ import annotations

import json
import socket
from http.client import HTTPResponse
from typing import TYPE_CHECKING

import pytest

from mainspring.gateway.presence import has_closed

from .hosting import find_line, hosted, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .hosting import Server

SERVERS = ("gunicorn-sync", "gunicorn-gthread")
MANY = 200 << 20


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with hosted(request.param, "wsgi_app", tmp_path_factory.mktemp("s")) as running:
        yield running


@pytest.fixture(scope="module")
def threaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that answers several requests at once."""
    with hosted("gunicorn-gthread", "wsgi_app", tmp_path_factory.mktemp("t")) as running:
        yield running


def test_the_meta_variables_of_a_request_are_complete(server: Server) -> None:
    params = server.params("/params?a=1&b=%20", Host="example.org:99", X_Word="w\u00e9", Cookie="a=1")
    expected = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/params?a=1&b=%20",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/params",
        "QUERY_STRING": "a=1&b=%20",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_SCHEME": "http",
        "HTTP_HOST": "example.org:99",
        "HTTP_X_WORD": "w\udce9",  # a byte that is no UTF-8
        "HTTP_COOKIE": "a=1",
    }
    assert {name: params.get(name) for name in expected} == expected


def test_nothing_of_the_servers_own_environment_is_there(server: Server) -> None:
    params = server.params("/params")
    assert [name for name in params if name.startswith(("wsgi", "gunicorn", "SERVER_SOFTWARE"))] == []
    assert "PATH" not in params


def test_a_body_comes_back_byte_for_byte(server: Server) -> None:
    body = bytes(range(256)) * 4000
    assert server.ask("POST", "/echo", body).read() == body


def test_a_chunked_body_is_given_its_length(server: Server) -> None:
    body = (part for part in (b"a" * 1000, b"b" * 70000, b"c"))
    assert server.ask("POST", "/size", body).read() == b"71001 71001"


def test_a_body_beyond_the_bound_is_not_read(server: Server) -> None:
    with server.raw() as connection:
        connection.sendall(b"POST /params HTTP/1.1\r\nHost: a\r\nContent-Length: 1048577\r\n\r\n")
        answer = HTTPResponse(connection)
        answer.begin()
        assert json.loads(answer.read())["CONTENT_LENGTH"] == "1048577"


def test_a_body_that_ends_too_early_starts_nothing(server: Server) -> None:
    with server.raw() as connection:
        connection.sendall(b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(12) == b"HTTP/1.1 400"


def test_a_script_may_answer_before_it_reads(server: Server) -> None:
    body = server.ask("POST", "/early?400000", b"b" * (1 << 20)).read()
    assert (len(body), body[400000:]) == (400007, b"1048576")


def test_headers_of_an_answer_are_kept_apart(server: Server) -> None:
    answer = server.ask("GET", "/params")
    assert answer.headers.get_all("X-Twice") == ["1", "2"]
    assert (answer.status, answer.reason) == (200, "Fine")
    answer.read()


def test_a_line_arrives_before_the_next_is_made(threaded: Server) -> None:
    answer = threaded.ask("GET", "/lines")
    assert find_line(answer, b"data: 1\n")
    assert threaded.get("/go") == b"went"
    assert find_line(answer, b"data: 2\n")


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_is_passed_on(server: Server, status: int) -> None:
    assert server.ask("GET", f"/status?{status}").status == status


def test_head_gets_the_headers_alone(server: Server) -> None:
    answer = server.ask("HEAD", "/params")
    assert (answer.status, answer.read()) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0


def test_a_client_that_goes_away_is_noticed_when_it_is_written_to(server: Server, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with server.raw() as connection:
        connection.sendall(b"GET /endless?%s HTTP/1.1\r\nHost: a\r\n\r\n" % bytes(note))
        assert connection.recv(12) == b"HTTP/1.1 200"
    wait_until(lambda: note.exists() and note.read_text() == "gone indeed", "the end of the client")


def test_a_client_that_goes_away_is_noticed_without_a_word(server: Server, tmp_path: Path) -> None:
    note, before = tmp_path / "note", len(server.log.read_text())
    with server.raw() as connection:
        connection.sendall(b"GET /silent?%s HTTP/1.1\r\nHost: a\r\n\r\n" % bytes(note))
    wait_until(lambda: note.exists() and note.read_text() == "gone", "the end of the client")
    assert server.get("/go") == b"went"
    assert "Traceback" not in server.log.read_text()[before:]


def connect_by_tcp() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        return client, listener.accept()[0]


@pytest.mark.parametrize("connect", [connect_by_tcp, socket.socketpair])
def test_a_client_has_closed_or_is_there_whatever_is_to_be_read(
    connect: Callable[[], tuple[socket.socket, socket.socket]],
) -> None:
    client, ours = connect()
    with client, ours:
        client.sendall(b"more")
        assert not has_closed(ours)
        client.close()
        wait_until(lambda: has_closed(ours), "its end")
        assert ours.recv(8) == b"more"
        ours.close()
        assert has_closed(ours)


def test_a_front_on_this_machine_may_have_said_all_and_be_there() -> None:
    client, ours = socket.socketpair()
    with client, ours:
        client.shutdown(socket.SHUT_WR)
        assert not has_closed(ours)


def test_an_answer_that_is_broken_off_shows_as_such(server: Server) -> None:
    with server.raw() as connection:
        connection.sendall(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
        said = b"".join(iter(lambda: connection.recv(65536), b""))
    assert b"a part" in said
    assert not said.endswith(b"0\r\n\r\n")


def test_an_engine_that_fails_is_a_500_and_not_the_end(server: Server) -> None:
    assert server.ask("GET", "/failing").status == 500
    assert server.get("/go") == b"went"


def test_much_streams_in_bounded_memory_to_a_slow_client(server: Server) -> None:
    before = server.read_memory()
    answer = server.ask("GET", f"/big?{MANY}")
    size = len(answer.read(1))
    while part := answer.read(1 << 20):
        size += len(part)
    assert size == MANY
    assert server.read_memory() - before < 30 << 10


def test_the_engine_begins_behind_the_fork_and_closes_with_its_process(tmp_path: Path) -> None:
    note = tmp_path / "closed"
    with hosted("gunicorn-sync", "wsgi_app", tmp_path, "--preload", ECHO_CLOSED=str(note)) as running:
        assert running.get("/go") == b"went"
        assert not note.exists()
    assert note.read_text() == "closed\n"


def test_an_engine_that_cannot_open_is_a_500_each_time(tmp_path: Path) -> None:
    with hosted("gunicorn-sync", "wsgi_closed", tmp_path) as running:
        assert [running.ask("GET", "/go").status for _ in range(2)] == [500, 500]
