"""What clients do wrong stands in the error log, and no client can fill it with that."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from mainspring.gateway.breaches import BREACHES

from .hosting import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from .service import Scene

TIMES = 25


def say(path: Path, junk: bytes) -> bytes:
    """All that is answered to *junk*."""
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(path))
        client.sendall(junk)
        return b"".join(iter(lambda: client.recv(4096), b""))


def test_a_breach_is_logged_the_first_and_the_tenth_time(scene: Scene) -> None:
    scgi = scene.folder / "scgi"
    with scene.serve("--scgi", f"unix:{scgi}", "--error-log", scene.folder / "errors") as service:
        for _ in range(TIMES):
            assert say(scgi, b"no netstring").startswith(b"Status: 400 ")
        service.signal(15)
        assert service.wait() == 0
    lines = (scene.folder / "errors").read_text().splitlines()
    told = f"[-] -: netstring: {BREACHES['netstring'].meaning}"
    assert [line.partition("] ")[2] for line in lines] == [told, f"{told} (10 times by now)"]


def test_a_connection_that_is_left_idle_is_no_news(scene: Scene) -> None:
    scgi, log = scene.folder / "scgi", scene.folder / "errors"
    bounds = ("--idle-timeout", "0.05", "--silence-timeout", "0.05")
    with scene.serve("--scgi", f"unix:{scgi}", "--error-log", log, *bounds):
        assert say(scgi, b"") == b""
        assert say(scgi, b"1") == b""
        wait_until(lambda: bool(log.read_text()), "a line of the silent one")
    assert [" silent: " in line for line in log.read_text().splitlines()] == [True]
