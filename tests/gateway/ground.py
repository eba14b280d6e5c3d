"""A folder of scripts with a gateway before it, asked over FastCGI; nothing of it is left after."""

from __future__ import annotations

import json
import os
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gateway.wire import ORDINARY, FastCGIClient, fetch_fastcgi, serve_wire
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.gateway import Gateway
from mainspring.gateway.keeper import Keeper
from mainspring.gateway.operating import Logs, open_journal
from mainspring.gateway.pool import Pool
from mainspring.gateway.site import Site
from mainspring.gateway.starting import Starter
from mainspring.gateway.variables import Passage, choose_base

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from gateway.wire import Answer, Wire


PATIENCE = 20.0
HELLO = "print('Content-Type: text/plain\\n\\nhello')\n"
PLAIN = "print('Content-Type: text/plain\\n')\n"


@dataclass
class Ground:
    """Where scripts are put, and asked for."""

    folder: Path
    environment: dict[str, str]
    python: Path
    launcher: Path
    gateway: Gateway
    wire: Wire
    clients: list[FastCGIClient] = field(default_factory=list)

    def write(self, name: str, text: str) -> Path:
        """A script in the place of what was there, which the bare interpreter runs."""
        path = self.folder / "cgi" / name
        path.parent.mkdir(exist_ok=True)
        other = path.with_name(f".{path.name}.new")
        other.write_text(f"#!{self.python}\n{text}")
        other.rename(path)
        return path

    def make_gate(self, name: str) -> Path:
        """A FIFO, by which a script is told to go on."""
        path = self.folder / name
        os.mkfifo(path)
        return path

    def name(self, name: str, **params: str) -> dict[str, str]:
        return {**ORDINARY, "SCRIPT_NAME": f"/{name}", **params}

    def get(self, name: str, body: bytes = b"", **params: str) -> Answer:
        method = {"REQUEST_METHOD": "POST"} if body else {}
        return fetch_fastcgi(self.wire.fastcgi, self.name(name, **method, **params), body)

    def ask(self, name: str, body: bytes = b"", **params: str) -> FastCGIClient:
        """A connection over which *name* has been asked for."""
        client = FastCGIClient(self.wire.fastcgi)
        client.ask(self.name(name, **params), body)
        self.clients.append(client)
        return client

    def warm_up(self, name: str) -> None:
        """Ask until an answer comes from a host."""

        def is_warm() -> bool:
            self.get(name)
            return self.told()[-1]["kind"] == "warm"

        wait_until(is_warm, "warm")

    def told(self) -> list[dict[str, Any]]:
        """What the access log has of the requests that have ended, in that order."""
        wait_until(lambda: not self.gateway.requests, "told")
        lines = (self.folder / "access.log").read_text().splitlines()
        return [json.loads(line) for line in lines]

    @property
    def log(self) -> str:
        return (self.folder / "errors.log").read_text()


@contextmanager
def make_ground(
    folder: Path, python: Path, launcher: Path, bounds: Bounds | None = None
) -> Iterator[Ground]:
    for name in ("cgi", "home", "run"):
        (folder / name).mkdir(mode=0o700)
    own = {"HOME": str(folder / "home"), "XDG_RUNTIME_DIR": str(folder / "run"), "LANG": "C.UTF-8"}
    environment = choose_base({"PATH": os.environ["PATH"], **own}, {})
    bounds = bounds or Bounds()
    logs = Logs(str(folder / "access.log"), "json", str(folder / "errors.log"), None)
    journal = open_journal(logs, bounds)
    site, pool, starter = Site(str(folder / "cgi")), Pool(bounds), Starter(str(launcher))
    keeper = Keeper(starter, bounds) if bounds.reuse else None
    gateway = Gateway(site, keeper or starter, pool, journal, bounds, environment, Passage())
    with serve_wire(folder, gateway.serve, bounds) as wire:
        ground = Ground(folder, dict(environment), python, launcher, gateway, wire)
        yield ground
        for client in ground.clients:
            client.socket.close()
        if keeper is not None:
            wire.start(keeper.close).result(PATIENCE)
        stop_hosts(ground)
    assert wire.problems == []


def stop_hosts(ground: Ground) -> None:
    command = [ground.launcher, "hosts", "stop"]
    subprocess.run(command, env=ground.environment, check=False, capture_output=True)


def wait_until(is_so: Callable[[], object], what: str) -> None:
    """Raises AssertionError if something does not come to be."""
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, f"never {what}"
        time.sleep(0.02)
