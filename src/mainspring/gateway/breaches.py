"""What a client of FastCGI or SCGI can do wrong, and its answer: one table, closed.

Nothing is run for it, and no script is concerned: these words are counted, and stand in the error log the
first time, the tenth, the hundredth and so on, so that no client can fill it.  Those that are answered at
all have a word of `refusals.py` besides.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple, get_args

if TYPE_CHECKING:
    from mainspring.gateway import refusals

Word = Literal[
    "begin-malformed",
    "begin-twice",
    "body-short",
    "content-length",
    "crowded",
    "full",
    "idle",
    "netstring",
    "no-reader",
    "out-of-order",
    "params-malformed",
    "params-too-big",
    "requests-at-once",
    "scgi-headers",
    "silent",
    "unfinished",
    "unknown-role",
    "version",
]


class Row(NamedTuple):
    """*refusal* is what the client is answered; None if it is END_REQUEST, or the connection's end."""

    refusal: refusals.Word | None
    meaning: str


BREACHES: dict[Word, Row] = {
    "begin-malformed": Row(None, "a BEGIN_REQUEST of another length than 8"),
    "begin-twice": Row(None, "a second BEGIN_REQUEST for a request that has not ended"),
    "body-short": Row("bad-request", "a body that ends before its CONTENT_LENGTH"),
    "content-length": Row("bad-request", "a CONTENT_LENGTH that is no number of at most 18 digits"),
    "crowded": Row(None, "the longest silent of too many connections"),
    "full": Row(None, "one connection too many, while each of the others waits for its answer"),
    "idle": Row(None, "an open connection with no request"),
    "netstring": Row("bad-request", "no netstring where SCGI begins with one"),
    "no-reader": Row(None, "a client that does not read what it is answered"),
    "out-of-order": Row("bad-request", "a body before the end of the parameters"),
    "params-malformed": Row(
        "bad-request",
        "parameters that are cut off, or a name that is empty or has `=` or NUL in it, or a value NUL",
    ),
    "params-too-big": Row("too-many-params", "parameters beyond their bound"),
    "requests-at-once": Row(None, "more requests on one connection than could wait: END_REQUEST says so"),
    "scgi-headers": Row(
        "bad-request", "CONTENT_LENGTH not first, SCGI not 1, or a name that comes twice"
    ),
    "silent": Row(None, "a request that has begun, and of which nothing more comes"),
    "unfinished": Row(
        "overloaded", "the oldest of the incomplete requests, while those of all connections are too big"
    ),
    "unknown-role": Row(None, "another role than that of a responder: END_REQUEST says so"),
    "version": Row(None, "a record of another version than 1"),
}
assert set(BREACHES) == set(get_args(Word))


class Breach(Exception):
    """A client has broken its protocol; nothing of what it asked for is run."""

    def __init__(self, word: Word) -> None:
        super().__init__(f"{word}: {BREACHES[word].meaning}")
        self.word = word
