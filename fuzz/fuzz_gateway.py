"""Mutates what fronts send, and holds that FastCGI and SCGI are read the same wherever they are split.

    python fuzz/fuzz_gateway.py [--runs N] [--seed N]

Whatever a receiver makes of a stream: no exception, the same events from the whole as from its parts, a
body only for what was asked and no longer than was announced, parameters that can stand in an environment
and are what was packed, and no more held than the bounds allow.  One in four is followed
by a stream of SCGI and by parameters alone.  The same seed gives the same mutations.
"""

from __future__ import annotations

import struct
import sys
from functools import partial
from typing import TYPE_CHECKING

from campaign import Broken, conduct, make_parser
from mutations import cut, cut_out, flip_bit, insert, mutate, repeat_part, set_byte, set_number, splice

from mainspring.gateway import fastcgi_records as fcgi
from mainspring.gateway import fastcgi_requests as requests
from mainspring.gateway import scgi_requests as scgi
from mainspring.gateway.breaches import Breach

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

    from mutations import Mutation

MOST_PARAMS, MOST_REQUESTS = 2000, 3
BY_SCGI = 4  # one of so many
TIMES = (0, 1, 1, 2, 3, 5)
LONGEST_RECORD = fcgi.HEAD.size + fcgi.MAX_CONTENT + 255
LONG_FORM = b"\x80\0\0"  # of a length that one byte could have said
NAMES = ("REQUEST_METHOD", "HTTP_COOKIE", "X", "N" * 200)


def pack_request(
    request: int, body: bytes, length: int | None, *, begin: tuple[int, int] = (1, 1), size: int = 50
) -> bytes:
    params = {"CONTENT_LENGTH": "" if length is None else str(length)} | dict.fromkeys(NAMES, "value")
    block = fcgi.pack_pairs(params)
    records = [(fcgi.PARAMS, block[at : at + size]) for at in range(0, len(block), size)]
    records += [(fcgi.PARAMS, b""), (fcgi.STDIN, body), (fcgi.STDIN, b"")]
    packed = b"".join(fcgi.pack_record(kind, request, content) for kind, content in records)
    return fcgi.pack_record(fcgi.BEGIN_REQUEST, request, fcgi.BEGIN.pack(*begin)) + packed


def pack_scgi(body: bytes, length: int, **more: str) -> bytes:
    headers = {"CONTENT_LENGTH": str(length), "SCGI": "1", **dict.fromkeys(NAMES, "value"), **more}
    block = "".join(f"{name}\0{value}\0" for name, value in headers.items()).encode()
    return b"%d:%s,%s" % (len(block), block, body)


GET_VALUES = fcgi.pack_record(fcgi.GET_VALUES, 0, fcgi.pack_pairs({"FCGI_MPXS_CONNS": ""}))
FASTCGI_SEEDS = [
    pack_request(1, b"", None),
    pack_request(1, b"body", 4) + pack_request(1, b"shorter", 100, begin=(1, 0)),
    pack_request(1, b"longer", 3) + pack_request(2, b"some", None, size=7),
    GET_VALUES + pack_request(3, b"body", 4)[:150] + pack_request(4, b"body", 4),
    pack_request(1, b"body", 4)[:-16] + fcgi.pack_record(fcgi.ABORT_REQUEST, 1, b"") + GET_VALUES,
    b"".join(pack_request(request, b"body", None)[:180] for request in range(1, 6)),
    pack_request(1, b"", None, begin=(2, 1)) + fcgi.pack_record(fcgi.PARAMS, 9, b"nobody's"),
]
SCGI_SEEDS = [
    pack_scgi(b"", 0),
    pack_scgi(b"body", 4),
    pack_scgi(b"longer", 3),
    pack_scgi(b"s", 9, A="b"),
]


def set_kind(chance: random.Random, content: bytearray) -> None:
    """Change the type or the request of what may be a record."""
    at = chance.randrange(0, len(content), 8)
    content[at : at + 4] = struct.pack("!BBH", 1, chance.randrange(13), chance.randrange(5))


MUTATIONS: tuple[Mutation, ...] = (
    flip_bit, set_number, cut, cut_out, insert, repeat_part, set_kind,
    partial(set_byte, to=b"\0\1\x7f\x80\xff0129:,=-"), partial(splice, others=FASTCGI_SEEDS + SCGI_SEEDS),
)  # fmt: skip


def split(chance: random.Random, stream: bytes) -> list[bytes]:
    if not chance.randrange(50):
        return [bytes((byte,)) for byte in stream]
    cuts = sorted(chance.randrange(len(stream) + 1) for _ in range(chance.randrange(1, 6)))
    return [stream[at:end] for at, end in zip([0, *cuts], [*cuts, len(stream)], strict=True)]


