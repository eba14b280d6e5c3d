"""A script's head is what RFC 3875 says, or its answer is a 500; no malformed one is ever shown."""

from __future__ import annotations

import time
from contextlib import suppress

import pytest

from gateway.answers import BOUND, read, read_head, refuse_output
from mainspring.gateway.exchange import Head
from mainspring.gateway.output import LocalRedirect, OutputReader
from mainspring.gateway.refusals import Refusal

TYPE = ("Content-Type", "text/plain")
PLAIN = b"Content-Type: text/plain\n"


@pytest.mark.parametrize(
    "output",
    [
        b"Content-Type: text/plain\n\nbody",
        b"Content-Type: text/plain\r\n\r\nbody",
        b"Content-Type: text/plain\r\n\nbody",
        b"Content-Type: text/plain\n\r\nbody",
        b"Content-Type:text/plain\n\nbody",
        b"Content-Type: \t text/plain \t\r\n\nbody",
    ],
)
def test_lines_end_as_the_script_likes(output: bytes) -> None:
    assert read([output]) == (Head(200, "OK", (TYPE,)), b"body")


def test_line_ends_may_be_mixed_within_a_head() -> None:
    head = read_head(b"A: 1\r\nB: 2\nC: 3\r\n\n")
    assert head.headers == (("A", "1"), ("B", "2"), ("C", "3"))


def test_what_cgitb_begins_with_is_no_field() -> None:
    """`cgitb.reset()` of Python 3.12 and before: its page is shown, as the script wants it."""
    page = b"<!--: spam\nContent-Type: text/html\n\n<body"
    assert read([page]) == (Head(200, "OK", (("Content-Type", "text/html"),)), b"<body")
    assert refuse_output(b"Content-Type: text/html\n<!--: spam\n\n") == "malformed-head"
    assert refuse_output(b"<!--: spam\n\n") == "malformed-head"


def test_the_body_is_not_touched() -> None:
    body = bytes(range(256)) + b"\n\nStatus: 404\r\n\r\n\0"
    assert read([PLAIN + b"\n" + body])[1] == body


@pytest.mark.parametrize("output", [b"", b"".join([])])
def test_no_output_is_an_error_of_its_own(output: bytes) -> None:
    assert refuse_output(output) == "no-output"


@pytest.mark.parametrize(
    "output",
    [
        b"\n",
        b"\r\n",
        b"\n\nbody",
        b"\r\n\r\nbody",
        b"hello\n",
        b"hello\n\n",
        b"Content-Type: text/plain",
        b"Content-Type: text/plain\n",
        b"Content-Type: text/plain\r\n\r",
        b"Content-Type: text/plain\n<html>\n\n",
        b"<html>\n\n<p>Content-Type: text/plain</p>",
        b"Traceback (most recent call last):\n\n",
        b"HTTP/1.1 200 OK\nContent-Type: text/plain\n\n",
        b": value\n\n",
        b" : value\n\n",
        b"Na me: value\n\n",
        b"Name : value\n\n",
        b"Name\t: value\n\n",
        b" Name: value\n\n",
        b"A: 1\n folded\n\n",
        b"A: 1\n\tfolded\n\n",
        b"A: 1\n \n\n",
        b"N\xe4me: value\n\n",
        b"Name\0: value\n\n",
        b"Na(me): value\n\n",
        b'"Name": value\n\n',
        b"A: 1\rB: 2\n\n",
        b"A: 1\r\r\n\r\n",
        b"A: \r1\n\n",
        b"A: 1\0\n\n",
        b"A: 1\0\0B: 2\n\n",
        b"A: \x1b[31m\n\n",
        b"A: \x7f\n\n",
        b"A: \x0b\n\n",
        b"\0\n\n",
        b"\rA: 1\n\n",
        b"\xef\xbb\xbfContent-Type: text/plain\n\n",
    ],
)
def test_a_malformed_head_is_refused(output: bytes) -> None:
    assert refuse_output(output) == "malformed-head"


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"9999",
        b"abc",
        b"100",
        b"101 Switching Protocols",
        b"199",
        b"099",
        b"600",
        b"999",
        b"20",
        b"2000",
        b"200OK",
        b"200.5",
        b"+200",
        b"-200",
        b"0200",
        b"OK",
        b"\xb2\xb0\xb0",
        b"HTTP/1.1 200 OK",
    ],
)
def test_a_bad_status_is_refused(value: bytes) -> None:
    assert refuse_output(b"Status: %s\nContent-Type: text/plain\n\n" % value) == "malformed-head"


@pytest.mark.parametrize(
    ("value", "status", "phrase"),
    [
        (b"200", 200, "OK"),
        (b"404 Gone Fishing", 404, "Gone Fishing"),
        (b"404\tGone", 404, "Gone"),
        (b"404  ", 404, "Not Found"),
        (b"599", 599, ""),
        (b"299 \xe4h?", 299, "\xe4h?"),
        (b"500 Internal: Server Error", 500, "Internal: Server Error"),
    ],
)
def test_status_and_its_phrase_are_the_script_s(value: bytes, status: int, phrase: str) -> None:
    assert read_head(b"Status: %s\n%s\n" % (value, PLAIN)) == Head(status, phrase, (TYPE,))


def test_names_of_fields_have_no_case() -> None:
    output = b"STATUS: 404 x\ncontent-type: a/b\nconNECTION: close\nlocation: http://a/\n\n"
    head = read_head(output)
    assert head == Head(404, "x", (("content-type", "a/b"), ("location", "http://a/")))


