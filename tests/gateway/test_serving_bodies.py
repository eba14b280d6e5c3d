"""A request that waits for a place leaves its body with its client: no disk fills up with what waits."""

from __future__ import annotations

from http.client import HTTPResponse
from typing import TYPE_CHECKING

import pytest

from gateway.ground import PLAIN, wait_until
from gateway.wire import PARAMS, STDIN, FastCGIClient, pack, pack_begin, pack_pairs, pack_stream
from mainspring.gateway.bounds import Bounds

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from gateway.ground import Ground
    from gateway.service import Scene, Service

#: what is sent, and what of that a gateway and the kernel take, that leave it where it is
SIZE, FEW = 64 << 20, 4 << 20
STUCK_SECONDS = 0.5
COUNTS = PLAIN + "import os, sys\nprint(len(sys.stdin.buffer.read()), os.environ['CONTENT_LENGTH'])\n"
WAITS = PLAIN + "import os\nwith open(os.environ['QUERY_STRING']) as file: print(file.read())\n"
#: of HTTP -> what follows the head, and the head's word for it
LENGTHS = {
    "known": (bytes(SIZE), f"Content-Length: {SIZE}"),
    "unknown": (b"%x\r\n%b\r\n0\r\n\r\n" % (SIZE, bytes(SIZE)), "Transfer-Encoding: chunked"),
}


def send_until_stuck(connection: socket.socket, data: bytes) -> bytes:
    """Send what is taken; the rest of *data* is returned."""
    before = connection.gettimeout()
    connection.settimeout(STUCK_SECONDS)
    rest = memoryview(data)
    try:
        while rest:
            rest = rest[connection.send(rest[: 1 << 16]) :]
    except TimeoutError:
        pass
    connection.settimeout(before)
    return bytes(rest)


def occupy(service: Service, scene: Scene) -> Callable[[], object]:
    """Take the one place there is; returns what gives it back."""
    way = scene.make_way()
    service.ask("GET", f"/wait.py?{way}")  # its head comes from the script
    return lambda: way.write_text("go\n")


@pytest.mark.parametrize("length", LENGTHS)
def test_a_body_of_http_is_not_received_before_there_is_a_place(scene: Scene, length: str) -> None:
    scene.write("counts.py", COUNTS)
    body, word = LENGTHS[length]
    with scene.serve("--children", 1, "--queue-timeout", 60) as service:
        give_back = occupy(service, scene)
        connection = service.raw()
        connection.sendall(f"POST /counts.py HTTP/1.1\r\nHost: a\r\n{word}\r\n\r\n".encode())
        rest = send_until_stuck(connection, body)
        assert len(body) - len(rest) < FEW
        give_back()
        connection.sendall(rest)
        answer = HTTPResponse(connection)
        answer.begin()
        assert answer.read() == f"{SIZE} {SIZE}\n".encode()


def test_a_body_of_fastcgi_is_not_received_before_there_is_a_place(
    lay_out: Callable[[Bounds], Ground],
) -> None:
    """One of unknown length, which is to be complete before its script begins."""
    ground = lay_out(Bounds(children=1, queue_seconds=60))
    ground.write("waits.py", WAITS)
    ground.write("counts.py", COUNTS)
    gate = ground.make_gate("gate")
    first = ground.ask("waits.py", QUERY_STRING=str(gate))
    wait_until(lambda: ground.gateway.pool.running, "running")

    params = ground.name("counts.py", REQUEST_METHOD="POST")
    with FastCGIClient(ground.wire.fastcgi) as client:
        client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs(params)))
        rest = send_until_stuck(client.socket, pack_stream(STDIN, 1, bytes(SIZE)))
        assert SIZE - len(rest) < FEW
        gate.write_text("on")
        assert first.answer().body == b"on\n"
        client.send(rest)
        assert client.answer().body == f"{SIZE} {SIZE}\n".encode()


def test_a_body_of_unknown_length_has_so_much_time(lay_out: Callable[[Bounds], Ground]) -> None:
    """Its request has a place, which is another's then."""
    ground = lay_out(Bounds(children=1, seconds=0.3))
    ground.write("counts.py", COUNTS)
    params = ground.name("counts.py", REQUEST_METHOD="POST")
    with FastCGIClient(ground.wire.fastcgi) as client:
        client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs(params)) + pack(STDIN, 1, b"part"))
        assert client.answer().status == 504
    wait_until(lambda: not ground.gateway.pool.running, "free")
    assert ground.told()[-1]["reason"] == "timeout"
