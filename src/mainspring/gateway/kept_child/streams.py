"""The standard streams are the same objects for every request, since modules hold them, on new ones."""

import io
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Streams:
    """sys.stdin, sys.stdout and sys.stderr: the same objects, on new ones each time.

    A wrapper that a script has made of the old ones may be closed at any time later.
    """

    def __init__(self) -> None:
        self.texts: list[Any] = [sys.stdin, sys.stdout, sys.stderr]
        self.forms = [
            (text.encoding, text.errors, text.line_buffering, text.write_through) for text in self.texts
        ]
        self.names = [text.name for text in self.texts]
        self.is_raw = [isinstance(text.buffer, io.RawIOBase) for text in self.texts]
        self.buffers: list[Any] = []
        self.usual: list[int] = []

    def renew(self) -> None:
        self.buffers = []
        for number, text in enumerate(self.texts):
            raw = io.FileIO(number, "rb" if number == 0 else "wb", closefd=False)
            raw.name = self.names[number]
            buffer: Any = raw
            if not self.is_raw[number]:
                buffer = io.BufferedReader(raw) if number == 0 else io.BufferedWriter(raw)
            encoding, errors, line_buffering, write_through = self.forms[number]
            text.__init__(buffer, encoding, errors, "\n", line_buffering, write_through)
            text.mode = "r" if number == 0 else "w"
            self.buffers.append(buffer)
        del buffer, raw
        self.put_back()
        self.usual = [sys.getrefcount(self.buffers[number]) for number in range(3)]

    def put_back(self) -> None:
        sys.stdin, sys.stdout, sys.stderr = self.texts
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = self.texts  # type: ignore[misc]

    def are_held(self) -> bool:
        """Whether somebody else could still write to what the script has written to."""
        return any(sys.getrefcount(self.buffers[number]) > self.usual[number] for number in range(3))


def flush(stream: "Any") -> None:
    """As CPython does at its end; whatever fails then fails here."""
    if stream is not None and not getattr(stream, "closed", False):
        stream.flush()


def flush_own(text: "Any") -> None:
    """One that the script may have closed, or taken apart."""
    try:
        flush(text)
    except ValueError:
        pass
