"""Files beside the scripts are sent as they are, and no script, nor anything beyond the root, ever is."""

from __future__ import annotations

import os
from email.utils import formatdate
from typing import TYPE_CHECKING

import pytest

from .hosting import wait_until

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator
    from pathlib import Path

    from .service import Scene, Service

TEXT = "0123456789"


@pytest.fixture
def service(scene: Scene) -> Iterator[Service]:
    (scene.cgi / "a.txt").write_text(TEXT)
    with scene.serve("--access-log", scene.folder / "log") as running:
        yield running


def ask(service: Service, target: str, **headers: str) -> tuple[int, bytes]:
    answer = service.ask("GET", target, **headers)
    return answer.status, answer.read()


def test_a_file_is_sent_with_what_a_browser_wants_to_know(scene: Scene, service: Service) -> None:
    answer = service.ask("GET", "/a.txt?any")
    changed = (scene.cgi / "a.txt").stat().st_mtime
    assert (answer.status, answer.read().decode()) == (200, TEXT)
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.headers["Content-Length"] == "10"
    assert answer.headers["Last-Modified"] == formatdate(int(changed), usegmt=True)
    assert answer.headers["ETag"].startswith('"')


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.html", "text/html"),
        ("a.css", "text/css"),
        ("a.svg", "image/svg+xml"),
        ("a.tar.gz", "application/gzip"),
        ("a.unknown", "application/octet-stream"),
        ("a", "application/octet-stream"),
    ],
)
def test_the_type_is_that_of_the_name(scene: Scene, service: Service, name: str, kind: str) -> None:
    (scene.cgi / name).write_text("x")
    answer = service.ask("GET", f"/{name}")
    assert (answer.headers["Content-Type"], answer.headers["Content-Encoding"]) == (kind, None)


def test_a_name_is_decoded(scene: Scene, service: Service) -> None:
    (scene.cgi / "a b\u00e9.txt").write_text("x")
    (scene.cgi / os.fsdecode(b"\xff.txt")).write_text("y")
    assert ask(service, "/a%20b%C3%A9.txt") == (200, b"x")
    assert ask(service, "/%ff.txt") == (200, b"y")


def test_head_sends_no_body(service: Service) -> None:
    answer = service.ask("HEAD", "/a.txt")
    assert (answer.status, answer.headers["Content-Length"], answer.read()) == (200, "10", b"")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_no_other_method_is_for_files(service: Service, method: str) -> None:
    assert service.ask(method, "/a.txt").status == 404


def test_an_empty_file_is_sent(scene: Scene, service: Service) -> None:
    (scene.cgi / "empty.txt").touch()
    assert ask(service, "/empty.txt") == (200, b"")


# ---- what a client has already ------------------------------------------------------------------


def head(service: Service) -> http.client.HTTPResponse:
    return service.ask("HEAD", "/a.txt")


@pytest.mark.parametrize("form", ["{}", "W/{}", '"x", {}', "*"])
def test_a_known_version_is_not_sent_again(service: Service, form: str) -> None:
    tag = head(service).headers["ETag"]
    answer = service.ask("GET", "/a.txt", If_None_Match=form.format(tag))
    assert (answer.status, answer.read(), answer.headers["ETag"]) == (304, b"", tag)


def test_an_unknown_version_is_sent_whatever_its_time(service: Service) -> None:
    moment = head(service).headers["Last-Modified"]
    assert ask(service, "/a.txt", If_None_Match='"x"', If_Modified_Since=moment)[0] == 200


@pytest.mark.parametrize(("seconds", "status"), [(0, 304), (10, 304), (-10, 200)])
def test_a_time_is_compared(scene: Scene, service: Service, seconds: int, status: int) -> None:
    moment = (scene.cgi / "a.txt").stat().st_mtime + seconds
    said = formatdate(int(moment), usegmt=True)
    assert ask(service, "/a.txt", If_Modified_Since=said)[0] == status


@pytest.mark.parametrize(
    "said",
    [
        "yesterday",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "Mon, 01 Jan 2020 00:00:00 +99999999999999",
        "Mon, 01 Jan 0001 00:00:00 +2359",
    ],
)
def test_a_time_that_is_none_is_ignored(service: Service, said: str) -> None:
    assert ask(service, "/a.txt", If_Modified_Since=said)[0] == 200


# ---- ranges -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "status", "place", "body"),
    [
        ("bytes=0-3", 206, "bytes 0-3/10", b"0123"),
        ("bytes=7-", 206, "bytes 7-9/10", b"789"),
        ("bytes=7-100", 206, "bytes 7-9/10", b"789"),
        ("bytes=-3", 206, "bytes 7-9/10", b"789"),
        ("bytes=-100", 206, "bytes 0-9/10", b"0123456789"),
        ("bytes=10-", 416, "bytes */10", b""),
        ("bytes=-0", 416, "bytes */10", b""),
        ("bytes=5-3", 200, None, b"0123456789"),
        ("bytes=-", 200, None, b"0123456789"),
        ("bytes=0-1,3-4", 200, None, b"0123456789"),
        ("lines=0-1", 200, None, b"0123456789"),
        ("bytes=a-b", 200, None, b"0123456789"),
        ("bytes=99999999999999999999-", 200, None, b"0123456789"),
    ],
)
def test_one_range_is_answered(
    service: Service, asked: str, status: int, place: str | None, body: bytes
) -> None:
    answer = service.ask("GET", "/a.txt", Range=asked)
    assert (answer.status, answer.headers["Content-Range"], answer.read()) == (status, place, body)
    assert answer.headers["Content-Length"] == str(len(body))


