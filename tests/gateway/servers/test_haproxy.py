"""HAProxy has many requests at once share one connection, and each client gets its own answer."""

from __future__ import annotations

import os
from contextlib import ExitStack
from http.client import IncompleteRead
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .breaking import BROKEN, BROKEN_OF_LENGTH, assert_broken
from .client import Client
from .fronts import HAPROXY
from .served import Gateway, copy_scripts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

AT_ONCE = 12
CONNECTED = "03"


@pytest.fixture
def gateway(folder: Path, bare_python: Path, launcher: Path) -> Iterator[Gateway]:
    scripts = copy_scripts(folder / "cgi", bare_python)
    with Gateway(folder, scripts, "--children", str(AT_ONCE)).run(launcher) as gateway:
        yield gateway


@pytest.fixture
def client(gateway: Gateway) -> Iterator[Client]:
    with HAPROXY.run(gateway.folder, gateway.scripts, gateway.unix) as port:
        yield Client(port)


def count_connections(path: str) -> int:
    """Those that the gateway has accepted at *path*, as the kernel tells."""
    rows = [line.split() for line in Path("/proc/net/unix").read_text().splitlines()[1:]]
    return sum(row[5] == CONNECTED and row[7:] == [path] for row in rows)


def test_requests_at_once_share_a_connection_and_each_client_gets_its_own(
    client: Client, gateway: Gateway
) -> None:
    assert client.get("/cgi-bin/hello.py").body == b"hello\n"  # from now on it knows that it may
    pipes = [gateway.folder / f"pipe-{number}" for number in range(AT_ONCE)]
    with ExitStack() as stack:
        answers = [begin(client, pipe, stack) for pipe in pipes]
        assert count_connections(gateway.unix.removeprefix("unix:")) == 1
        lines = [stack.enter_context(pipe.open("w")) for pipe in pipes]
        for turn in range(3):
            for number, line in enumerate(lines):
                print(f"{turn} for {number}", file=line, flush=True)
            for number, answer in enumerate(answers):
                assert answer.readline() == f"data: {turn} for {number}\n".encode()
                assert answer.readline() == b"\n"
        for line, answer in zip(lines, answers, strict=True):
            line.close()
            assert answer.read() == b""


@pytest.mark.parametrize("query", [*BROKEN, *BROKEN_OF_LENGTH])
def test_an_answer_that_is_broken_off_looks_whole_no_more_than_those_beside_it(
    client: Client, gateway: Gateway, query: str
) -> None:
    assert client.get("/cgi-bin/hello.py").body == b"hello\n"
    pipe = gateway.folder / "pipe-beside"
    with ExitStack() as stack:
        beside = begin(client, pipe, stack)
        with pipe.open("w"):
            assert_broken(client, gateway.folder, query)
            with pytest.raises(IncompleteRead):
                beside.read()
    pipe.unlink()


def begin(client: Client, pipe: Path, stack: ExitStack) -> HTTPResponse:
    """An answer that has begun, and goes on with each line that is written to *pipe*."""
    os.mkfifo(pipe)
    connection = stack.enter_context(client.connect())
    connection.request("GET", f"/cgi-bin/lines.py?pipe={pipe}")
    answer = connection.getresponse()
    assert (answer.readline(), answer.readline()) == (b"data: ready\n", b"\n")
    return answer
