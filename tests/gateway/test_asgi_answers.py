"""What only ASGI tells an engine: what came of headers, chunks and clients, and a bound on each wait."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .hosting import ASGI, read_all, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from .hosting import Server

pytestmark = pytest.mark.parametrize("server", ASGI, indirect=True)


def test_the_server_is_called_as_the_client_has_called_it(server: Server) -> None:
    params = server.params("/params", Host="example.org:99")
    assert params["SERVER_NAME"] == "example.org"
    assert params["SERVER_PORT"].isdecimal()


def test_a_path_is_decoded_once_and_bytes_that_are_no_text_are_kept(server: Server) -> None:
    params = server.params("/params?%25")
    assert params["QUERY_STRING"] == "%25"
    # /par%2561ms would be /params if it were decoded twice
    answer = server.ask("GET", "/par%61ms")
    assert json.loads(answer.read())["REQUEST_URI"] == "/par%61ms"


def test_headers_of_one_name_are_joined(server: Server) -> None:
    with server.raw() as connection:
        lines = ("GET /params HTTP/1.1", "Host: a", "X-A: 1", "Cookie: a=1", "X-A: 2", "Cookie: b=2",
                 "X_A: 3", "Connection: close", "", "")  # fmt: skip
        connection.sendall("\r\n".join(lines).encode())
        params = json.loads(read_all(connection).partition(b"\r\n\r\n")[2])
    assert (params["HTTP_X_A"], params["HTTP_COOKIE"]) == ("1, 2", "a=1; b=2")


def test_a_chunked_body_is_passed_on_as_one_of_unknown_length(server: Server) -> None:
    body = (part for part in (b"a" * 1000, b"b" * 70000, b"c"))
    assert server.ask("POST", "/size", body).read() == b"71001 None"
    with server.raw() as connection:
        lines = ("POST /params HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", "Connection: close",
                 "", "0", "", "")  # fmt: skip
        connection.sendall("\r\n".join(lines).encode())
        assert b'"HTTP_TRANSFER_ENCODING": "chunked"' in read_all(connection)


def test_of_a_body_beyond_the_bound_enough_comes_to_see_that(server: Server) -> None:
    size = int(server.ask("POST", "/size", (b"a" * 65536 for _ in range(40))).read().split()[0])
    assert 1 << 20 < size < 40 * 65536


@pytest.mark.parametrize("status", [204, 304])
def test_there_is_no_body_where_none_can_be(server: Server, status: int) -> None:
    connection = server.connect()
    connection.request("GET", f"/status?{status}")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (status, b"")
    connection.request("GET", "/go")
    assert connection.getresponse().read() == b"went"


@pytest.mark.parametrize("kind", ["gone", "silent"])
def test_a_client_that_goes_away_is_noticed(server: Server, kind: str, tmp_path: Path) -> None:
    note = tmp_path / "note"
    connection = server.raw()
    connection.sendall(b"GET /%s?%s HTTP/1.1\r\nHost: a\r\n\r\n" % (kind.encode(), bytes(note)))
    if kind == "gone":
        assert connection.recv(12) == b"HTTP/1.1 200"
    else:
        server.get("/go")  # by now the other request is known as well
    connection.close()
    expected = {"gone": "gone indeed", "silent": "gone"}[kind]
    wait_until(lambda: note.exists() and note.read_text() == expected, "the end of the client")


def test_a_body_that_stops_coming_is_given_up(server: Server) -> None:
    with server.raw() as connection:
        connection.sendall(b"POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc")
        assert connection.recv(12) == b"HTTP/1.1 408"
