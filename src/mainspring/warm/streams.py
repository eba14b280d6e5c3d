"""The standard streams are made anew in each child, for what is at their descriptors by then."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STDERR = 2
STANDARD = (("stdin", "rb", "r"), ("stdout", "wb", "w"), ("stderr", "wb", "w"))


def renew_streams() -> None:
    """Let sys.stdin, stdout and stderr be for what is now at their descriptors.

    The objects stay the same, since imported modules may hold them; CPython makes them as it is done
    here (Python/pylifecycle.c, create_stdio).
    """
    is_buffered = not sys.stdout.write_through  # type: ignore[union-attr]  # it is a TextIOWrapper
    for descriptor, (name, binary_mode, mode) in enumerate(STANDARD):
        stream = getattr(sys, name)
        renew_stream(stream, descriptor, binary_mode, is_buffered=is_buffered)
        stream.mode = mode


def renew_stream(stream: "Any", descriptor: int, mode: str, *, is_buffered: bool) -> None:
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
