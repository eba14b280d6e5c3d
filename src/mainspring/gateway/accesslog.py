"""One line for each request, in Apache's combined format or as JSON; no client can make it two.

    combined := bare SP "-" SP bare SP "[" TIME "]" SP '"' bare SP bare SP bare '"' SP STATUS SP SIZE SP
                '"' quoted '"' SP '"' quoted '"' LF
                the client's address, its user, when the request came, method, target and protocol of the
                request, status, bytes of the answer's body or "-", where the client came from, what it is
    json     := an object with each name of FIELDS, ASCII only, LF

`bare` and `quoted` stand in `logtext.py`.
"""

from __future__ import annotations

from json import JSONEncoder
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from mainspring.gateway.logtext import (
    escape_bare,
    escape_quoted,
    format_apache_second,
    format_moment,
    shorten,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mainspring.gateway.logfile import LogFile
    from mainspring.gateway.served import Served

Format = Literal["combined", "json"]


class Field(NamedTuple):
    """A field of a JSON line: its type there, its meaning, and what it is of a request."""

    type: str
    meaning: str
    read: Callable[[Served], Any]


def name_target(params: Mapping[str, str]) -> str:
    """What was asked for: as the front says, or put together from what it says."""
    target = params.get("REQUEST_URI")
    if target:
        return target
    query = params.get("QUERY_STRING")
    path = params.get("SCRIPT_NAME", "") + params.get("PATH_INFO", "")
    return f"{path}?{query}" if query else path


def show(text: str | None) -> str | None:
    """A text that every reader of JSON takes: a byte that is no text as an escape."""
    if not text or text.isascii():
        return shorten(text) if text else None
    return shorten(text).encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def variable(name: str, meaning: str) -> Field:
    return Field("string or null", meaning, lambda served: show(served.params.get(name)))


#: name -> type, meaning, value
FIELDS: dict[str, Field] = {
    "time": Field("string", "when the request came, RFC 3339", lambda one: format_moment(one.began)),
    "id": Field("string", "of the request, as in the error log", lambda one: one.identity),
    "protocol": Field("string", "that brought it: fastcgi, scgi or http", lambda one: one.protocol),
    "client": variable("REMOTE_ADDR", "address of the client"),
    "user": variable("REMOTE_USER", "whom the front has authenticated"),
    "method": variable("REQUEST_METHOD", "method of the request"),
    "host": variable("HTTP_HOST", "host that was asked for"),
    "target": Field("string or null", "path and query", lambda one: show(name_target(one.params))),
    "http": variable("SERVER_PROTOCOL", "protocol of the client"),
    "referer": variable("HTTP_REFERER", "where the client came from"),
    "agent": variable("HTTP_USER_AGENT", "what the client says it is"),
    "status": Field("number", "as answered; 499 if the client went first", lambda one: one.status),
    "reason": Field("string or null", "why it was refused or broken off", lambda one: one.reason or None),
    "received": Field("number", "bytes of the request's body", lambda one: one.received),
    "sent": Field("number", "bytes of the answer's body", lambda one: one.sent),
    "seconds": Field("number", "in all", lambda one: round(one.seconds, 6)),
    "waited": Field("number", "seconds in the queue", lambda one: round(one.waited, 6)),
    "script": Field("string or null", "path of the script", lambda one: show(one.script)),
    "kind": Field("string or null", "how it was started: warm, cold or kept", lambda one: one.kind),
    "process": Field("number or null", "process of the script", lambda one: one.process),
    "exit": Field(
        "number or null", "its exit status; a negative one is a signal", lambda one: one.exit_status
    ),
}

encode = JSONEncoder(ensure_ascii=True, check_circular=False, separators=(",", ":")).encode


def format_combined(served: Served) -> str:
    get = served.params.get
    return (
        f"{escape_bare(get('REMOTE_ADDR'))} - {escape_bare(get('REMOTE_USER'))} "
        f"[{format_apache_second(int(served.began))}] "
        f'"{escape_bare(get("REQUEST_METHOD"))} {escape_bare(name_target(served.params))} '
        f'{escape_bare(get("SERVER_PROTOCOL"))}" {served.status:03d} {served.sent or "-"} '
        f'"{escape_quoted(get("HTTP_REFERER"))}" "{escape_quoted(get("HTTP_USER_AGENT"))}"\n'
    )


def format_json(served: Served) -> str:
    return encode({name: field.read(served) for name, field in FIELDS.items()}) + "\n"


FORMATS: dict[Format, Callable[[Served], str]] = {"combined": format_combined, "json": format_json}


class AccessLog:
    """Writes a line for each request that has ended."""

    def __init__(self, file: LogFile, style: Format = "combined") -> None:
        self.file = file
        self._format = FORMATS[style]

    def tell(self, served: Served) -> None:
        self.file.write(self._format(served).encode("ascii"))
