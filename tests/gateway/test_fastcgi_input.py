"""Each row of what a front can do wrong has its answer over a real socket, and runs nothing."""

from __future__ import annotations

import queue
import struct
from typing import TYPE_CHECKING

import pytest

from gateway.wire import (
    ABORT,
    BEGIN,
    COMPLETE,
    END,
    GET_VALUES,
    GET_VALUES_RESULT,
    ORDINARY,
    PARAMS,
    PATIENCE,
    STDERR,
    STDIN,
    STDOUT,
    UNKNOWN_ROLE,
    UNKNOWN_TYPE,
    Answer,
    FastCGIClient,
    Wire,
    echo,
    fetch_fastcgi,
    pack,
    pack_begin,
    pack_pairs,
    pack_request,
    pack_stream,
    serve_wire,
)
from mainspring.gateway.bounds import Bounds

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainspring.gateway.exchange import Exchange

MOST_PARAMS = 10_000


class Watched:
    """Echoes, and notes which requests were served and which of them have lost their client."""

    def __init__(self) -> None:
        self.served: queue.Queue[dict[str, str]] = queue.Queue()
        self.gone: queue.Queue[str] = queue.Queue()

    async def serve(self, exchange: Exchange) -> None:
        self.served.put(dict(exchange.params))
        exchange.on_gone(lambda: self.gone.put("gone"))
        await echo(exchange)


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def wire(tmp_path: Path, watched: Watched) -> Iterator[Wire]:
    with serve_wire(tmp_path, watched.serve, Bounds(params=MOST_PARAMS)) as running:
        yield running


@pytest.fixture
def client(wire: Wire) -> Iterator[FastCGIClient]:
    with FastCGIClient(wire.fastcgi) as connected:
        yield connected


def assert_still_served(client: FastCGIClient, watched: Watched) -> None:
    """Nothing was served of what came before, and the same connection serves what comes now."""
    answer = client.fetch({**ORDINARY, "LAST": "1"}, b"last")
    assert (answer.status, answer.body, answer.protocol_status) == (200, b"last", COMPLETE)
    assert watched.served.get(timeout=PATIENCE)["LAST"] == "1"


@pytest.mark.parametrize("version", [0, 2, 255])
def test_another_version_closes_the_connection(
    wire: Wire, client: FastCGIClient, watched: Watched, version: int
) -> None:
    client.send(pack(BEGIN, 1, bytes(8), version=version) + pack_request(ORDINARY))
    assert client.is_closed()
    assert wire.connections.breaches == {"version": 1}
    assert watched.served.empty()
    assert fetch_fastcgi(wire.fastcgi).status == 200


@pytest.mark.parametrize("kind", [0, 8, 12, 77, 255])
def test_an_unknown_type_about_the_connection_is_unknown(
    client: FastCGIClient, watched: Watched, kind: int
) -> None:
    client.send(pack(kind, 0, b"whatever", padding=3))
    assert client.read_record() == (UNKNOWN_TYPE, 0, bytes([kind]) + bytes(7), 0)
    assert_still_served(client, watched)


@pytest.mark.parametrize("kind", [BEGIN, ABORT, PARAMS, STDIN])
def test_a_request_s_type_with_id_0_is_no_request(
    client: FastCGIClient, watched: Watched, kind: int
) -> None:
    client.send(pack(kind, 0, struct.pack(">HB5x", 1, 1)))
    assert client.read_record() == (UNKNOWN_TYPE, 0, bytes([kind]) + bytes(7), 0)
    assert_still_served(client, watched)


@pytest.mark.parametrize("kind", [0, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, 8, 11, 12, 255])
def test_a_record_for_an_unknown_request_is_ignored(
    client: FastCGIClient, watched: Watched, kind: int
) -> None:
    client.send(pack(kind, 7, b"whatever") + pack(kind, 65_535))
    assert_still_served(client, watched)


@pytest.mark.parametrize("kind", [0, END, STDOUT, STDERR, 8, 9, 11, 12, 255])
def test_a_type_that_no_front_sends_is_ignored_within_a_request(client: FastCGIClient, kind: int) -> None:
    odd = pack(kind, 1, b"whatever") + pack(kind, 1)
    client.send(odd.join((pack_begin(), pack_stream(PARAMS, 1, pack_pairs(ORDINARY)), pack(STDIN, 1, b"a"))))
    client.send(odd + pack(STDIN, 1))
    assert client.answer().body == b"a"


