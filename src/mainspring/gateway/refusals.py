"""Every answer that is not a script's own has a word, and all words stand in one table.

The word is in the access log, the error log, the metrics and the documentation; the client sees its
status, and nothing of paths, scripts or causes.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal, NamedTuple, get_args

from mainspring.gateway.exchange import Head

Word = Literal[
    "bad-path",
    "bad-request",
    "cut-short",
    "failed",
    "folder",
    "gone",
    "head-too-large",
    "look-timeout",
    "malformed-head",
    "method",
    "no-output",
    "no-script",
    "not-a-script",
    "not-python",
    "not-readable",
    "nph",
    "outside-root",
    "overloaded",
    "queue-timeout",
    "redirect-loop",
    "start-failed",
    "timeout",
    "too-large",
    "too-many-params",
]


class Row(NamedTuple):
    """The status that a client sees, what the word means, and what the operator can do about it."""

    status: int
    meaning: str
    remedy: str


NOTHING = "nothing to do"

GATEWAY: dict[Word, Row] = {
    "bad-path": Row(400, "the path has a `..`, an encoded slash or a control character", NOTHING),
    "bad-request": Row(
        400, "the request is not as its protocol has it, or lacks what it must have", NOTHING
    ),
    "cut-short": Row(
        500,
        "the script ended before all of its answer was there",
        "see the error log for the script's own words",
    ),
    "failed": Row(500, "the gateway failed", "report it, with the lines of the error log"),
    "folder": Row(308, "the path is of a folder and lacks its slash: the client is sent there", NOTHING),
    "gone": Row(499, "the client went away before its answer was complete", NOTHING),
    "head-too-large": Row(
        500,
        "the head of the script's answer is larger than allowed",
        "see `--max-head`, and what the script writes",
    ),
    "look-timeout": Row(
        503,
        "another machine, on whose file system the script is, did not answer in time",
        "see to that machine; see `--queue-timeout`",
    ),
    "malformed-head": Row(
        500, "the script's answer has no proper head", "see the error log for what is wrong with it"
    ),
    "method": Row(501, "the method is none that scripts are asked with", NOTHING),
    "no-output": Row(
        500, "the script ended and wrote nothing", "see the error log for the script's own words"
    ),
    "no-script": Row(404, "there is nothing of that name", NOTHING),
    "not-a-script": Row(
        404, "the file is none of a script's: its name has another extension", "see `--extension`"
    ),
    "not-python": Row(
        403,
        "the script is no Python: its `#!` line names none, or it has none",
        "serve it by another gateway",
    ),
    "not-readable": Row(
        403, "the gateway's user cannot read the script", "give that user access to it and to its folders"
    ),
    "nph": Row(
        501,
        "a script whose name begins with `nph-` writes to the client itself, which no front can offer",
        "have it write a CGI answer, and rename it",
    ),
    "outside-root": Row(
        404,  # as of what is not there: a link is not to tell what else there is
        "the path leads out of the folder that is served",
        "serve a folder that holds what the link leads to",
    ),
    "overloaded": Row(
        503, "as many requests wait as may", "see `--children` and `--queue`, and the slow log"
    ),
    "queue-timeout": Row(
        503, "the request waited for too long", "see `--children` and `--queue-timeout`, and the slow log"
    ),
    "redirect-loop": Row(
        500, "scripts redirected within the gateway too often", "see which script redirects to itself"
    ),
    "start-failed": Row(500, "the script could not be started", "see the error log for the cause"),
    "timeout": Row(
        504,
        "the script took longer than it may, or a body of unknown length did before its script began",
        "see `--timeout`, and the slow log",
    ),
    "too-large": Row(413, "the body is larger than allowed", "see `--max-body`"),
    "too-many-params": Row(
        431, "the meta-variables, or headers, are larger than allowed", "see `--max-params`"
    ),
}

assert set(GATEWAY) == set(get_args(Word))

#: not in the registry of statuses
PHRASES = {499: "Client Closed Request"}


class Refusal(Exception):
    """A request that gets an answer of the gateway's own; *detail* is for the error log alone."""

    def __init__(self, word: Word, detail: str = "", headers: tuple[tuple[str, str], ...] = ()) -> None:
        self.word: Word = word
        self.detail = detail
        self.headers = headers
        super().__init__(f"{word}: {detail or GATEWAY[word].meaning}")

    @property
    def status(self) -> int:
        return GATEWAY[self.word].status


def find_phrase(status: int) -> str:
    """What usually stands behind *status*; nothing if it is an unknown one."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return PHRASES.get(status, "")


def answer(refusal: Refusal) -> tuple[Head, bytes]:
    """The page for *refusal*, which shows its status and nothing else; HEAD gets it without the body."""
    status = refusal.status
    phrase = find_phrase(status)
    body = f"{status} {phrase}\n".encode("ascii")
    headers = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("X-Content-Type-Options", "nosniff"),
        *refusal.headers,
    )
    return Head(status, phrase, headers), body
