"""Whatever a script writes, and in whatever parts: the same answer, and nothing slips into a head."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from gateway.answers import read
from gateway.laws import law
from mainspring.gateway.output import LocalRedirect
from mainspring.gateway.refusals import Refusal

NAMES = st.sampled_from(
    [
        b"Status",
        b"Location",
        b"Content-Type",
        b"Content-Length",
        b"Set-Cookie",
        b"Connection",
        b"X",
        b"X Y",
        b"",
    ]
)
VALUES = st.sampled_from(
    [
        b"200",
        b"404 No",
        b"9999",
        b"/a",
        b"http://a/",
        b"4",
        b"0",
        b"-1",
        b"a\rb",
        b"a\0b",
        b"close, X",
        b"caf\xe9",
        b"",
    ]
)
COLONS = st.sampled_from([b": ", b":", b" : ", b"", b":\t"])
ENDS = st.sampled_from([b"\n", b"\r\n", b"\r", b"\n ", b"\r\r\n", b""])
FIELDS = st.tuples(NAMES, COLONS, VALUES, ENDS).map(b"".join)
HEADS = st.lists(FIELDS, max_size=5).map(b"".join)
OUTPUTS = st.one_of(
    st.tuples(HEADS, ENDS, st.binary(max_size=12)).map(b"".join),
    st.lists(st.sampled_from([b"A: 1", b"\n", b"\r", b"\0", b" ", b":", b"b", b"\r\n"]), max_size=12).map(
        b"".join
    ),
    st.binary(max_size=30),
)
METHODS = st.sampled_from(["GET", "HEAD", "POST"])
BOUNDS = st.integers(0, 60) | st.just(65536)


def answer(parts: list[bytes], method: str, bound: int) -> object:
    try:
        return read(parts, method, bound)
    except Refusal as refusal:
        return refusal.word


@law(400)
@given(OUTPUTS, METHODS, BOUNDS, st.data())
def test_it_does_not_matter_in_what_parts_an_output_comes(
    output: bytes, method: str, bound: int, data: st.DataObject
) -> None:
    whole = answer([output], method, bound)
    for cut in range(len(output) + 1):
        assert answer([output[:cut], output[cut:]], method, bound) == whole
    assert answer([output[i : i + 1] for i in range(len(output))], method, bound) == whole
    cuts = sorted(data.draw(st.lists(st.integers(0, len(output)), max_size=6)))
    parts = [output[start:end] for start, end in pairwise([0, *cuts, len(output)])]
    assert answer(parts, method, bound) == whole


@law(800)
@given(OUTPUTS, METHODS)
def test_no_head_holds_what_could_end_a_line(output: bytes, method: str) -> None:
    found = answer([output], method, 65536)
    if not isinstance(found, tuple):
        return
    head, body = found
    if isinstance(head, LocalRedirect):
        texts = [head.location]
        assert head.location.startswith("/")
    else:
        texts = [head.phrase, *(text for field in head.headers for text in field)]
        assert 200 <= head.status <= 599
        assert all(name and not set(name) & set(' \t:"(),/<=>?@[]{}') for name, _ in head.headers)
    for text in texts:
        assert not set(text) & set("\r\n\0")
        text.encode("latin-1")
    assert output.endswith(body) or method == "HEAD" or body in output


@law(300)
@given(OUTPUTS)
def test_a_length_that_is_sent_is_the_body_s(output: bytes) -> None:
    found = answer([output], "GET", 65536)
    if not isinstance(found, tuple) or isinstance(found[0], LocalRedirect):
        return
    head, body = found
    lengths = [value for name, value in head.headers if name.lower() == "content-length"]
    assert len(lengths) <= 1
    if lengths and head.status != 304:
        assert len(body) == int(lengths[0])
    if head.status in {204, 304}:
        assert body == b""