@pytest.mark.parametrize("sent", [b"", pack_stream(PARAMS, 1, pack_pairs(ORDINARY))])
def test_a_second_begin_for_a_live_request_closes_the_connection(
    wire: Wire, client: FastCGIClient, sent: bytes
) -> None:
    client.send(pack_begin(keep=True) + sent + pack_begin(keep=True))
    assert client.answer().app_status is None
    assert wire.connections.breaches == {"begin-twice": 1}


def test_a_second_begin_takes_away_the_client_of_the_first(client: FastCGIClient, watched: Watched) -> None:
    client.send(pack_begin() + pack_stream(PARAMS, 1, pack_pairs(ORDINARY)))
    assert client.read_record() is not None
    client.send(pack_begin())
    assert watched.gone.get(timeout=PATIENCE) == "gone"


@pytest.mark.parametrize("length", [0, 7, 9, 65_535])
def test_a_begin_of_another_length_closes_the_connection(
    wire: Wire, client: FastCGIClient, length: int
) -> None:
    client.send(pack(BEGIN, 1, bytes(length)))
    assert client.is_closed()
    assert wire.connections.breaches == {"begin-malformed": 1}


@pytest.mark.parametrize("role", [0, 2, 3, 4, 65_535])
def test_an_unknown_role_is_told_so(client: FastCGIClient, watched: Watched, role: int) -> None:
    client.send(pack_begin(keep=True, role=role))
    client.send(pack_stream(PARAMS, 1, pack_pairs(ORDINARY)) + pack(STDIN, 1))
    answer = client.answer()
    assert (answer.kinds, answer.app_status, answer.protocol_status) == ([END], 0, UNKNOWN_ROLE)
    assert_still_served(client, watched)


def test_an_unknown_role_ends_a_connection_that_is_not_to_be_kept(client: FastCGIClient) -> None:
    client.send(pack_begin(role=3))
    assert client.answer().protocol_status == UNKNOWN_ROLE
    assert client.is_closed()


def test_parameters_are_the_same_wherever_their_records_are_cut(
    client: FastCGIClient, watched: Watched
) -> None:
    params = {**ORDINARY, "LONG": "x" * 300, "N" * 200: "", "EMPTY": ""}
    block = pack_pairs(params)
    for size in (*range(1, 20), 127, 128, 129):
        client.send(pack_begin(keep=True) + pack_stream(PARAMS, 1, block, size) + pack(STDIN, 1))
        assert client.answer().status == 200
        assert watched.served.get(timeout=PATIENCE) == params


def assert_refused(client: FastCGIClient, watched: Watched, block: bytes, status: int = 400) -> None:
    client.send(pack_begin(keep=True) + pack_stream(PARAMS, 1, block) + pack(STDIN, 1))
    answer = client.answer()
    assert (answer.status, answer.app_status, answer.protocol_status) == (status, 1, COMPLETE)
    assert_still_served(client, watched)


@pytest.mark.parametrize("length", [2**31 - 1, 2**31 - 2, 2**31 - 16, 2**30, 128])
@pytest.mark.parametrize("place", [0, 1])
def test_a_length_beyond_the_parameters_is_refused(
    client: FastCGIClient, watched: Watched, length: int, place: int
) -> None:
    lengths = [b"\1", b"\1"]
    lengths[place] = struct.pack(">I", length | 1 << 31)
    assert_refused(client, watched, pack_pairs(ORDINARY) + b"".join(lengths) + b"AB")


@pytest.mark.parametrize("cut", range(1, 13))
def test_parameters_that_are_cut_off_are_refused(
    client: FastCGIClient, watched: Watched, cut: int
) -> None:
    assert_refused(client, watched, pack_pairs({b"NAME": b"v" * 130})[:-cut])
    assert_refused(client, watched, pack_pairs({b"NAME": b"v" * 130})[:cut])


@pytest.mark.parametrize("name", [b"", b"=", b"A=B", b"\0", b"A\0B", b"A\0"])
def test_a_name_that_cannot_stand_in_an_environment_is_refused(
    client: FastCGIClient, watched: Watched, name: bytes
) -> None:
    assert_refused(client, watched, pack_pairs({name: b"value"}))


@pytest.mark.parametrize("value", [b"\0", b"a\0", b"\0b"])
def test_a_value_with_nul_is_refused(client: FastCGIClient, watched: Watched, value: bytes) -> None:
    assert_refused(client, watched, pack_pairs({b"NAME": value}))


@pytest.mark.parametrize(
    "length", ["-1", "+1", " 1", "1 ", "0x10", "1e3", "1,1", "1_0", "1\n", "٣", "9" * 19, "9" * 5000]
)
def test_a_content_length_that_is_no_number_is_refused(
    wire: Wire, client: FastCGIClient, watched: Watched, length: str
) -> None:
    assert_refused(client, watched, pack_pairs({**ORDINARY, "CONTENT_LENGTH": length}))
    assert wire.connections.breaches == {"content-length": 1}


