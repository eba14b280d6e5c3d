"""What tests of logs and status share: requests that have been served, and lines read back."""

from __future__ import annotations

import asyncio
import re
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

from hypothesis import strategies as st
from security.people import need_root

from mainspring.gateway.logfile import LogFile
from mainspring.gateway.served import Served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

PARAMS = {
    "REMOTE_ADDR": "192.0.2.7",
    "REMOTE_USER": "",
    "REQUEST_METHOD": "GET",
    "REQUEST_URI": "/cgi/hello.py/more?name=x",
    "SCRIPT_NAME": "/cgi/hello.py",
    "PATH_INFO": "/more",
    "QUERY_STRING": "name=x",
    "SERVER_PROTOCOL": "HTTP/1.1",
    "HTTP_HOST": "example.org",
    "HTTP_REFERER": "https://example.org/start",
    "HTTP_USER_AGENT": "curl/8",
}
#: what a client can send, as a front hands it on
SAID = st.binary(max_size=60).map(lambda data: data.decode("utf-8", "surrogateescape"))
SAID_OR_NOT = st.none() | SAID


def make_served(**changes: object) -> Served:
    """A request that was served with 200."""
    fields: dict[str, object] = {
        "identity": "a1b2c3-1",
        "protocol": "fastcgi",
        "params": PARAMS,
        "began": 1_700_000_000.25,
        "clock": time.monotonic(),
        "script": "/srv/cgi/hello.py",
        "process": 4321,
        "kind": "warm",
        "seconds": 0.0125,
        "sent": 12,
        "status": 200,
        "exit_status": 0,
    }
    return Served(**{**fields, **changes})  # type: ignore[arg-type]


async def until(condition: Callable[[], bool]) -> None:
    """Wait for *condition*, a minute at most."""
    async with asyncio.timeout(60):
        for _ in iter(condition, True):
            await asyncio.sleep(0.001)


class Gauges:
    """A pool at rest."""

    def __init__(self) -> None:
        self.running, self.limit, self.waiting, self.queue, self.kept = 1, 8, 2, 128, 3
        self.ending = False


class AccessLine(NamedTuple):
    """A line of the combined format, read back; None for `-`."""

    client: str | None
    user: str | None
    time: str
    method: str | None
    target: str | None
    protocol: str | None
    status: int
    sent: int
    referer: str | None
    agent: str | None


ACCESS_LINE = re.compile(
    r"(?P<client>\S+) - (?P<user>\S+) \[(?P<time>[^]]+)\] "
    r'"(?P<method>(?:[^\s"\\]|\\.)+) (?P<target>(?:[^\s"\\]|\\.)+) (?P<protocol>(?:[^\s"\\]|\\.)+)" '
    r'(?P<status>\d{3}) (?P<sent>\d+|-) "(?P<referer>(?:[^"\\]|\\.)*)" "(?P<agent>(?:[^"\\]|\\.)*)"\n'
)
ESCAPE = re.compile(r"\\(?:x([0-9a-f]{2})|(.))")
SHORT = {"b": 8, "n": 10, "r": 13, "t": 9, "v": 11, '"': 34, "\\": 92}


def parse_access_line(line: str) -> AccessLine:
    found = ACCESS_LINE.fullmatch(line)
    assert found is not None, line
    texts = {name: unescape(text) for name, text in found.groupdict().items()}
    sent = 0 if found["sent"] == "-" else int(found["sent"])
    return AccessLine(**{**texts, "status": int(found["status"]), "sent": sent})  # type: ignore[arg-type]


def unescape(text: str) -> str | None:
    if text == "-":
        return None
    data = bytearray()
    end = 0
    for found in ESCAPE.finditer(text):
        data += text[end : found.start()].encode("ascii")
        data.append(int(found[1], 16) if found[1] else SHORT[found[2]])
        end = found.end()
    return bytes(data + text[end:].encode("ascii")).decode("utf-8", "surrogateescape")


@contextmanager
def mounted_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of *size* of its own."""
    need_root()
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "mainspring-test", str(folder)]
    subprocess.run(mount, check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


#: of a log that is no access log
LINE = b"x" * 99 + b"\n"


def open_log(path: Path | str, complaints: list[str] | None = None) -> LogFile:
    said = [] if complaints is None else complaints
    return LogFile("access log", str(path), 1, said.append)


def is_whole(content: bytes) -> bool:
    return content == LINE * (len(content) // len(LINE))
