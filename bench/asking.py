"""Asks servers over unix sockets, a connection for each request, by several clients at once."""

import os
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

BEGIN, PARAMS, STDIN = 1, 4, 5
FIRST = 0.2  # of a round, in which clients come up and nothing is counted


class WrongAnswerError(Exception):
    """A server did not answer as it was to."""


def pack(kind: int, content: bytes) -> bytes:
    """A record of FastCGI."""
    return struct.pack(">BBHHBB", 1, kind, 1, len(content), 0, 0) + content


def make_fastcgi_request(script: Path, **more: str) -> bytes:
    """A GET, as a front sends it that asks for the connection to be closed."""
    params = {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "QUERY_STRING": "",
        "REMOTE_ADDR": "127.0.0.1",
        "REQUEST_METHOD": "GET",
        "SCRIPT_FILENAME": str(script),
        "SCRIPT_NAME": f"/{script.name}",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "HTTP_HOST": "localhost",
        "HTTP_USER_AGENT": "bench",
        "HTTP_ACCEPT": "*/*",
        **more,
    }
    pairs = b"".join(
        struct.pack(">BI", len(name), len(value) | 1 << 31) + name.encode() + value.encode()
        for name, value in params.items()
    )
    begin = struct.pack(">HB5x", 1, 0)
    return pack(BEGIN, begin) + pack(PARAMS, pairs) + pack(PARAMS, b"") + pack(STDIN, b"")


HTTP_REQUEST = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUser-Agent: bench\r\nAccept: */*\r\nConnection: close\r\n\r\n"
)


@dataclass(frozen=True)
class Door:
    """Where a server is asked for one page, and what has to be in the answer."""

    path: Path
    request: bytes
    expected: bytes = b"hello"

    def ask(self) -> None:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.fspath(self.path))
            client.sendall(self.request)
            answer = bytearray()
            while part := client.recv(1 << 16):
                answer += part
        if self.expected not in answer:
            raise WrongAnswerError(self.path, bytes(answer))

    def download(self) -> int:
        """How many bytes an answer has, which is not kept."""
        size = 0
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(os.fspath(self.path))
            client.sendall(self.request)
            while part := client.recv(1 << 20):
                size += len(part)
        return size


def ask_bare(path: Path) -> None:
    """Have the bare fork server write a page into a pipe, and read it to its end."""
    reading, writing = os.pipe()
    with socket.socket(socket.AF_UNIX) as client, open(reading, "rb") as page:
        client.connect(os.fspath(path))
        socket.send_fds(client, [b"go"], [writing, writing, writing])
        os.close(writing)
        if b"hello" not in page.read():
            raise WrongAnswerError(path)


def time_once(ask: Callable[[], None]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    ask()
    return (time.perf_counter() - began) * 1000


def count_per_second(ask: Callable[[], None], clients: int, seconds: float) -> float:
    """How many requests a second are answered, each client asking again once it has its answer."""
    began = time.perf_counter()
    starts_at, ends_at = began + FIRST * seconds, began + (1 + FIRST) * seconds
    counts: list[int] = []

    def go_on() -> None:
        count = 0
        while (now := time.perf_counter()) < ends_at:
            ask()
            count += now >= starts_at
        counts.append(count)

    threads = [threading.Thread(target=go_on) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) != clients:
        raise WrongAnswerError("a client has failed")
    return sum(counts) / (time.perf_counter() - starts_at)
