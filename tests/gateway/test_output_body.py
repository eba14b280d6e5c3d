"""A body is as long as its head says, and there is none where HTTP knows none."""

from __future__ import annotations

import pytest

from gateway.answers import read, read_head
from mainspring.gateway.exchange import Head
from mainspring.gateway.output import OutputReader
from mainspring.gateway.refusals import Refusal

LENGTH = ("Content-Length", "4")


@pytest.mark.parametrize(
    ("method", "status", "headers"),
    [
        ("HEAD", 200, (LENGTH,)),
        ("HEAD", 404, (LENGTH,)),
        ("GET", 204, ()),
        ("GET", 304, (LENGTH,)),
        ("POST", 204, ()),
    ],
)
def test_there_is_no_body_where_http_has_none(
    method: str, status: int, headers: tuple[tuple[str, str], ...]
) -> None:
    """And no Content-Length with 204; elsewhere it is that of the body that there would be."""
    output = b"Status: %d x\nContent-Length: 4\n\n" % status
    for body in ([b"body"], [b"bo", b"dy"], [b"a", b"long body"], []):
        parts = [output + b"".join(body[:1]), *body[1:]]
        assert read(parts, method) == (Head(status, "x", headers), b"")


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE", "head"])
def test_others_have_a_body(method: str) -> None:
    assert read([b"Status: 404\n\nbo", b"dy"], method)[1] == b"body"


def test_no_more_than_the_content_length_is_sent() -> None:
    """More would be the beginning of the next answer, to whoever shares the connection."""
    output = b"Content-Length: 4\n\n"
    for parts in (
        [output + b"body and more"],
        [output, b"body and more"],
        [output, b"bo", b"dy and", b"more"],
    ):
        assert read(parts)[1] == b"body"
    assert read([b"Content-Length: 0\n\nmore"])[1] == b""


@pytest.mark.parametrize("parts", [[b"Content-Length: 4\n\nbod"], [b"Content-Length: 4\n\n"]])
def test_less_than_the_content_length_is_told(parts: list[bytes]) -> None:
    with pytest.raises(Refusal) as caught:
        read(parts)
    assert caught.value.word == "cut-short"


def test_the_largest_length_that_is_taken_is_taken() -> None:
    assert read_head(b"Content-Length: %d\n\n" % (10**18 - 1), "HEAD").headers[0][1] == "9" * 18


def test_a_part_of_a_body_is_not_copied() -> None:
    reader = OutputReader(100)
    reader.feed(b"X: 1\n\n")
    assert reader.rest() == b""
    part = b"x" * 65536
    assert reader.cut(part) is part
