"""Records to events: what a front asks for on one connection, many requests at once if it likes.

Nothing here reads or writes.  A request is live from its BEGIN_REQUEST until `finish`, or until an
event that ends it (Ended, Refused).

| what comes | the answer |
|---|---|
| another version; a BEGIN_REQUEST of another length, or for a live id | Broken: the connection closes |
| another role than responder | Ended, UNKNOWN_ROLE |
| more requests at once than are allowed | Ended, OVERLOADED |
| ABORT_REQUEST | Ended, REQUEST_COMPLETE |
| GET_VALUES | Answer: those of the three values that were asked for |
| any other type with id 0 | Answer: UNKNOWN_TYPE |
| any other record for an id that is not live; a type that no front sends | ignored |
| PARAMS beyond their bound | Refused, 431, as soon as they are |
| PARAMS cut off; a name with `=` or NUL; CONTENT_LENGTH no number | Refused, 400, at their end |
| STDIN before the end of PARAMS | Refused, 400 |
| STDIN beyond CONTENT_LENGTH | dropped |
| STDIN that ends before CONTENT_LENGTH | Short |
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mainspring.gateway import fastcgi_records as fcgi
from mainspring.gateway.breaches import Breach
from mainspring.gateway.params import check_params, join_value, read_content_length

if TYPE_CHECKING:
    from mainspring.gateway.breaches import Word


class Asked(NamedTuple):
    """A request whose parameters are complete."""

    request: int
    params: dict[str, str]
    keep: bool


class Body(NamedTuple):
    """A part of a request's body; nothing at its end."""

    request: int
    content: bytes


class Short(NamedTuple):
    """A body that has ended before its CONTENT_LENGTH."""

    request: int


class Ended(NamedTuple):
    """A request is to be answered with END_REQUEST alone, whatever has become of it."""

    request: int
    status: int  # of the protocol
    keep: bool
    word: Word | None


class Refused(NamedTuple):
    """A request is to be answered with the status of a breach; it was never asked."""

    request: int
    word: Word
    keep: bool


class Answer(NamedTuple):
    """A record about the connection is to be sent."""

    content: bytes


class Broken(NamedTuple):
    """The connection is to be closed; nothing more comes of it."""

    word: Word


Event = Asked | Body | Short | Ended | Refused | Answer | Broken


class _Request:
    """What is known of a live one."""

    __slots__ = ("ended", "keep", "left", "params")

    def __init__(self, keep: bool) -> None:
        self.keep = keep
        self.params: bytearray | None = bytearray()  # None once they are complete
        self.left: int | None = None  # of the body; None if nothing says how long it is
        self.ended = False  # STDIN, by its empty record