def test_an_empty_content_length_says_nothing(client: FastCGIClient) -> None:
    assert client.fetch({**ORDINARY, "CONTENT_LENGTH": ""}).status == 200


def test_too_many_parameters_are_refused_before_they_end_and_dropped(
    wire: Wire, client: FastCGIClient, watched: Watched
) -> None:
    client.send(pack_begin(keep=True) + pack(PARAMS, 1, pack_pairs({b"X": bytes(MOST_PARAMS - 6)})))
    client.send(pack(PARAMS, 1, b"\1"))
    answer = client.answer()
    assert (answer.status, answer.app_status) == (431, 1)
    for _ in range(100):
        client.send(pack(PARAMS, 1, bytes(65_535)))
    assert_still_served(client, watched)
    assert wire.connections.breaches == {"params-too-big": 1}


def test_parameters_up_to_their_bound_are_served(client: FastCGIClient) -> None:
    assert client.fetch({"X": "x" * (MOST_PARAMS - 6)}).status == 200


def test_a_refusal_ends_a_connection_that_is_not_to_be_kept(client: FastCGIClient) -> None:
    client.send(pack_begin() + pack(PARAMS, 1, bytes(MOST_PARAMS + 1)))
    assert client.answer().status == 431
    assert client.is_closed()


def test_a_body_before_the_end_of_the_parameters_is_refused(
    client: FastCGIClient, watched: Watched
) -> None:
    client.send(pack_begin(keep=True) + pack(PARAMS, 1, pack_pairs(ORDINARY)) + pack(STDIN, 1, b"early"))
    assert client.answer().status == 400
    assert_still_served(client, watched)


def test_parameters_after_their_end_are_dropped(client: FastCGIClient, watched: Watched) -> None:
    client.send(pack_begin(keep=True) + pack_stream(PARAMS, 1, pack_pairs({"LAST": "1"})))
    client.send(pack_stream(PARAMS, 1, pack_pairs({"LAST": "2"})) + pack_stream(STDIN, 1, b"body"))
    assert client.answer().body == b"body"
    assert watched.served.get(timeout=PATIENCE) == {"LAST": "1"}


@pytest.mark.parametrize(("name", "value"), [("X", "2"), ("HTTP_X", "1, 2"), ("HTTP_COOKIE", "1; 2")])
def test_of_a_name_that_comes_twice_the_last_holds_or_headers_are_one_list(
    client: FastCGIClient, watched: Watched, name: str, value: str
) -> None:
    block = pack_pairs({name: "1"}) + pack_pairs({name: "2"})
    client.send(pack_begin() + pack_stream(PARAMS, 1, block) + pack(STDIN, 1))
    assert client.answer().status == 200
    assert watched.served.get(timeout=PATIENCE) == {name: value}


def send_body(client: FastCGIClient, length: int, *parts: bytes) -> Answer:
    client.send(pack_begin(keep=True))
    client.send(pack_stream(PARAMS, 1, pack_pairs({**ORDINARY, "CONTENT_LENGTH": str(length)})))
    for part in parts:
        client.send(pack(STDIN, 1, part))
    return client.answer()


@pytest.mark.parametrize(
    "parts", [(b"123456789",), (b"1234", b"56789", b""), (b"12345", b"6", b""), (b"12345", b"", b"6", b"")]
)
def test_a_body_longer_than_announced_is_dropped_beyond_that(
    client: FastCGIClient, watched: Watched, parts: tuple[bytes, ...]
) -> None:
    answer = send_body(client, 5, *parts)
    assert (answer.body, answer.app_status) == (b"12345", 0)
    watched.served.get(timeout=PATIENCE)
    assert_still_served(client, watched)


def test_no_body_was_announced_and_one_comes(client: FastCGIClient) -> None:
    assert send_body(client, 0, b"12345", b"").body == b""


def test_a_body_shorter_than_announced_cannot_be_answered_in_full(client: FastCGIClient) -> None:
    # what serves it has begun to answer when it finds that the client has broken its word
    answer = send_body(client, 5, b"1234", b"")
    assert (answer.body, answer.app_status) == (b"1234", None)


