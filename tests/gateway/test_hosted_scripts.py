"""Servers of other people's run the same scripts by the same hosts: ASGI and WSGI are fronts like any."""

from __future__ import annotations

import hashlib
import json
import os
from typing import TYPE_CHECKING

import pytest

from .hosting import find_interface, find_line, hosted, wait_until
from .service import Scene
from .test_serve_http import BIG, HASH, LINES, STAY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .hosting import Server

SERVERS = ("uvicorn", "granian", "gunicorn-sync", "gunicorn-gthread")
MANY = 200 << 20
APPLICATION = """\
from mainspring.gateway.{kind} import app
application = app({path!r}, user={user!r}, access_log={log!r}, log_format="json", **{settings!r})
"""


def write_application(scene: Scene, server: str, **settings: int) -> str:
    user = "root" if os.geteuid() == 0 else None
    log = str(scene.folder / "log")
    text = APPLICATION.format(
        kind=find_interface(server), path=str(scene.cgi), user=user, log=log, settings=settings
    )
    (scene.folder / "hosted_application.py").write_text(text)
    return "hosted_application:application"


@pytest.fixture(scope="module", params=SERVERS)
def place(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    bare_python: Path,
    launcher: Path,
) -> Iterator[tuple[Scene, Server]]:
    """Scripts, and a server for them."""
    scene = Scene(tmp_path_factory.mktemp("s"), bare_python, launcher)
    for name, text in (("lines", LINES), ("big", BIG), ("hash", HASH), ("stay", STAY)):
        scene.write(f"{name}.py", text)
    application = write_application(scene, request.param)
    environment = scene.environment | {"PYTHONPATH": str(scene.folder)}
    with hosted(request.param, application, scene.folder, **environment) as server:
        yield scene, server
    scene.stop_hosts()


def test_a_script_answers_with_all_that_it_is_to_know(place: tuple[Scene, Server]) -> None:
    scene, server = place
    shown = json.loads(server.get("/show.py/a%20b?c=1", X_Word="w"))["env"]
    expected = {
        "SCRIPT_NAME": "/show.py",
        "PATH_INFO": "/a b",
        "PATH_TRANSLATED": str(scene.cgi / "a b"),
        "QUERY_STRING": "c=1",
        "REQUEST_URI": "/show.py/a%20b?c=1",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_X_WORD": "w",
    }
    assert {name: shown.get(name) for name in expected} == expected


def test_a_script_starts_from_its_host(place: tuple[Scene, Server]) -> None:
    scene, server = place

    def is_warm() -> bool:
        assert server.get("/hello.py") == b"hello\n"
        lines = (scene.folder / "log").read_text().splitlines()
        return bool(lines) and json.loads(lines[-1])["kind"] == "warm"

    wait_until(is_warm, "a warm start")


def test_bodies_of_known_and_unknown_length_arrive(place: tuple[Scene, Server]) -> None:
    _, server = place
    body = os.urandom(3 << 20)
    expected = hashlib.sha256(body).hexdigest()
    parts = (body[start : start + 100000] for start in range(0, len(body), 100000))
    assert server.ask("POST", "/hash.py", body).read().decode() == expected
    assert server.ask("POST", "/hash.py", parts).read().decode() == expected


def test_a_line_arrives_before_the_next_is_made(place: tuple[Scene, Server]) -> None:
    scene, server = place
    way = scene.make_way()
    answer = server.ask("GET", f"/lines.py?{way}")
    assert find_line(answer, b"data: 1\n")
    way.write_text("go\n")
    assert find_line(answer, b"data: 2\n")
    way.unlink()


def test_much_streams_in_bounded_memory(place: tuple[Scene, Server]) -> None:
    _, server = place
    server.get("/big.py?65536")
    before = read_peak(server)
    answer = server.ask("GET", f"/big.py?{MANY}")
    size = len(answer.read(1))
    while part := answer.read(1 << 20):
        size += len(part)
    assert size == MANY
    assert read_peak(server) - before < 30 << 10


def read_peak(server: Server) -> int:
    """The most memory that any process of the server's has had, in KiB."""
    family = [server.process.pid, *list_children(server.process.pid)]
    return max(read_own_peak(process) for process in family)


def list_children(process: int) -> list[int]:
    with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
        children = [int(word) for word in file.read().split()]
    return children + [below for child in children for below in list_children(child)]


def read_own_peak(process: int) -> int:
    try:
        with open(f"/proc/{process}/status", encoding="ascii") as file:
            [line] = [line for line in file if line.startswith("VmHWM:")]
    except (FileNotFoundError, ValueError):
        return 0  # it has just ended
    return int(line.split()[1])


def test_a_script_ends_when_its_client_goes(place: tuple[Scene, Server], tmp_path: Path) -> None:
    """Though it writes nothing, and nobody to it."""
    _, server = place
    note = tmp_path / "note"
    with server.raw() as connection:
        connection.sendall(f"GET /stay.py?{note} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        process = wait_until(lambda: note.exists() and note.read_text(), "a script")
    wait_until(lambda: not os.path.exists(f"/proc/{process}"), "its end")


@pytest.mark.parametrize("target", ["/none.py", "/../hello.py", "/%2e%2e/hello.py", "/a%2fhello.py"])
def test_a_path_that_leads_nowhere_is_refused(place: tuple[Scene, Server], target: str) -> None:
    _, server = place
    assert server.ask("GET", target).status in {400, 404}


def test_a_kept_process_serves_several_under_gunicorn(scene: Scene) -> None:
    scene.write("pid.py", "import os\nprint('Content-Type: text/plain\\n')\nprint(os.getpid())\n")
    # with one place, the next request waits until the process has nothing to do
    application = write_application(scene, "gunicorn-sync", reuse=3, children=1)
    environment = scene.environment | {"PYTHONPATH": str(scene.folder)}
    with hosted("gunicorn-sync", application, scene.folder, **environment) as server:
        processes = [server.get("/pid.py") for _ in range(5)]
        wait_until(lambda: (scene.folder / "log").read_text().count("\n") == 5, "all in the log")
    kinds = [json.loads(line)["kind"] for line in (scene.folder / "log").read_text().splitlines()]
    assert kinds == ["kept"] * 5
    assert [processes.count(one) for one in dict.fromkeys(processes)] == [3, 2]
    for process in set(processes):
        wait_until(lambda process=process: not os.path.exists(f"/proc/{int(process)}"), "their end")
