"""Whichever server hosts it, a request reaches the engine whole, and its answer the client at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .hosting import ASGI, WSGI, find_line, read_all

if TYPE_CHECKING:
    from .hosting import Server

MANY = 200 << 20
#: those that answer several requests at once
AT_ONCE = [server for server in (*ASGI, *WSGI) if server != "gunicorn-sync"]


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
    assert "CONTENT_LENGTH" not in params


def test_headers_of_an_answer_are_kept_apart(server: Server) -> None:
    answer = server.ask("GET", "/params")
    assert answer.headers.get_all("X-Twice") == ["1", "2"]
    answer.read()


def test_a_body_comes_back_byte_for_byte(server: Server) -> None:
    body = bytes(range(256)) * 4000
    assert server.ask("POST", "/echo", body).read() == body


def test_a_script_may_answer_before_it_reads(server: Server) -> None:
    answer = server.ask("POST", "/early?400000", b"b" * (1 << 20))
    body = answer.read()
    assert (len(body), body[400000:]) == (400007, b"1048576")


@pytest.mark.parametrize("server", AT_ONCE, indirect=True)
def test_a_line_arrives_before_the_next_is_made(server: Server) -> None:
    answer = server.ask("GET", "/lines")
    assert find_line(answer, b"data: 1\n")
    assert server.get("/go") == b"went"
    assert find_line(answer, b"data: 2\n")


def test_head_gets_the_headers_alone(server: Server) -> None:
    with server.raw() as connection:
        connection.sendall(b"HEAD /params HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        head, _, body = read_all(connection).lower().partition(b"\r\n\r\n")
    assert head.startswith(b"http/1.1 200")
    assert b"\r\ncontent-length: 0" not in head
    assert b"\r\ncontent-length: " in head
    assert body == b""


def test_an_answer_that_is_broken_off_shows_as_such(server: Server) -> None:
    with server.raw() as connection:
        connection.sendall(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
        said = read_all(connection)
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


@pytest.mark.parametrize("server", AT_ONCE, indirect=True)
def test_a_client_that_does_not_read_has_no_other_wait(server: Server) -> None:
    answer = server.ask("GET", f"/big?{MANY}")
    assert len(answer.read(1)) == 1
    assert server.get("/go") == b"went"
