"""`mainspring serve --http` runs scripts and sends files, for a browser without any server between."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import socket
import time
from typing import TYPE_CHECKING

import pytest

from .hosting import find_line, read_all, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .service import Scene, Service

MANY = 200 << 20
LINES = """\
import os
print("Content-Type: text/event-stream")
print()
print("data: 1", flush=True)
with open(os.environ["QUERY_STRING"]) as way:
    way.readline()
print("data: 2")
"""
BIG = """\
import os, sys
sys.stdout.buffer.write(b"Content-Type: application/octet-stream\\n\\n")
part = b"x" * 65536
for _ in range(int(os.environ["QUERY_STRING"]) // len(part)):
    sys.stdout.buffer.write(part)
"""
HASH = """\
import hashlib, os, sys
left, found = int(os.environ["CONTENT_LENGTH"]), hashlib.sha256()
while left:
    part = sys.stdin.buffer.read(min(65536, left))
    left -= len(part)
    found.update(part)
print("Content-Type: text/plain")
print()
print(found.hexdigest(), end="")
"""
EARLY = """\
import os, sys
sys.stdout.buffer.write(b"Content-Type: text/plain\\n\\n" + b"x" * 400000)
sys.stdout.flush()
print(len(sys.stdin.buffer.read(int(os.environ["CONTENT_LENGTH"]))), end="")
"""
#: notes its process's number, and waits for a signal
STAY = """\
import os, signal
print("Content-Type: text/plain")
print()
print("begun", flush=True)
with open(os.environ["QUERY_STRING"], "w") as note:
    note.write(str(os.getpid()))
signal.pause()
"""


@pytest.fixture
def service(scene: Scene) -> Iterator[Service]:
    for name, text in (("lines", LINES), ("big", BIG), ("hash", HASH), ("early", EARLY), ("stay", STAY)):
        scene.write(f"{name}.py", text)
    with scene.serve() as running:
        yield running


def test_a_script_answers_with_all_that_it_is_to_know(service: Service) -> None:
    answer = service.ask("GET", "/show.py/a%20b?c=1&d=%20", X_Word="w", Cookie="a=1")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/json")
    shown = json.loads(answer.read())
    expected = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "REQUEST_METHOD": "GET",
        "SCRIPT_NAME": "/show.py",
        "PATH_INFO": "/a b",
        "PATH_TRANSLATED": str(service.folder / "cgi" / "a b"),
        "QUERY_STRING": "c=1&d=%20",
        "REQUEST_URI": "/show.py/a%20b?c=1&d=%20",
        "SERVER_NAME": "example.org",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_X_WORD": "w",
        "HTTP_COOKIE": "a=1",
    }
    assert {name: shown["env"].get(name) for name in expected} == expected


def test_an_answer_has_one_date(scene: Scene, service: Service) -> None:
    assert len(service.ask("GET", "/hello.py").headers.get_all("Date") or ()) == 1
    scene.write("dated.py", "print('Date: Thu, 01 Jan 1970 00:00:00 GMT\\nContent-Type: a/b\\n')\n")
    dates = service.ask("GET", "/dated.py").headers.get_all("Date")
    assert dates == ["Thu, 01 Jan 1970 00:00:00 GMT"]


def test_an_indexed_query_becomes_arguments(service: Service) -> None:
    assert json.loads(service.get("/show.py?a+b%20c"))["arguments"] == ["a", "b c"]


def test_a_body_of_known_length_arrives(service: Service) -> None:
    body = os.urandom(3 << 20)
    assert service.ask("POST", "/hash.py", body).read().decode() == hashlib.sha256(body).hexdigest()


def test_a_chunked_body_arrives_with_its_length(service: Service) -> None:
    parts = [os.urandom(70000) for _ in range(5)]
    said = service.ask("POST", "/hash.py", iter(parts)).read()
    assert said.decode() == hashlib.sha256(b"".join(parts)).hexdigest()


def test_a_script_may_write_before_it_reads(service: Service) -> None:
    body = service.ask("POST", "/early.py", b"b" * (1 << 20)).read()
    assert (len(body), body[400000:]) == (400007, b"1048576")


def test_a_body_announced_as_too_large_is_refused_unread(scene: Scene) -> None:
    with scene.serve("--max-body", "1K") as service, service.raw() as connection:
        connection.sendall(b"POST /show.py HTTP/1.1\r\nHost: a\r\nContent-Length: 1025\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_a_chunked_body_that_becomes_too_large_is_refused(scene: Scene) -> None:
    with scene.serve("--max-body", "1K") as service, service.raw() as connection:
        connection.sendall(
            b"POST /show.py HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
            b"400\r\n" + b"a" * 1024 + b"\r\n1\r\nb\r\n"  # and no end
        )
        assert connection.recv(12) == b"HTTP/1.1 413"


def test_head_runs_the_script_and_sends_no_body(service: Service) -> None:
    connection = service.connect()
    for _ in range(2):  # the second shows that nothing was left behind the first
        connection.request("HEAD", "/hello.py")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (200, b"")


def test_a_line_arrives_before_the_next_is_made(scene: Scene, service: Service) -> None:
    way = scene.make_way()
    answer = service.ask("GET", f"/lines.py?{way}")
    assert find_line(answer, b"data: 1\n")
    way.write_text("go\n")
    assert find_line(answer, b"data: 2\n")


def test_much_streams_in_bounded_memory(service: Service) -> None:
    service.get("/big.py?65536")
    before = service.read_peak()
    answer = service.ask("GET", f"/big.py?{MANY}")
    size = 0
    while part := answer.read(1 << 20):
        size += len(part)
    assert size == MANY
    assert service.read_peak() - before < 30 << 10


def test_an_upload_streams_in_bounded_memory(service: Service) -> None:
    service.ask("POST", "/hash.py", b"a").read()
    before = service.read_peak()
    body = os.urandom(1 << 20) * 100
    said = service.ask("POST", "/hash.py", body).read()
    assert said.decode() == hashlib.sha256(body).hexdigest()
    assert service.read_peak() - before < 30 << 10


def test_a_client_that_goes_away_ends_its_script(service: Service, tmp_path: Path) -> None:
    note = tmp_path / "note"
    with service.raw() as connection:
        connection.sendall(b"GET /stay.py?%s HTTP/1.1\r\nHost: a\r\n\r\n" % bytes(note))
        assert connection.recv(12) == b"HTTP/1.1 200"
        wait_until(lambda: note.exists() and note.read_text(), "the script")
    process = int(note.read_text())
    wait_until(lambda: not is_running(process), "the end of the script")


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_a_script_that_takes_too_long_is_a_504(scene: Scene) -> None:
    scene.write("slow.py", "import signal\nsignal.pause()\n")
    with scene.serve("--timeout", "0.3", "--grace", "0.2") as service:
        assert service.ask("GET", "/slow.py").status == 504


def test_a_folder_is_answered_by_its_index(scene: Scene, service: Service) -> None:
    scene.write("sub/index.py", "print('Content-Type: text/plain\\n\\nindex')\n")
    answer = service.ask("GET", "/sub")
    assert (answer.status, answer.headers["Location"]) == (308, "/sub/")
    assert service.get("/sub/") == b"index\n"


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/none.py", 404),
        ("/../hello.py", 400),
        ("/%2e%2e/hello.py", 400),
        ("/a%2fhello.py", 400),
        ("/hello.py%00", 400),
        ("/hello.py%0a", 400),
        ("/.hidden.py", 404),
    ],
)
def test_a_path_that_leads_nowhere_is_refused(
    scene: Scene, service: Service, target: str, status: int
) -> None:
    scene.write(".hidden.py", "print('Content-Type: text/plain\\n\\nno')\n")
    assert service.ask("GET", target).status == status


def test_a_head_that_is_too_large_is_refused(scene: Scene) -> None:
    with scene.serve("--max-params", "8K") as service, service.raw() as connection:
        connection.sendall(b"GET /hello.py HTTP/1.1\r\nHost: a\r\nX-Long: " + b"x" * 20000)
        assert connection.recv(12) == b"HTTP/1.1 400"


def test_what_is_no_request_is_a_400_and_nobodys_end(service: Service) -> None:
    with service.raw() as connection:
        connection.sendall(b"\x16\x03\x01\x02\x00\r\n\r\n")
        assert connection.recv(12) == b"HTTP/1.1 400"
    assert service.get("/hello.py") == b"hello\n"
    assert service.complaints == ""


def test_silent_connections_are_closed_and_busy_ones_are_not(scene: Scene) -> None:
    way = scene.make_way()
    with scene.serve("--idle-timeout", "0.2", "--silence-timeout", "0.2") as service:
        busy = service.ask("GET", f"/wait.py?{way}")
        with service.raw() as idle, service.raw() as begun:
            begun.sendall(b"GET /hello.py HTTP/1.1\r\nHo")
            assert (read_all(idle), read_all(begun)) == (b"", b"")
        way.write_text("now\n")
        assert busy.read() == b"begun\nnow\n\n"


def test_beyond_the_bound_the_longest_silent_connection_goes(scene: Scene) -> None:
    with scene.serve("--connections", "10") as service:
        connections = [service.raw() for _ in range(20)]
        assert service.get("/hello.py") == b"hello\n"
        assert read_all(connections[0]) == b""


def test_a_client_of_another_address_is_named_as_such(scene: Scene) -> None:
    with scene.serve("--http", "127.0.0.1:0") as service:
        [port] = re.findall(r"http://127\.0\.0\.1:(\d+)/", service.said)
        with socket.create_connection(("127.0.0.1", int(port))) as connection:
            connection.sendall(
                b"GET /show.py HTTP/1.0\r\nX-Forwarded-For: 192.0.2.1\r\nX-Forwarded-Proto: https\r\n\r\n"
            )
            shown = json.loads(read_all(connection).partition(b"\r\n\r\n")[2])["env"]
            assert shown["REMOTE_PORT"] == str(connection.getsockname()[1])
    assert (shown["REMOTE_ADDR"], shown["SERVER_PORT"]) == ("127.0.0.1", port)
    assert (shown["REQUEST_SCHEME"], "HTTPS" in shown) == ("http", False)


def test_a_single_script_is_served_whatever_the_path(scene: Scene) -> None:
    with scene.serve(path=scene.cgi / "show.py") as service:
        shown = json.loads(service.get("/any/path"))["env"]
    assert (shown["SCRIPT_NAME"], shown["PATH_INFO"]) == ("", "/any/path")


@pytest.mark.parametrize("given", [(), ("--authorization",)])
def test_authorization_is_passed_on_only_if_that_is_asked_for(
    scene: Scene, given: tuple[str, ...]
) -> None:
    with scene.serve(*given) as service:
        shown = json.loads(service.get("/show.py", Authorization="Basic x"))["env"]
    assert shown.get("HTTP_AUTHORIZATION") == ("Basic x" if given else None)


def test_a_kept_process_serves_several(scene: Scene) -> None:
    scene.write("pid.py", "import os\nprint('Content-Type: text/plain\\n')\nprint(os.getpid())\n")
    with scene.serve("--reuse", "10") as service:
        processes = [service.get("/pid.py") for _ in range(12)]
        assert [processes.count(one) for one in dict.fromkeys(processes)] == [10, 2]
        service.signal(signal.SIGHUP)
        wait_until(lambda: service.get("/pid.py") not in processes, "a new process")


def test_no_request_waits_for_another(scene: Scene) -> None:
    way = scene.make_way()
    with scene.serve() as service:
        waiting = service.ask("GET", f"/wait.py?{way}")
        began = time.monotonic()
        assert service.get("/hello.py") == b"hello\n"
        assert time.monotonic() - began < 30
        way.write_text("now\n")
        assert waiting.read() == b"begun\nnow\n\n"


@pytest.mark.parametrize("target", ["/endless.py", "/large.txt"])
def test_a_client_that_reads_nothing_is_closed(scene: Scene, target: str) -> None:
    scene.write("endless.py", "print('Content-Type: a/b\\n')\nwhile True: print('x' * 65536)\n")
    with open(scene.cgi / "large.txt", "wb") as file:
        file.truncate(64 << 20)
    with scene.serve("--idle-timeout", "0.2", "--timeout", "1") as service, service.raw() as connection:
        connection.sendall(f"GET {target} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
        wait_until(lambda: len(list_sockets(service)) == 1, "closed")


def list_sockets(service: Service) -> list[str]:
    """Those of HTTP: the one that listens, and one for each connection."""
    with open("/proc/net/unix", encoding="ascii") as file:
        return [line for line in file if line.rstrip().endswith(f" {service.path}")]
