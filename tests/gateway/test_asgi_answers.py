"""An ASGI server's requests reach the engine whole, and answers the client at once, in bounded memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from .hosting import find_line, hosted, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from .hosting import Server

SERVERS = ("uvicorn", "uvicorn-httptools", "granian")
MANY = 200 << 20


def read_all(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with hosted(request.param, "asgi_app", tmp_path_factory.mktemp("s")) as running:
        yield running


def test_the_meta_variables_of_a_request_are_complete(server: Server) -> None:
    params = server.params("/params?a=1&b=%20", Host="example.org:99", X_Word="w", Cookie="a=1")
    expected = {
        "REQUEST_METHOD": "GET",
        "REQUEST_URI": "/params?a=1&b=%20",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/params",
        "QUERY_STRING": "a=1&b=%20",
        "SERVER_NAME": "example.org",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REQUEST_SCHEME": "http",
        "HTTP_HOST": "example.org:99",
        "HTTP_X_WORD": "w",
        "HTTP_COOKIE": "a=1",
    }
    assert {name: params.get(name) for name in expected} == expected
    assert params["SERVER_PORT"].isdecimal()
    assert "CONTENT_LENGTH" not in params


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


def test_headers_of_an_answer_are_kept_apart(server: Server) -> None:
    answer = server.ask("GET", "/params")
    assert answer.headers.get_all("X-Twice") == ["1", "2"]
    answer.read()


def test_a_body_comes_back_byte_for_byte(server: Server) -> None:
    body = bytes(range(256)) * 4000
    assert server.ask("POST", "/echo", body).read() == body


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


def test_a_script_may_answer_before_it_reads(server: Server) -> None:
    answer = server.ask("POST", "/early?400000", b"b" * (1 << 20))
    body = answer.read()
    assert (len(body), body[400000:]) == (400007, b"1048576")


def test_a_line_arrives_before_the_next_is_made(server: Server) -> None:
    answer = server.ask("GET", "/lines")
    assert find_line(answer, b"data: 1\n")
    assert server.get("/go") == b"went"
    assert find_line(answer, b"data: 2\n")


@pytest.mark.parametrize("status", [204, 304])
def test_there_is_no_body_where_none_can_be(server: Server, status: int) -> None:
    connection = server.connect()
    connection.request("GET", f"/status?{status}")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (status, b"")
    connection.request("GET", "/go")
    assert connection.getresponse().read() == b"went"


def test_head_gets_the_headers_alone(server: Server) -> None:
    connection = server.connect()
    connection.request("HEAD", "/params")
    answer = connection.getresponse()
    assert (answer.status, answer.read()) == (200, b"")
    assert int(answer.headers["Content-Length"]) > 0
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


def test_an_answer_that_is_broken_off_shows_as_such(server: Server) -> None:
    with server.raw() as connection:
        connection.sendall(b"GET /broken HTTP/1.1\r\nHost: a\r\n\r\n")
        said = read_all(connection)
    assert b"a part" in said
    assert not said.endswith(b"0\r\n\r\n")


def test_an_engine_that_fails_is_a_500_and_not_the_end(server: Server) -> None:
    answer = server.ask("GET", "/failing")
    assert answer.status == 500
    answer.read()
    assert server.get("/go") == b"went"


def test_much_streams_in_bounded_memory_to_a_slow_client(server: Server) -> None:
    before = server.read_memory()
    answer = server.ask("GET", f"/big?{MANY}")
    first = answer.read(1)
    server.get("/go")  # while that one does not read
    size = len(first)
    while part := answer.read(1 << 20):
        size += len(part)
    assert size == MANY
    assert server.read_memory() - before < 30 << 10


def test_the_engine_closes_with_the_server(tmp_path: Path) -> None:
    note = tmp_path / "closed"
    with hosted("uvicorn", "asgi_app", tmp_path, ECHO_CLOSED=str(note)) as running:
        running.get("/go")
        assert not note.exists()
    assert note.read_text() == "closed\n"


def test_a_server_whose_engine_cannot_open_does_not_start(tmp_path: Path) -> None:
    with (
        pytest.raises(AssertionError, match="no engine today"),
        hosted("uvicorn", "asgi_closed", tmp_path),
    ):
        pass


def test_without_lifespan_the_first_request_opens_the_engine(tmp_path: Path) -> None:
    with hosted("uvicorn", "asgi_app", tmp_path, "--lifespan", "off") as running:
        assert running.get("/go") == b"went"


def test_without_lifespan_an_engine_that_cannot_open_is_a_500(tmp_path: Path) -> None:
    with hosted("uvicorn", "asgi_closed", tmp_path, "--lifespan", "off") as running:
        assert [running.ask("GET", "/go").status for _ in range(2)] == [500, 500]


def test_a_mounted_folder_is_named_as_a_file_of_its_own(tmp_path: Path) -> None:
    with hosted("uvicorn", "asgi_mounted", tmp_path, "--root-path", "/app") as running:
        answer = running.ask("GET", "/x")
        assert answer.status == 500  # the stand-in knows no script
