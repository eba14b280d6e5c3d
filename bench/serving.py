"""The servers that are measured: the gateway, and what it is compared with, on sockets of their own."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from asking import Door, make_fastcgi_request
from ground import LAUNCHER
from home import Home

PACKAGES = ["gunicorn==27.0.1", "psycopg[binary]==3.3.9"]
PATIENCE = 30.0
REQUESTS_TO_WARM = 100

HELLO = 'print("Content-Type: text/plain\\n\\nhello")\n'
IMPORTS = """\
import argparse
import collections
import contextlib
import csv
import datetime
import decimal
import email.message
import html
import json
import logging
import sqlite3
import urllib.parse

with contextlib.closing(sqlite3.connect("{database}")) as database:
    [(word,)] = database.execute("SELECT word FROM words WHERE number = 7")
print("Content-Type: text/plain\\n")
print(html.escape(json.dumps({{"word": word, "day": str(datetime.date(2020, 1, 1))}})))
"""
IMPORTED = tuple(line.split()[1] for line in IMPORTS.splitlines() if line.startswith("import "))
LARGE = """\
import sys

sys.stdout.buffer.write(b"Content-Type: application/octet-stream\\n\\n")
for _ in range(200 * 16):
    sys.stdout.buffer.write(bytes(65536))
"""
WSGI = """\
def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"hello\\n"]
"""


class NotUpError(Exception):
    """A server did not come up, or did not come to serve from a host."""


class Ground(Home):
    """A home with the scripts that are served."""

    @property
    def scripts(self) -> Path:
        return self.folder / "cgi"

    def write(self, name: str, text: str) -> Path:
        script = self.scripts / name
        script.write_text(f"#!{self.python}\n{text}", encoding="utf-8")
        script.chmod(0o755)
        return script

    def warm(self, door: Door, script: Path) -> None:
        """Ask until answers come from a host."""
        for _ in range(REQUESTS_TO_WARM):
            door.ask()
            if self.count_served(script) > 2:
                return
            time.sleep(0.1)
        raise NotUpError(f"{script}: no host")

    @contextmanager
    def run(
        self, name: str, command: Sequence[str | Path], *, at: Path | None = None
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A server while it runs; it is up when it answers at the socket *at*, NAME.sock without it."""
        place = at or self.find_socket(name)
        place.unlink(missing_ok=True)
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(
                command,
                env=self.environment(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            wait_for(place, process)
            yield process
        finally:
            process.terminate()
            process.wait(PATIENCE)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def find_socket(self, name: str) -> Path:
        return self.folder / f"{name}.sock"

    @contextmanager
    def run_gateway(self, name: str, *options: str) -> Iterator[int]:
        """The process of a gateway."""
        user = ("--user", "root") if os.geteuid() == 0 else ()
        where = ("--fastcgi", f"unix:{self.find_socket(name)}")
        with self.run(name, [LAUNCHER, "serve", self.scripts, *where, *user, *options]) as process:
            yield process.pid

    @contextmanager
    def run_fcgiwrap(self) -> Iterator[None]:
        """With one worker, as it starts by default."""
        command = [find("fcgiwrap"), "-s", f"unix:{self.find_socket('fcgiwrap')}"]
        with self.run("fcgiwrap", command):
            yield

    @contextmanager
    def run_gunicorn(self) -> Iterator[None]:
        (self.folder / "page.py").write_text(WSGI, encoding="utf-8")
        where = ["--bind", f"unix:{self.find_socket('gunicorn')}"]
        options = ["--workers", "1", "--worker-class", "sync", "page:application"]
        with self.run("gunicorn", [self.bin / "gunicorn", *where, *options]):
            yield

    @contextmanager
    def run_bare(self, script: Path, modules: Sequence[str] = ()) -> Iterator[None]:
        """A fork server of the least that can be, with *modules* imported."""
        server = Path(__file__).with_name("bare_fork_server.py")
        with self.run("bare", [self.python, server, self.find_socket("bare"), script, *modules]):
            yield

    def find_door(self, server: str, script: Path, expected: bytes = b"hello") -> Door:
        return Door(self.find_socket(server), make_fastcgi_request(script), expected)


def wait_for(place: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_listening(place):
        if process.poll() is not None or time.monotonic() > deadline:
            raise NotUpError(process.args, process.returncode)
        time.sleep(0.02)


def is_listening(place: Path) -> bool:
    """Without connecting: the bare fork server would take that for a request."""
    lines = Path("/proc/net/unix").read_text(encoding="utf-8", errors="replace").splitlines()
    rows = (line.split(maxsplit=7) for line in lines)
    return any(row[3] == "00010000" and row[7:] == [str(place)] for row in rows)


def find(name: str) -> str:
    """The path of a server's command, where Debian puts it."""
    folders = (os.environ["PATH"], "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin")))
    found = shutil.which(name, path=":".join(folders))
    if found is None:
        raise NotUpError(f"{name} is not installed")
    return found


def prepare(folder: Path) -> Ground:
    """Make the interpreter and the scripts."""
    ground = Ground(folder)
    if not (ground.bin / "gunicorn").exists():
        ground.make_interpreter()
        ground.pip("install", *PACKAGES)
    shutil.rmtree(ground.scripts, ignore_errors=True)
    ground.scripts.mkdir()
    return ground