class Receiver:
    """The front's side of one connection."""

    def __init__(self, most_params: int, most_requests: int, most_connections: int) -> None:
        self._records = fcgi.RecordReader()
        self._live: dict[int, _Request] = {}
        self._collected = 0  # bytes of parameters that are not complete
        self._most_params, self._most_requests = most_params, most_requests
        self._values = {
            "FCGI_MAX_CONNS": str(most_connections),
            "FCGI_MAX_REQS": str(most_requests),
            "FCGI_MPXS_CONNS": "1",
        }
        self._broken = False

    def feed(self, data: bytes) -> list[Event]:
        events: list[Event] = []
        if self._broken:
            return events
        try:
            for record in self._records.feed(data):
                self._take(record, events)
        except Breach as breach:
            self._broken = True
            events.append(Broken(breach.word))
        return events

    def finish(self, request: int) -> bool:
        """Forget a request that was answered; whether all that belongs to it has been received."""
        known = self._live.pop(request, None)
        return known is None or known.ended

    def count(self) -> int:
        return len(self._live)

    def halfway(self) -> bool:
        """Whether a record has begun and is not complete."""
        return self._records.is_halfway()

    def held(self) -> int:
        """How many bytes are kept for what has not come completely."""
        return self._records.held() + self._collected

    def shed(self) -> list[Event]:
        """Forget these bytes, and the requests that they belong to."""
        events: list[Event] = []
        cut = self._records.drop()
        for request, known in list(self._live.items()):
            if known.params is not None:
                self._refuse(request, known, "unfinished", events)
            elif request == cut:
                del self._live[request]
                events.append(Ended(request, fcgi.OVERLOADED, known.keep, "unfinished"))
        return events

    def _take(self, record: fcgi.Record, events: list[Event]) -> None:
        kind, request, content = record
        if request == 0:
            events.append(self._manage(kind, content))
        elif kind == fcgi.BEGIN_REQUEST:
            self._begin(request, content, events)
        elif (known := self._live.get(request)) is None:
            return
        elif kind == fcgi.PARAMS:
            self._params(request, known, content, events)
        elif kind == fcgi.STDIN:
            self._stdin(request, known, content, events)
        elif kind == fcgi.ABORT_REQUEST:
            self._forget(request, known)
            events.append(Ended(request, fcgi.REQUEST_COMPLETE, known.keep, None))

    def _manage(self, kind: int, content: bytes) -> Answer:
        if kind != fcgi.GET_VALUES:
            return Answer(fcgi.pack_unknown(kind))
        try:
            asked = dict(fcgi.unpack_pairs(content))
        except Breach:
            asked = {}
        values = {name: value for name, value in self._values.items() if name in asked}
        return Answer(fcgi.pack_record(fcgi.GET_VALUES_RESULT, 0, fcgi.pack_pairs(values)))

    def _begin(self, request: int, content: bytes, events: list[Event]) -> None:
        if len(content) != fcgi.BEGIN.size:
            raise Breach("begin-malformed")
        if request in self._live:
            raise Breach("begin-twice")
        role, flags = fcgi.BEGIN.unpack(content)
        keep = bool(flags & fcgi.KEEP_CONN)
        if role != fcgi.RESPONDER:
            events.append(Ended(request, fcgi.UNKNOWN_ROLE, keep, "unknown-role"))
        elif len(self._live) >= self._most_requests:
            events.append(Ended(request, fcgi.OVERLOADED, keep, "requests-at-once"))
        else:
            self._live[request] = _Request(keep)

    def _params(self, request: int, known: _Request, content: bytes, events: list[Event]) -> None:
        if known.params is None:
            return
        if len(known.params) + len(content) > self._most_params:
            self._refuse(request, known, "params-too-big", events)
        elif content:
            known.params += content
            self._collected += len(content)
        else:
            self._complete(request, known, bytes(known.params), events)

    def _complete(self, request: int, known: _Request, block: bytes, events: list[Event]) -> None:
        try:
            params = collect_params(block)
            known.left = read_content_length(params)
        except Breach as breach:
            self._refuse(request, known, breach.word, events)
            return
        self._collected -= len(block)
        known.params = None
        events.append(Asked(request, params, known.keep))
        if known.left == 0:
            events.append(Body(request, b""))

    def _refuse(self, request: int, known: _Request, word: Word, events: list[Event]) -> None:
        self._forget(request, known)
        events.append(Refused(request, word, known.keep))

    def _forget(self, request: int, known: _Request) -> None:
        del self._live[request]
        self._collected -= len(known.params or b"")

    def _stdin(self, request: int, known: _Request, content: bytes, events: list[Event]) -> None:
        if known.params is not None:
            self._refuse(request, known, "out-of-order", events)
        elif known.ended:
            return
        elif known.left is None:
            known.ended = not content
            events.append(Body(request, content))
        elif content:
            self._count(request, known, content[: known.left], events)
        else:
            known.ended = True
            if known.left:
                events.append(Short(request))

    def _count(self, request: int, known: _Request, content: bytes, events: list[Event]) -> None:
        """Deliver what CONTENT_LENGTH has announced."""
        if not content:
            return
        assert known.left is not None
        known.left -= len(content)
        events.append(Body(request, content))
        if not known.left:
            events.append(Body(request, b""))


def collect_params(block: bytes) -> dict[str, str]:
    """Raises Breach."""
    pairs = fcgi.unpack_pairs(block)
    params = dict(pairs)
    if len(params) < len(pairs):
        params = join_pairs(pairs)
    check_params(params)
    return params


def join_pairs(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Of names that come several times."""
    params: dict[str, str] = {}
    for name, value in pairs:
        params[name] = join_value(name, params[name], value) if name in params else value
    return params
