"""`mainspring serve`, started as an operator starts it, with scripts that a bare interpreter runs."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from .hosting import Server, wait_until

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Sequence
    from pathlib import Path

PATIENCE = 60.0
#: as which scripts run: root has to say so
OWN_USER = ("--user", "root") if os.geteuid() == 0 else ()
READY = re.compile(rb"^end with .*\n", re.MULTILINE)

HELLO = """\
print("Content-Type: text/plain")
print()
print("hello")
"""
SHOW = """\
import json, os, sys
body = sys.stdin.buffer.read(int(os.environ.get("CONTENT_LENGTH") or 0))
print("Content-Type: application/json")
print()
print(json.dumps({"env": dict(os.environ), "body": len(body), "arguments": sys.argv[1:]}))
"""
#: tells that it has begun, and ends when a line comes by the FIFO that its query names
WAIT = """\
import os, sys
print("Content-Type: text/plain")
print()
print("begun", flush=True)
with open(os.environ["QUERY_STRING"]) as way:
    print(way.readline())
"""


class Service(Server):
    """A gateway that is up."""

    def __init__(
        self, folder: Path, process: subprocess.Popen[bytes], environment: dict[str, str]
    ) -> None:
        super().__init__(str(folder / "http"), process, folder / "stderr")
        self.folder = folder
        self.environment = environment

    @property
    def said(self) -> str:
        """What it has said on its standard output."""
        return (self.folder / "stdout").read_text()

    @property
    def complaints(self) -> str:
        return self.log.read_text()

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self) -> int:
        return self.process.wait(PATIENCE)

    def read_status(self, name: str) -> str:
        """A line of the process's status, as the kernel has it."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            [line] = [line for line in file if line.startswith(f"{name}:")]
        return line.partition(":")[2].strip()

    def read_peak(self) -> int:
        """The most memory that the gateway has had, in KiB."""
        return int(self.read_status("VmHWM").removesuffix(" kB"))


class Scene:
    """A folder with scripts, and all that a gateway needs of a user."""

    def __init__(self, folder: Path, python: Path, launcher: Path) -> None:
        self.folder = folder
        self.cgi = folder / "cgi"
        self.python = python
        self.launcher = launcher
        self.options: tuple[str, ...] = ()  # of every gateway
        self.through: tuple[str, ...] = ()  # what begins every command, and becomes it
        for name in ("cgi", "home", "run"):
            (folder / name).mkdir(mode=0o700)
        self.environment = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(folder / "run"),
        }
        self.write("hello.py", HELLO)
        self.write("show.py", SHOW)
        self.write("wait.py", WAIT)

    def write(self, name: str, text: str) -> Path:
        path = self.cgi / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!{self.python}\n{text}")
        return path

    def make_way(self) -> Path:
        """A FIFO for wait.py."""
        path = self.folder / "way"
        os.mkfifo(path)
        return path

    def call(self, *words: Any) -> list[str]:
        return [str(word) for word in (*self.through, self.launcher, "serve", *words)]

    def refuse(self, *words: Any, **changes: str) -> str:
        """What a gateway that does not begin says on its standard error."""
        ended = subprocess.run(
            self.call(*words),
            env=self.environment | changes,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        assert (ended.returncode > 0, ended.stdout) == (True, "")
        return ended.stderr

    @contextmanager
    def serve(
        self, *words: Any, path: Path | None = None, user: Sequence[str] = OWN_USER, http: bool = True,
        through: Sequence[str] = (), handed: Sequence[int] = (), **changes: str,
    ) -> Iterator[Service]:  # fmt: skip
        """A gateway with these options; unless told otherwise, with HTTP on a unix socket."""
        address = ("--http", f"unix:{self.folder / 'http'}") if http else ()
        command = [*through, *self.call(path or self.cgi, *address, *user, *self.options, *words)]
        with open(self.folder / "stdout", "wb") as out, open(self.folder / "stderr", "wb") as errors:
            process = subprocess.Popen(
                command, env=self.environment | changes, stdout=out, stderr=errors, pass_fds=handed,
                start_new_session=True,
            )  # fmt: skip
        service = Service(self.folder, process, self.environment | changes)
        try:
            wait_until(lambda: is_ready(service), "a gateway")
            assert process.poll() is None, service.complaints
            yield service
        finally:
            service.close()
            end_service(process)
            self.stop_hosts()

    def stop_hosts(self) -> None:
        command = [*self.through, str(self.launcher), "hosts", "stop"]
        subprocess.run(command, env=self.environment, check=False, capture_output=True)


def is_ready(service: Service) -> bool:
    return READY.search(service.said.encode()) is not None or service.process.poll() is not None


def end_service(process: subprocess.Popen[bytes]) -> None:
    """End it at once, if it has not ended."""
    for _ in range(2):
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                continue
    if process.poll() is None:
        process.kill()
    process.wait(PATIENCE)


def activate(*named: tuple[str, socket.socket]) -> tuple[list[str], tuple[int, ...]]:
    """A command that hands sockets over as systemd does, and what it has to inherit."""
    numbers = [one.fileno() for _, one in named]
    names = ":".join(name for name, _ in named)
    text = (
        "import os, sys\n"
        f"numbers = [os.dup(number) for number in {numbers}]\n"
        "for place, number in enumerate(numbers):\n"
        "    os.dup2(number, 3 + place)\n"
        "    os.set_inheritable(3 + place, True)\n"  # also if it was there already
        f"os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS='{len(named)}',\n"
        f"    LISTEN_FDNAMES='{names}')\n"
        "os.execv(sys.argv[1], sys.argv[1:])\n"
    )
    return [sys.executable, "-c", text], tuple(numbers)
