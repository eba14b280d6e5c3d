"""What a reader makes of a script's output."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mainspring.gateway.exchange import Head
from mainspring.gateway.output import LocalRedirect, OutputReader
from mainspring.gateway.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mainspring.gateway.refusals import Word

BOUND = 65536


def read(
    parts: Iterable[bytes], method: str = "GET", bound: int = BOUND
) -> tuple[Head | LocalRedirect, bytes]:
    """The head and the body of an output that comes in *parts*.  Raises Refusal."""
    reader = OutputReader(bound, method)
    found: Head | LocalRedirect | None = None
    body = b""
    for part in parts:
        if found is not None:
            body += reader.cut(part)
            continue
        found = reader.feed(part)
        if found is not None:
            body = reader.rest()
    reader.end()
    assert found is not None
    return found, body


def read_head(output: bytes, method: str = "GET") -> Head:
    found, _ = read([output], method)
    assert isinstance(found, Head)
    return found


def refuse_output(output: bytes, bound: int = BOUND) -> Word:
    """The word with which *output* is refused, whether it comes at once or byte by byte."""
    words = set()
    for parts in ([output], [output[i : i + 1] for i in range(len(output))]):
        with pytest.raises(Refusal) as caught:
            read(parts, bound=bound)
        words.add(caught.value.word)
    (word,) = words
    return word
