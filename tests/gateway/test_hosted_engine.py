"""An engine opens and closes with the process of the server that hosts it, or answers 500."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .hosting import hosted

if TYPE_CHECKING:
    from pathlib import Path


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


def test_the_engine_begins_behind_the_fork_and_closes_with_its_process(tmp_path: Path) -> None:
    note = tmp_path / "closed"
    with hosted("gunicorn-sync", "wsgi_app", tmp_path, "--preload", ECHO_CLOSED=str(note)) as running:
        assert running.get("/go") == b"went"
        assert not note.exists()
    assert note.read_text() == "closed\n"


def test_an_engine_that_cannot_open_is_a_500_each_time(tmp_path: Path) -> None:
    with hosted("gunicorn-sync", "wsgi_closed", tmp_path) as running:
        assert [running.ask("GET", "/go").status for _ in range(2)] == [500, 500]


def test_a_mounted_folder_is_named_as_a_file_of_its_own(tmp_path: Path) -> None:
    with hosted("uvicorn", "asgi_mounted", tmp_path, "--root-path", "/app") as running:
        params = running.params("/params")
    found = params["SCRIPT_FILENAME"], params["SCRIPT_NAME"], params.get("PATH_INFO")
    assert found == ("/srv/scripts/params", "/app/params", None)