def test_a_body_shorter_than_announced_is_400_as_long_as_nothing_was_answered(tmp_path: Path) -> None:
    async def serve(exchange: Exchange) -> None:
        while await exchange.read():
            pass

    with serve_wire(tmp_path, serve) as wire, FastCGIClient(wire.fastcgi) as client:
        answer = send_body(client, 5, b"1234", b"")
    assert (answer.status, answer.app_status) == (400, 1)


PHASES = {
    "begun": b"",
    "in the middle of the parameters": pack(PARAMS, 1, pack_pairs(ORDINARY)[:20]),
    "asked": pack_stream(PARAMS, 1, pack_pairs(ORDINARY)),
    "in the middle of the body": pack_stream(PARAMS, 1, pack_pairs(ORDINARY)) + pack(STDIN, 1, b"part"),
}


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("keep", [True, False])
def test_a_request_can_be_aborted_at_each_phase(
    client: FastCGIClient, watched: Watched, phase: str, keep: bool
) -> None:
    client.send(pack_begin(keep=keep) + PHASES[phase])
    if PARAMS in PHASES[phase][-8:] or phase in {"asked", "in the middle of the body"}:
        watched.served.get(timeout=PATIENCE)
    client.send(pack(ABORT, 1))
    answer = client.answer()
    assert (answer.kinds[-1], answer.app_status, answer.protocol_status) == (END, 0, COMPLETE)
    if phase in {"asked", "in the middle of the body"}:
        assert watched.gone.get(timeout=PATIENCE) == "gone"
    if keep:
        assert_still_served(client, watched)
    else:
        assert client.is_closed()


def test_an_abort_after_the_end_is_ignored(client: FastCGIClient, watched: Watched) -> None:
    assert client.fetch().status == 200
    watched.served.get(timeout=PATIENCE)
    client.send(pack(ABORT, 1))
    assert_still_served(client, watched)


def test_an_aborted_id_can_be_used_again_at_once(client: FastCGIClient) -> None:
    client.send(pack_begin(keep=True) + pack_stream(PARAMS, 1, pack_pairs(ORDINARY)) + pack(ABORT, 1))
    client.send(pack_request(ORDINARY, b"again"))
    assert client.answer().app_status == 0
    assert client.answer().body == b"again"


def ask_values(client: FastCGIClient, *names: str) -> dict[str, str]:
    client.send(pack(GET_VALUES, 0, pack_pairs(dict.fromkeys(names, "")), padding=5))
    record = client.read_record()
    assert record is not None
    assert record[:2] == (GET_VALUES_RESULT, 0)
    found, at = {}, 0
    while at < len(record.content):
        name, value = record.content[at], record.content[at + 1]
        middle = at + 2 + name
        found[record.content[at + 2 : middle].decode()] = record.content[middle : middle + value].decode()
        at = middle + value
    return found


def test_a_fresh_connection_tells_its_values(client: FastCGIClient, watched: Watched) -> None:
    bounds = Bounds()
    assert ask_values(client, "FCGI_MAX_CONNS", "FCGI_MAX_REQS", "FCGI_MPXS_CONNS", "OTHER") == {
        "FCGI_MAX_CONNS": str(bounds.connections),
        "FCGI_MAX_REQS": str(bounds.children + bounds.queue),
        "FCGI_MPXS_CONNS": "1",
    }
    assert_still_served(client, watched)


def test_only_values_that_are_asked_for_are_told(client: FastCGIClient) -> None:
    assert ask_values(client, "FCGI_MPXS_CONNS") == {"FCGI_MPXS_CONNS": "1"}
    assert ask_values(client, "OTHER") == {}
    assert ask_values(client) == {}


def test_values_can_be_asked_for_in_the_middle_of_a_request(client: FastCGIClient) -> None:
    client.send(pack_begin(keep=True) + pack(PARAMS, 1, pack_pairs(ORDINARY)))
    assert ask_values(client, "FCGI_MPXS_CONNS") == {"FCGI_MPXS_CONNS": "1"}
    client.send(pack(PARAMS, 1) + pack(STDIN, 1))
    assert client.answer().app_status == 0


def test_names_of_values_that_are_cut_off_are_told_nothing(client: FastCGIClient, watched: Watched) -> None:
    client.send(pack(GET_VALUES, 0, b"\x0fFCGI_MPXS"))
    assert client.read_record() == (GET_VALUES_RESULT, 0, b"", 0)
    assert_still_served(client, watched)


@pytest.mark.parametrize("noise", [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\0" * 100, b"\xff" * 100])
def test_what_is_no_fastcgi_is_closed(wire: Wire, client: FastCGIClient, noise: bytes) -> None:
    client.send(noise)
    assert client.is_closed()
    assert fetch_fastcgi(wire.fastcgi).status == 200
