"""A FastCGI connection: many requests at once, each an exchange and a task of its own.

The bytes are in `fastcgi_records.py`, what is asked in `fastcgi_requests.py`; here it is acted on.

| what happens | what is done |
|---|---|
| the script ends | STDOUT is ended; END_REQUEST with its exit status, 128+n for signal n |
| an answer cannot be completed | what is no record, and closed, whatever others there are |
| the gateway is full | the answer is 503, and END_REQUEST says OVERLOADED |
| all connections hold too much of incomplete requests | the same, for the oldest of these |
| KEEP_CONN was not asked for | closed when no request is left |
| ABORT_REQUEST | the exchange's client is gone; END_REQUEST at once |
| the connection is closed | the client of each exchange is gone |
| it is closed for sending alone | what was asked completely is answered; the client of all else is gone |
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from mainspring.gateway import fastcgi_records as fcgi
from mainspring.gateway.fastcgi_requests import (
    Answer,
    Asked,
    Body,
    Broken,
    Ended,
    Receiver,
    Refused,
    Short,
)
from mainspring.gateway.wire import WireConnection
from mainspring.gateway.wire_exchange import WireExchange, find_refusal, pack_refusal

if TYPE_CHECKING:
    from mainspring.gateway.bounds import Bounds
    from mainspring.gateway.connections import Connections, Standing
    from mainspring.gateway.fastcgi_requests import Event
    from mainspring.gateway.wire import Serve


#: nginx takes the end of a connection that is not to be kept for the end of the answer, but not this.
#: Nothing less tells HAProxy, which alone has several on a connection: an END_REQUEST makes the answer
#: look whole or, if its length is known, its client wait; a broken one ends HAProxy itself before 2.6.14
NO_RECORD = bytes(fcgi.HEAD.size)


class FastCGIExchange(WireExchange):
    """One request of a connection."""

    protocol: ClassVar[str] = "fastcgi"
    _connection: FastCGIConnection

    def __init__(
        self, connection: FastCGIConnection, request: int, params: dict[str, str], keep: bool
    ) -> None:
        super().__init__(connection, params)
        self.request, self.keep = request, keep

    def _send(self, part: bytes) -> None:
        self._connection.send(fcgi.pack_stream(fcgi.STDOUT, self.request, part))

    def _finish(self, status: int) -> None:
        protocol_status = fcgi.OVERLOADED if self.overloaded else fcgi.REQUEST_COMPLETE
        end = fcgi.pack_end(self.request, status if status >= 0 else 128 - status, protocol_status)
        self._connection.finish(self, fcgi.pack_record(fcgi.STDOUT, self.request, b"") + end)

    def _break(self) -> None:
        self._connection.break_off(self)


class FastCGIConnection(WireConnection, asyncio.Protocol):
    """Serves each request of a connection by a task."""

    def __init__(self, serve: Serve, bounds: Bounds, connections: Connections) -> None:
        super().__init__(serve, bounds, connections)
        # more could not even wait for a place
        at_once = bounds.children + bounds.queue
        self._receiver = Receiver(bounds.params, at_once, bounds.connections)
        self._live: dict[int, FastCGIExchange] = {}
        self._last = False  # close once no request is left
        self._all_received = True  # of the requests that are answered

    def take(self, data: bytes) -> None:
        for event in self._receiver.feed(data):
            if self.is_over():
                return
            self._act(event)

    def _act(self, event: Event) -> None:
        match event:
            case Asked(request, params, keep):
                exchange = self._live[request] = FastCGIExchange(self, request, params, keep)
                self.start(exchange)
            case Body(request, b""):
                self._live[request].complete_body()
            case Body(request, content):
                self._live[request].feed(content)
            case Short(request):
                self._live[request].complete_body("body-short")
            case Answer(content):
                self.answer(content)
            case Broken(word):
                self.close_for(word)
            case Ended():
                self._end(event)
            case Refused():
                self._refuse(event)

    def _end(self, event: Ended) -> None:
        if event.word:
            self._connections.note(event.word)
        exchange = self._live.pop(event.request, None)
        if exchange is not None:
            exchange.lose()
        self.answer(fcgi.pack_end(event.request, 0, event.status))
        self._conclude(event.keep, complete=False)

    def _refuse(self, event: Refused) -> None:
        self._connections.note(event.word)
        out = fcgi.pack_stream(fcgi.STDOUT, event.request, pack_refusal(event.word))
        out += fcgi.pack_record(fcgi.STDOUT, event.request, b"")
        is_full = find_refusal(event.word) == "overloaded"
        status = fcgi.OVERLOADED if is_full else fcgi.REQUEST_COMPLETE
        self.answer(out + fcgi.pack_end(event.request, 1, status))
        self._conclude(event.keep, complete=False)

    def take_end(self) -> None:
        for exchange in list(self._live.values()):
            if not exchange.body_complete:
                self._forget(exchange)
                exchange.lose()

    def standing(self) -> Standing:
        if self.paused:
            return "busy"
        for exchange in self._live.values():
            if exchange.body_complete:
                return "busy"
        return "receiving" if self._receiver.count() or self._receiver.halfway() else "idle"

    def held(self) -> int:
        return self._receiver.held()

    def drop(self) -> None:
        self._receiver.shed()

    def shed(self) -> None:
        for event in self._receiver.shed():
            if self.is_over():
                return
            self._act(event)
        self.settle()

    def lose(self) -> None:
        live, self._live = self._live, {}
        for exchange in live.values():
            exchange.lose()

    def finish(self, exchange: FastCGIExchange, end: bytes) -> None:
        """Send the end of an answer."""
        complete = self._forget(exchange)
        self.send_at_once(end)
        self._conclude(exchange.keep, complete)

    def break_off(self, exchange: FastCGIExchange) -> None:
        self._forget(exchange)
        self.send(NO_RECORD)
        self.leave()

    def _forget(self, exchange: FastCGIExchange) -> bool:
        """Whether all of the request has been received."""
        self._live.pop(exchange.request, None)
        return self._receiver.finish(exchange.request)

    def _conclude(self, keep: bool, complete: bool) -> None:
        """Close after an answer, if there is nothing left to be answered."""
        self._last |= not keep or self._connections.winding_down
        self._all_received &= complete
        if self.leaving:
            return
        if (self._last or self.half_closed) and not self._receiver.count():
            self.leave(self._all_received)
        else:
            self.settle()
