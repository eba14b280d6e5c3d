"""The standard streams are made anew in each child, for what is at their descriptors by then."""

import os
import sys

from mainspring._warm import make_pair, note_stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STDERR = 2
STANDARD = (("stdin", "rb", "r"), ("stdout", "wb", "w"), ("stderr", "wb", "w"))

#: how native/warm/takeover.c names what a stream cannot tell from another of its kind
PIPE, SOCKET, NULL = b"psn"


def renew_stream(descriptor: int) -> None:
    """Let sys.stdin, stdout or stderr be for what is now at its descriptor.

    The object stays the same, since imported modules may hold it; CPython makes it as it is done here
    (Python/pylifecycle.c, create_stdio).
    """
    name, binary_mode, mode = STANDARD[descriptor]
    stream = getattr(sys, name)
    is_buffered = not sys.stdout.write_through  # type: ignore[union-attr]  # it is a TextIOWrapper
    make_anew(stream, descriptor, binary_mode, is_buffered=is_buffered)
    stream.mode = mode


def expect_streams(kinds: bytes) -> None:
    """Make those standard streams of which callers have one of the *kinds* for one of its kind.

    Raises OSError.
    """
    for descriptor, kind in enumerate(kinds):
        if kind in (PIPE, SOCKET, NULL):
            expect_stream(descriptor, kind)


def expect_stream(descriptor: int, kind: int) -> None:
    ends = open_kind(kind)
    try:
        given = os.dup(descriptor)
        try:
            os.dup2(ends[descriptor > 0], descriptor)
            renew_stream(descriptor)
            if descriptor > 0:
                rehearse_printing(descriptor)
            note_stream(descriptor)
        finally:
            os.dup2(given, descriptor)
            os.close(given)
    finally:
        for end in ends:
            os.close(end)


def rehearse_printing(descriptor: int) -> None:
    """What CPython looks up for it is found by then: each child would have pages copied for that."""
    if descriptor == STDERR:
        print(file=sys.stderr, flush=True)  # noqa: T201
    else:
        print(flush=True)  # noqa: T201
    renew_stream(descriptor)  # which nothing was written to


def open_kind(kind: int) -> tuple[int, int]:
    """Two descriptors of *kind*: one to read from, and one to write to."""
    if kind == PIPE:
        return os.pipe()
    if kind == SOCKET:
        return make_pair()
    return os.open(os.devnull, os.O_RDONLY), os.open(os.devnull, os.O_WRONLY)


def make_anew(stream: "Any", descriptor: int, mode: str, *, is_buffered: bool) -> None:
    encoding, errors, write_through = stream.encoding, stream.errors, stream.write_through
    buffer = stream.buffer
    old = getattr(buffer, "raw", buffer)
    # a new one: once asked, it remembers for good whether it can seek
    raw = type(old)(descriptor, mode, closefd=False)
    raw.name = old.name
    if old is buffer:
        buffer = raw
    else:
        buffer.__init__(raw, find_buffer_size(descriptor))
    stream.__init__(
        buffer,
        encoding,
        errors,
        newline="\n",
        line_buffering=is_buffered and (descriptor == STDERR or raw.isatty()),
        write_through=write_through,
    )


def find_buffer_size(descriptor: int) -> int:
    """As open() chooses it (Modules/_io/_iomodule.c)."""
    size = os.fstat(descriptor).st_blksize
    if sys.version_info >= (3, 14):
        return max(min(size, 8 << 20), 128 << 10)
    return size if size > 1 else 8192
