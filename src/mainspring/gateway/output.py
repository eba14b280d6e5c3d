"""Reads what a script answers: its head, judged as a whole, and then the body as it comes.

    answer   = head body
    head     = 1*(field newline) newline            at most `bound` bytes, all of this counted
    newline  = [CR] LF                              each line as it likes
    field    = name ":" blank* value blank*
    name     = 1*tchar                              RFC 9110; no blank before the colon
    value    = *(HTAB / SP..~ / 80..FF)             Latin-1; so neither CR nor NUL is in any head
    Status   = 2..5 DIGIT DIGIT [1*blank phrase]
    Location = "/" ...                              RFC 3875, 6.2.2: the gateway follows it
             | anything else                        RFC 3875, 6.2.3: the client is to follow it

| what the script writes | answer |
|---|---|
| nothing at all | no-output |
| no empty line before its end; an empty line at once | malformed-head |
| no empty line within the bound | head-too-large |
| a line without a colon, or with a blank first (RFC 3875 knows no continued lines) | malformed-head |
| a name that is empty or has a blank in it; a control character | malformed-head |
| `<!--: spam`, which the module cgitb writes first | dropped |
| Status that is none, or is 1xx; two of one of `SINGLE` that differ | malformed-head |
| an empty Location; Content-Length that is no number | malformed-head |
| Location of a path, and nothing else | LocalRedirect |
| Location of a path, and other fields or a Status | for the client: 302, or that Status |
| Location of `//host` or with a `#` | for the client: only it can go to another host, or to a fragment |
| no Content-Type | passed on as it is, as Apache and nginx do: scripts rely on it |
| Connection, what that names, Keep-Alive, Proxy-*, TE, Trailer, Transfer-Encoding, Upgrade | dropped |
| a body for HEAD, 204 or 304; more than its Content-Length says | dropped |
| Content-Length with 204 | dropped |
| less than its Content-Length says | cut-short |

A head is judged when it is complete, so that it does not matter in what parts it comes.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from mainspring.gateway.exchange import NO_BODY, Head
from mainspring.gateway.params import is_length
from mainspring.gateway.refusals import Refusal, find_phrase

#: an empty line, with the end of the line before it
HEAD_END = re.compile(rb"\n\r?\n")
EMPTY_LINE = re.compile(rb"\r?\n")
#: blanks are taken once and for all: tried anew, many of them before a control character would take hours
FIELD = re.compile(r"([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*+([\t -~\x80-\xff]*+)")
STATUS = re.compile(r"([2-5][0-9][0-9])(?:[ \t]+(.*))?")

#: fields of which there is one, and what else an answer cannot say twice
SINGLE = frozenset({"status", "location", "content-type", "content-length"})
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "http2-settings"}
)
#: cgitb.reset(): where a body has begun, it begins a comment, and its head is in that
SPAM = "<!--: spam"
EXCERPT = 80
#: bytes of a head that is remembered
SHORT = 1024


class LocalRedirect(NamedTuple):
    """A path of this gateway that the answer is to come from instead."""

    location: str


class OutputReader:
    """The answer of one script to a request of *method*."""

    def __init__(self, bound: int, method: str = "GET") -> None:
        self._bound = bound
        self._head_only = method == "HEAD"
        self._buffer = bytearray()
        self._judged = False
        #: bytes of the body that may still come; None for any number
        self._left: int | None = None
        self._short = False

    def feed(self, part: bytes) -> Head | LocalRedirect | None:
        """Take a part of the head; what it comes to, once it is complete.  Raises Refusal.

        What follows the head in *part* is then `rest()`, and later parts go through `cut()`.
        """
        start = max(0, len(self._buffer) - 2)
        self._buffer += part
        buffer = self._buffer
        end = find_end(buffer, start)
        if (end or len(buffer)) > self._bound:
            raise Refusal("head-too-large", f"its head has more than {self._bound} bytes")
        if not end:
            return None
        judge_it = judge_short_head if end <= SHORT else judge_head
        found = judge_it(bytes(buffer[:end]))
        del buffer[:end]
        self._judged = True
        if isinstance(found, Head):
            self._expect_body(found)
        return found

    def _expect_body(self, head: Head) -> None:
        length = next((value for name, value in head.headers if name.lower() == "content-length"), None)
        if self._head_only or head.status in NO_BODY:
            self._left = 0
        elif length is not None:
            self._left = int(length)
            self._short = self._left > 0

    def rest(self) -> bytes:
        """What came behind the head, once."""
        rest, self._buffer = self._buffer, bytearray()
        return self.cut(bytes(rest))

    def cut(self, part: bytes) -> bytes:
        """What of *part* belongs to the answer."""
        if self._left is None:
            return part
        part = part[: self._left]
        self._left -= len(part)
        self._short = self._short and self._left > 0
        return part

    def end(self) -> None:
        """There is nothing more.  Raises Refusal if that is too early."""
        if self._judged:
            if self._short:
                raise Refusal("cut-short", f"{self._left} bytes less than its Content-Length says")
        elif not self._buffer:
            raise Refusal("no-output")
        else:
            raise Refusal(
                "malformed-head", f"no empty line ends its head: {excerpt(bytes(self._buffer))}"
            )


def judge_head(head: bytes) -> Head | LocalRedirect:
    """What *head* stands for, with the empty line at its end.  Raises Refusal."""
    return judge(parse_fields(head.decode("latin-1")))


#: most answers of a script begin alike
judge_short_head = lru_cache(maxsize=256)(judge_head)


def find_end(buffer: bytearray, start: int) -> int:
    """Where the body begins; 0 if that is not known yet."""
    found = EMPTY_LINE.match(buffer) or HEAD_END.search(buffer, start)
    return found.end() if found else 0


def excerpt(text: bytes | str) -> str:
    """What a log shows of *text*."""
    return repr(text[:EXCERPT])


def parse_fields(text: str) -> list[tuple[str, str]]:
    """The fields of a head, each once where it can be there only once.  Raises Refusal."""
    fields: list[tuple[str, str]] = []
    single: dict[str, str] = {}
    lines = [line.removesuffix("\r") for line in text.split("\n")[:-2]]
    for line in lines[lines[:1] == [SPAM] :]:
        name, value = parse_field(line)
        key = name.lower()
        if key in SINGLE:
            if key in single and single[key] == value:
                continue
            if single.setdefault(key, value) != value:
                raise Refusal("malformed-head", f"two of {name} that differ: {excerpt(value)}")
        fields.append((name, value))
    return fields


def parse_field(line: str) -> tuple[str, str]:
    found = FIELD.fullmatch(line)
    if found is None:
        raise Refusal("malformed-head", f"no field of a head: {excerpt(line)}")
    return found[1], found[2].rstrip(" \t")


def judge(fields: list[tuple[str, str]]) -> Head | LocalRedirect:
    """What a head of these fields stands for.  Raises Refusal."""
    if not fields:
        raise Refusal("malformed-head", "an empty line comes first")
    special = {name.lower(): value for name, value in fields if name.lower() in SINGLE}
    location = special.get("location")
    if location == "":
        raise Refusal("malformed-head", "an empty Location")
    if location is not None and len(fields) == 1 and is_local(location):
        return LocalRedirect(location)
    status, phrase = judge_status(special.get("status"), redirects=location is not None)
    length = special.get("content-length")
    if length is not None and not is_length(length):
        raise Refusal("malformed-head", f"Content-Length: {excerpt(length)}")
    return Head(status, phrase, tuple(keep_fields(fields, status)))


def is_local(location: str) -> bool:
    """Whether the gateway itself can follow *location*."""
    return location.startswith("/") and not location.startswith("//") and "#" not in location


def judge_status(value: str | None, *, redirects: bool) -> tuple[int, str]:
    if value is None:
        return (302, "Found") if redirects else (200, "OK")
    found = STATUS.fullmatch(value)
    if found is None:
        raise Refusal("malformed-head", f"Status: {excerpt(value)}")
    status = int(found[1])
    return status, found[2] or find_phrase(status)


def keep_fields(fields: list[tuple[str, str]], status: int) -> list[tuple[str, str]]:
    """Those that go to the client: none that belongs to a connection, or to the gateway."""
    dropped = {"status"} | HOP_BY_HOP
    if status == 204:
        dropped.add("content-length")
    for name, value in fields:
        if name.lower() == "connection":
            dropped.update(word.strip(" \t").lower() for word in value.split(","))
    return [
        (name, value)
        for name, value in fields
        if name.lower() not in dropped and not name.lower().startswith("proxy-")
    ]
