"""SCGI means the same however it is split: one request, or one refusal, or neither."""

from __future__ import annotations

from itertools import pairwise

from gateway.wire import pack_fields
from hypothesis import given
from hypothesis import strategies as st

from mainspring.gateway.scgi_requests import Asked, Body, Event, Receiver, Refused

SCGI = (b"SCGI", b"1")
FIELDS = st.lists(st.binary(max_size=5), max_size=4)
STREAMS = st.one_of(
    st.binary(max_size=40),
    st.builds(lambda fields, rest: pack_fields(*fields) + rest, FIELDS, st.binary(max_size=20)),
    st.builds(
        lambda length, fields, rest: pack_fields(b"CONTENT_LENGTH", length, *SCGI, *fields) + rest,
        st.sampled_from([b"0", b"3", b"20", b"x", b""]),
        FIELDS,
        st.binary(max_size=30),
    ),
)


def receive(*parts: bytes) -> tuple[Event | bytes, ...]:
    """The events, with the parts of the body as one."""
    receiver, body, others = Receiver(100), b"", []
    for event in (event for part in parts for event in receiver.feed(part)):
        if isinstance(event, Body) and event.content:
            body += event.content
        else:
            others.append(event)
    return (*others, body)


@given(STREAMS, st.data())
def test_a_stream_means_the_same_wherever_it_is_split(stream: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=20)))
    edges = [0, *cuts, len(stream)]
    parts = [stream[first:second] for first, second in pairwise(edges)]
    assert receive(*parts) == receive(stream)
    assert receive(*(bytes([byte]) for byte in stream)) == receive(stream)


@given(STREAMS)
def test_a_stream_is_one_request_or_one_refusal_or_neither(stream: bytes) -> None:
    kinds = [type(event) for event in receive(stream)]
    assert kinds in ([bytes], [Refused, bytes], [Asked, bytes], [Asked, Body, bytes])
