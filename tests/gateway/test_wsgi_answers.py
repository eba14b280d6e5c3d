"""What WSGI leaves to the application: a body is read before its script starts, and within its bound."""

from __future__ import annotations

import json
import socket
from http.client import HTTPResponse
from typing import TYPE_CHECKING

import pytest

from .hosting import WSGI, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from .hosting import Server

pytestmark = pytest.mark.parametrize("server", WSGI, indirect=True)


def test_nothing_of_the_servers_own_environment_is_there(server: Server) -> None:
    params = server.params("/params")
    assert [name for name in params if name.startswith(("wsgi", "gunicorn", "SERVER_SOFTWARE"))] == []
    assert "PATH" not in params


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


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_a_body_is_passed_on(server: Server, status: int) -> None:
    assert server.ask("GET", f"/status?{status}").status == status


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