def test_a_range_is_of_the_version_that_the_client_has(service: Service) -> None:
    now = head(service).headers
    asked = {"Range": "bytes=0-3"}
    assert ask(service, "/a.txt", If_Range=now["ETag"], **asked) == (206, b"0123")
    assert ask(service, "/a.txt", If_Range=now["Last-Modified"], **asked) == (206, b"0123")
    assert ask(service, "/a.txt", If_Range='"x"', **asked) == (200, TEXT.encode())


# ---- what is never sent -------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["secret.cgi", "module.py", "old.py.bak", "old.cgi~", "OLD.PY", "x.pyc", "__pycache__/x.bin",
     "a.py_old", "a.py-", "a.cgi,v", "a.py3", ".env", ".git/config", "sub/.htpasswd"],
)  # fmt: skip
def test_nothing_that_could_be_code_or_is_hidden_is_sent(
    scene: Scene, service: Service, name: str
) -> None:
    path = scene.cgi / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("secret")
    status, body = ask(service, f"/{name}")
    assert status in {403, 404, 500}  # what ends in .py is a script here, and run
    assert b"secret" not in body
    # nor by a link that has another name
    (scene.cgi / "link.txt").symlink_to(path)
    assert ask(service, "/link.txt")[0] == 404


def test_a_script_without_an_extension_is_not_sent(scene: Scene, service: Service) -> None:
    (scene.cgi / "tool").write_text("#!/bin/sh\nsecret\n")
    assert ask(service, "/tool")[0] == 404


def test_nothing_beyond_the_root_is_sent(scene: Scene, service: Service) -> None:
    (scene.folder / "beyond.txt").write_text("secret")
    (scene.cgi / "link.txt").symlink_to("../beyond.txt")
    (scene.cgi / "folder").symlink_to("..")
    for target in ("/link.txt", "/folder/beyond.txt", "/../beyond.txt", "/%2e%2e/beyond.txt"):
        status, body = ask(service, target)
        assert (status in {400, 403, 404}, b"secret" in body) == (True, False), target


def test_a_link_within_the_root_is_followed(scene: Scene, service: Service) -> None:
    (scene.cgi / "link.txt").symlink_to("a.txt")
    assert ask(service, "/link.txt") == (200, TEXT.encode())


@pytest.mark.parametrize("kind", ["fifo", "folder", "missing", "unreadable"])
def test_what_is_no_file_is_not_found(scene: Scene, service: Service, kind: str) -> None:
    path = scene.cgi / "x.txt"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "unreadable":
        path.symlink_to("x.txt")
    # a folder is sent on to its slash
    assert ask(service, "/x.txt")[0] == (308 if kind == "folder" else 404)


def test_a_file_below_a_script_is_the_scripts_path(scene: Scene, service: Service) -> None:
    scene.write("app.py", "import os\nprint('Content-Type: a/b\\n')\nprint(os.environ['PATH_INFO'])\n")
    assert ask(service, "/app.py/style.css") == (200, b"/style.css\n")


def test_a_folder_without_an_index_script_has_its_page(scene: Scene, service: Service) -> None:
    for name in ("page", "both"):
        (scene.cgi / name).mkdir()
        (scene.cgi / name / "index.html").write_text("a page")
    scene.write("both/index.py", "print('Content-Type: a/b\\n\\na script')\n")
    assert ask(service, "/page/") == (200, b"a page")
    assert ask(service, "/both/") == (200, b"a script\n")


def test_a_file_that_shrinks_is_broken_off(scene: Scene, service: Service) -> None:
    path = scene.cgi / "big.bin"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    with service.raw() as connection:
        connection.sendall(b"GET /big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        size = len(connection.recv(1))
        os.truncate(path, 0)
        while part := connection.recv(1 << 20):
            size += len(part)
    assert size < 200 << 20
    assert ask(service, "/a.txt") == (200, TEXT.encode())


def test_a_file_is_sent_in_bounded_memory(scene: Scene, service: Service) -> None:
    with (scene.cgi / "big.bin").open("wb") as file:
        file.truncate(200 << 20)
    before = service.read_peak()
    answer = service.ask("GET", "/big.bin")
    size = 0
    while part := answer.read(1 << 20):
        size += len(part)
    assert size == 200 << 20
    assert service.read_peak() - before < 30 << 10


def test_a_file_that_is_sent_is_logged(scene: Scene, service: Service) -> None:
    service.get("/a.txt")
    log = scene.folder / "log"
    wait_until(lambda: log.read_text().endswith("\n"), "a line")
    assert ' "GET /a.txt HTTP/1.1" 200 10 ' in log.read_text()


def test_other_fronts_send_no_files(scene: Scene, tmp_path: Path) -> None:
    from .wire import ORDINARY, fetch_fastcgi

    (scene.cgi / "a.txt").write_text(TEXT)
    path = str(tmp_path / "f")
    with scene.serve("--fastcgi", f"unix:{path}"):
        answer = fetch_fastcgi(path, {**ORDINARY, "SCRIPT_NAME": "/a.txt"})
    assert answer.status == 404