def check_params(params: dict[str, str]) -> None:
    """Raises Broken."""
    for name, value in params.items():
        if not name or "=" in name or "\0" in name + value:
            raise Broken(f"a parameter that no environment can have: {name!r}={value!r}")
        name.encode("utf-8", "surrogateescape")
        value.encode("utf-8", "surrogateescape")


def check_fastcgi(events: Iterable[requests.Event]) -> None:
    """Raises Broken."""
    left: dict[int, float] = {}
    for event in events:
        match event:
            case requests.Asked(request, params):
                if request in left or not request:
                    raise Broken(f"request {request} was asked for twice, or is none")
                check_params(params)
                left[request] = int(params.get("CONTENT_LENGTH") or -1)
                left[request] = float("inf") if left[request] < 0 else left[request]
            case requests.Body(request, content):
                left[request] -= len(content)
                if left[request] < 0:
                    raise Broken(f"request {request} has more of a body than was announced")
            case requests.Short(request) if not left[request]:
                raise Broken(f"request {request} is short of nothing")
            case requests.Ended(request) | requests.Refused(request):
                left.pop(request, None)


def read_fastcgi(parts: Iterable[bytes]) -> list[requests.Event]:
    """Raises Broken."""
    receiver = requests.Receiver(MOST_PARAMS, MOST_REQUESTS, 10)
    events: list[requests.Event] = []
    for part in parts:
        events += receiver.feed(part)
        if receiver.held() > MOST_REQUESTS * MOST_PARAMS + LONGEST_RECORD:
            raise Broken(f"{receiver.held()} bytes are held")
    return events


def read_scgi(parts: Iterable[bytes]) -> tuple[dict[str, str] | str | None, bytes, bool]:
    """The parameters or the refusal, the body, and whether that is complete.  Raises Broken."""
    receiver, found, body, complete = scgi.Receiver(MOST_PARAMS), None, b"", False
    for part in parts:
        for event in receiver.feed(part):
            match event:
                case scgi.Body(content):
                    complete |= not content
                    body += content
                case scgi.Asked(params) if found is None:
                    found = params
                case scgi.Refused(word) if found is None:
                    found = word
                case _:
                    raise Broken(f"a second request, or a refusal of it: {event}")
        if receiver.held() > MOST_PARAMS + scgi.MOST_LENGTH + len(part):
            raise Broken(f"{receiver.held()} bytes are held")
    return found, body, complete


def check_scgi(found: dict[str, str] | str | None, body: bytes, complete: bool) -> None:
    """Raises Broken."""
    if isinstance(found, dict):
        check_params(found)
        length = int(found["CONTENT_LENGTH"])
        if len(body) > length or complete != (len(body) == length):
            raise Broken(f"{len(body)} bytes of a body of {length}, complete: {complete}")
    elif body or complete:
        raise Broken("a body of no request")


def try_fastcgi(chance: random.Random) -> bool:
    """Whether anything was asked for.  Raises Broken."""
    stream = mutate(chance, chance.choice(FASTCGI_SEEDS), MUTATIONS, TIMES)
    events = read_fastcgi([stream])
    check_fastcgi(events)
    if read_fastcgi(split(chance, stream)) != events:
        raise Broken("read otherwise in parts")
    return any(isinstance(event, requests.Asked) for event in events)


def try_scgi(chance: random.Random) -> bool:
    """Whether a request was asked for.  Raises Broken."""
    stream = mutate(chance, chance.choice(SCGI_SEEDS), MUTATIONS, TIMES)
    request = read_scgi([stream])
    check_scgi(*request)
    if read_scgi(split(chance, stream)) != request:
        raise Broken("read otherwise in parts")
    return isinstance(request[0], dict)


def try_pairs(chance: random.Random) -> None:
    """Raises Broken."""
    values = ("", "value", "ü", "v" * 127, "v" * 128, "v" * 300)
    block = mutate(
        chance, fcgi.pack_pairs({name: chance.choice(values) for name in NAMES}), MUTATIONS, TIMES
    )
    try:
        pairs = list(fcgi.unpack_pairs(block))
    except Breach:
        return
    again = b"".join(fcgi.pack_pairs({name: value}) for name, value in pairs)
    if again != block and LONG_FORM not in block:
        raise Broken(f"{block!r} is read as {pairs!r}")


def attempt(chance: random.Random, run: int) -> int:
    """How many streams asked for something.  Raises Broken."""
    asked = try_fastcgi(chance)
    if run % BY_SCGI:
        return asked
    try_pairs(chance)
    return asked + try_scgi(chance)


def describe(asked: int) -> str:
    return f"one in {BY_SCGI} with one of SCGI; {asked} asked for something, all as allowed"


if __name__ == "__main__":
    sys.exit(conduct(attempt, make_parser(__doc__).parse_args(), "streams", describe))
