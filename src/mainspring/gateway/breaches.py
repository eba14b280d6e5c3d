"""What a client of FastCGI or SCGI can do wrong, and its answer: one table, closed."""

from __future__ import annotations

from typing import Literal, NamedTuple, get_args

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
    "unknown-role",
    "version",
]


class Answered(NamedTuple):
    """*status* is what the client is answered; 0 closes the connection without an answer."""

    status: int
    meaning: str


BREACHES: dict[Word, Answered] = {
    "begin-malformed": Answered(0, "a BEGIN_REQUEST of another length than 8"),
    "begin-twice": Answered(0, "a second BEGIN_REQUEST for a request that has not ended"),
    "body-short": Answered(400, "a body that ends before its CONTENT_LENGTH"),
    "content-length": Answered(400, "a CONTENT_LENGTH that is no number of at most 18 digits"),
    "crowded": Answered(0, "the longest silent of too many connections"),
    "full": Answered(0, "one connection too many, while each of the others waits for its answer"),
    "idle": Answered(0, "an open connection with no request"),
    "netstring": Answered(400, "no netstring where SCGI begins with one"),
    "no-reader": Answered(0, "a client that asks on and on, and does not read what it is answered"),
    "out-of-order": Answered(400, "a body before the end of the parameters"),
    "params-malformed": Answered(
        400,
        "parameters that are cut off, or a name that is empty or has `=` or NUL in it, or a value NUL",
    ),
    "params-too-big": Answered(431, "parameters beyond their bound"),
    "requests-at-once": Answered(503, "more requests at once on one connection than can be served"),
    "scgi-headers": Answered(400, "CONTENT_LENGTH not first, SCGI not 1, or a header that comes twice"),
    "silent": Answered(0, "a request that has begun, and of which nothing more comes"),
    "unknown-role": Answered(0, "another role than that of a responder: END_REQUEST says so"),
    "version": Answered(0, "a record of another version than 1"),
}
assert set(BREACHES) == set(get_args(Word))


class Breach(Exception):
    """A client has broken its protocol; nothing of what it asked for is run."""

    def __init__(self, word: Word) -> None:
        super().__init__(f"{word}: {BREACHES[word].meaning}")
        self.word = word
