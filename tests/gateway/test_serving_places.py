"""So many scripts run at once, so many requests wait, and all others are refused; nobody is forgotten."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.ground import PLAIN, wait_until
from gateway.wire import OVERLOADED
from mainspring.gateway.bounds import Bounds

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ground import Ground
    from gateway.wire import FastCGIClient

#: goes on when it is told to
WAITS = PLAIN + "import os\nwith open(os.environ['QUERY_STRING']) as file: print(file.read())\n"
#: so that nobody takes note of its end
STOPS_HOST = "import os, signal\nif os.environ['QUERY_STRING']: os.kill(os.getppid(), signal.SIGSTOP)\n"


def open_gate(gate: str) -> None:
    with open(gate, "w", encoding="ascii") as file:
        file.write("on")


def ask_all(ground: Ground, number: int) -> tuple[list[FastCGIClient], list[str]]:
    """As many clients that wait for their scripts, the first ones running, the others in line."""
    gates = [str(ground.make_gate(f"gate-{one}")) for one in range(number)]
    return [ground.ask("a.py", QUERY_STRING=gate) for gate in gates], gates


def test_beyond_the_places_requests_wait_and_beyond_the_queue_they_are_refused(
    lay_out: Callable[[Bounds], Ground],
) -> None:
    ground = lay_out(Bounds(children=2, queue=3))
    ground.write("a.py", WAITS)
    clients, gates = ask_all(ground, 5)
    wait_until(lambda: ground.gateway.pool.waiting == 3, "full")
    refused = ground.get("a.py")
    assert (refused.status, refused.protocol_status) == (503, OVERLOADED)
    for client, gate in zip(clients, gates, strict=True):
        open_gate(gate)
        assert client.answer().body == b"on\n"
    wait_until(lambda: not ground.gateway.pool.running, "free")
    assert ground.gateway.pool.waiting == 0


def test_a_request_that_has_waited_too_long_is_refused(lay_out: Callable[[Bounds], Ground]) -> None:
    ground = lay_out(Bounds(children=1, queue_seconds=0.3))
    ground.write("a.py", WAITS)
    [client], [gate] = ask_all(ground, 1)
    wait_until(lambda: ground.gateway.pool.running, "running")
    assert ground.get("a.py").status == 503
    open_gate(gate)
    assert client.answer().body == b"on\n"
    assert ground.told()[0]["reason"] == "queue-timeout"


def test_who_leaves_the_queue_leaves_its_place_to_the_next(lay_out: Callable[[Bounds], Ground]) -> None:
    ground = lay_out(Bounds(children=1))
    ground.write("a.py", WAITS)
    (first, leaving, last), gates = ask_all(ground, 3)
    wait_until(lambda: ground.gateway.pool.waiting == 2, "waiting")
    leaving.socket.close()
    wait_until(lambda: ground.gateway.pool.waiting == 1, "one fewer")
    for client, gate in ((first, gates[0]), (last, gates[2])):
        open_gate(gate)
        assert client.answer().body == b"on\n"
    wait_until(lambda: not ground.gateway.pool.running, "free")


def test_a_script_that_stops_its_host_gives_its_place_back(lay_out: Callable[[Bounds], Ground]) -> None:
    ground = lay_out(Bounds(children=1, seconds=1, grace=0.1))
    ground.write("a.py", PLAIN + STOPS_HOST)
    ground.warm_up("a.py")
    ground.get("a.py", QUERY_STRING="stop")
    wait_until(lambda: not ground.gateway.pool.running, "free")
    assert ground.get("a.py").status == 200