@pytest.mark.parametrize(
    "name",
    [
        "Connection",
        "Keep-Alive",
        "Proxy-Authenticate",
        "Proxy-Authorization",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "HTTP2-Settings",
    ],
)
def test_what_belongs_to_one_connection_is_dropped(name: str) -> None:
    for spelling in (name, name.lower(), name.upper()):
        assert read_head(f"{spelling}: y\nX: 1\n\n".encode()).headers == (("X", "1"),)


def test_what_connection_names_is_dropped() -> None:
    head = read_head(b"Connection: close , X-Mine,\nx-mine: 1\nX: 2\nConnection: y\nY: 3\n\n")
    assert head.headers == (("X", "2"),)


def test_cookies_stay_apart_and_in_order() -> None:
    head = read_head(b"Set-Cookie: a=1\n%sSet-Cookie: b=2\nset-cookie: a=1\n\n" % PLAIN)
    assert head.headers == (
        ("Set-Cookie", "a=1"), TYPE, ("Set-Cookie", "b=2"), ("set-cookie", "a=1")
    )  # fmt: skip


def test_values_are_latin_1() -> None:
    assert read_head(b"X: caf\xe9 \x80\xff\n\n").headers == (("X", "caf\xe9 \x80\xff"),)


def test_an_empty_value_stays() -> None:
    assert read_head(b"X:\nY: \n\n").headers == (("X", ""), ("Y", ""))


def test_a_document_without_a_type_is_passed_on() -> None:
    """As Apache and nginx do: scripts rely on it."""
    assert read([b"X: 1\n\nbody"]) == (Head(200, "OK", (("X", "1"),)), b"body")
    assert read_head(b"Status: 204\n\n") == Head(204, "No Content", ())


@pytest.mark.parametrize("name", [b"Status", b"Location", b"Content-Type", b"Content-Length"])
def test_a_field_that_there_is_one_of_does_not_differ_from_itself(name: bytes) -> None:
    values = {
        b"Status": (b"404", b"200"),
        b"Location": (b"http://a/", b"http://b/"),
        b"Content-Type": (b"a/b", b"c/d"),
        b"Content-Length": (b"0", b"1"),
    }
    one, other = values[name]
    assert refuse_output(b"%s: %s\n%s: %s\n\n" % (name, one, name.lower(), other)) == "malformed-head"
    twice = b"%s: %s\nX: 1\n%s: %s\n\n" % (name, one, name.lower(), one)
    once = b"%s: %s\nX: 1\n\n" % (name, one)
    assert read_head(twice) == read_head(once)


@pytest.mark.parametrize(
    "value", [b"", b"-1", b"+1", b"1.0", b"0x1", b"1 2", b"1, 1", b"9" * 19, b"\xb2"]
)
def test_a_content_length_that_is_no_number_is_refused(value: bytes) -> None:
    assert refuse_output(b"Content-Length: %s\n\n" % value) == "malformed-head"


@pytest.mark.parametrize("location", ["/other.py", "/", "/a/b.py/c?d=e&f", "/%20?x"])
def test_a_path_alone_redirects_within_the_gateway(location: str) -> None:
    for output in (f"Location: {location}\n\n", f"location:{location} \r\n\r\nignored"):
        found, _ = read([output.encode()])
        assert found == LocalRedirect(location)


@pytest.mark.parametrize(
    "location",
    ["http://other.example/", "https://a/b?c#d", "other.py", "?a", "//host/path", "/a#b", "mailto:a"],
)
def test_any_other_location_is_for_the_client(location: str) -> None:
    assert read_head(f"Location: {location}\n\n".encode()) == Head(
        302, "Found", (("Location", location),)
    )


def test_a_path_with_more_to_say_is_for_the_client() -> None:
    """A cookie that is set on the way, or a status, would be lost within the gateway."""
    for field, status in (
        (b"Set-Cookie: a=1\n", 302),
        (b"Content-Type: text/html\n", 302),
        (b"Status: 303 See Other\n", 303),
        (b"Status: 201\n", 201),
    ):
        head = read_head(b"Location: /a\n" + field + b"\n")
        assert head.status == status
        assert ("Location", "/a") in head.headers


def test_a_redirect_may_have_a_document() -> None:
    output = b"Status: 301 Moved\nLocation: http://a/\nContent-Type: text/plain\n\nthere"
    head = Head(301, "Moved", (("Location", "http://a/"), TYPE))
    assert read([output]) == (head, b"there")


def test_an_empty_location_is_refused() -> None:
    assert refuse_output(b"Location: \n\n") == "malformed-head"


def test_a_head_is_bounded_with_its_empty_line() -> None:
    for size in (BOUND, 10):
        most = b"X:" + b"a" * (size - 4) + b"\n\n"
        assert len(most) == size
        assert read([most + b"body"], bound=size)[1] == b"body"
        assert refuse_output(most, bound=size - 1) == "head-too-large"
    assert refuse_output(b"a" * 100, bound=99) == "head-too-large"
    assert refuse_output(b"X: 1\n" * 100, bound=99) == "head-too-large"


def test_what_is_within_the_bound_may_have_many_fields() -> None:
    assert len(read_head(b"X: 1\n" * 10_000 + b"\n").headers) == 10_000


@pytest.mark.parametrize(
    "output",
    [
        b"Location: " + b" " * 60_000 + b"\1\n\n",
        b"A:" + b"\t " * 30_000 + b"\0\n\n",
        b"a:\n" * 10_000 + b"Status:200\n" * 2_900 + b"\n",
    ],
)
def test_no_head_takes_long_to_judge(output: bytes) -> None:
    """Whoever else is served waits meanwhile."""
    began = time.process_time()
    with suppress(Refusal):
        OutputReader(1 << 16).feed(output)
    assert time.process_time() - began < 1
