"""Real servers that host an application, each behind a unix socket, and a client for it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ASGI = ("uvicorn", "uvicorn-httptools", "granian")
WSGI = ("gunicorn-sync", "gunicorn-gthread")
#: seconds, for what happens at once unless the machine is busy
PATIENCE = 60.0
HERE = Path(__file__).parent


def command(server: str, application: str, path: str, *more: str) -> list[str]:
    """How *server* is started, so that it listens on the socket *path*."""
    python = [sys.executable, "-m"]
    commands = {
        "uvicorn": [*python, "uvicorn", "--uds", path, "--no-access-log", application],
        "uvicorn-httptools": [
            *python, "uvicorn", "--uds", path, "--no-access-log", "--http", "httptools", application,
        ],
        "granian": [
            *python, "granian", "--interface", "asgi", "--uds", path, "--workers", "1", application,
        ],
        "gunicorn-sync": [*python, "gunicorn", "--bind", f"unix:{path}", "--workers", "1", application],
        "gunicorn-gthread": [
            *python, "gunicorn", "--bind", f"unix:{path}", "-k", "gthread", "--threads", "4", application,
        ],
    }  # fmt: skip
    return [*commands[server], *more]


def find_interface(server: str) -> str:
    return "wsgi" if server in WSGI else "asgi"


def wait_until(condition: Any, what: str) -> Any:
    """What *condition* returns, once that is true."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.005)
    raise AssertionError(f"in vain: {what}")


class Connection(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: str, timeout: float = PATIENCE) -> None:
        super().__init__("example.org", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    """A server that is up."""

    def __init__(self, path: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.path = path
        self.process = process
        self.log = log
        self.opened: list[Connection | http.client.HTTPResponse | socket.socket] = []

    def connect(self) -> Connection:
        made = Connection(self.path)
        self.opened.append(made)
        return made

    def close(self) -> None:
        for one in self.opened:
            one.close()

    def raw(self) -> socket.socket:
        """A connection on which anything may be said."""
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(PATIENCE)
        made.connect(self.path)
        self.opened.append(made)
        return made

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
        """An answer, of which the body is still to be read."""
        connection = self.connect()
        connection.request(
            method, target, body, {name.replace("_", "-"): headers[name] for name in headers}
        )
        answer = connection.getresponse()
        self.opened.append(answer)
        return answer

    def get(self, target: str, **headers: str) -> bytes:
        return self.ask("GET", target, **headers).read()

    def params(self, target: str, **headers: str) -> dict[str, str]:
        found: dict[str, str] = json.loads(self.get(target, **headers))
        return found

    def read_memory(self) -> int:
        return int(self.get("/memory"))


def find_line(answer: http.client.HTTPResponse, line: bytes) -> bool:
    """Whether *line* comes, in an answer that need not end."""
    return any(found == line for found in iter(answer.fp.readline, b""))


def read_all(connection: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: connection.recv(65536), b""))


def can_connect(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as trial:
        try:
            trial.connect(path)
        except OSError:
            return False
        return True


@contextmanager
def hosted(
    server: str, application: str, folder: Path, *more: str, **environment: str
) -> Iterator[Server]:
    """*application*, of the module echoing.py unless it names another, hosted by *server*."""
    path, log = str(folder / "s"), folder / "server.log"
    where = application if ":" in application else f"echoing:{application}"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(server, where, path, *more),
            cwd=folder,
            env=os.environ | {"PYTHONPATH": str(HERE)} | environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        wait_until(lambda: can_connect(path) or process.poll() is not None, "a server")
        assert process.poll() is None, log.read_text()
        server = Server(path, process, log)
        yield server
        server.close()
    finally:
        end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """End *process* and its children."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        raise
