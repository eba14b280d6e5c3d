"""A mutation changes some content in its place, as chance decides; there has to be some to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Sequence

    Mutation = Callable[[random.Random, bytearray], None]

#: where a length ends, or its sign begins
ODD_NUMBERS = (0, 1, 2, 3, 4, 127, 255, 256, 65535, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1)
ODD_BYTES = b"\0\1\x7f\x80\xff"


def mutate(
    chance: random.Random, content: bytes, mutations: Sequence[Mutation], times: Sequence[int]
) -> bytes:
    """*content* after some *mutations*, as many as one of *times*."""
    changed = bytearray(content)
    for _ in range(chance.choice(times)):
        if changed:
            chance.choice(mutations)(chance, changed)
    return bytes(changed)


def flip_bit(chance: random.Random, content: bytearray) -> None:
    content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)


def set_byte(chance: random.Random, content: bytearray, to: bytes = ODD_BYTES) -> None:
    content[chance.randrange(len(content))] = chance.choice(to)


def set_number(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    number = chance.choice((*ODD_NUMBERS, len(content), chance.getrandbits(32)))
    content[at : at + 4] = number.to_bytes(4, "little")


def cut(chance: random.Random, content: bytearray) -> None:
    del content[chance.randrange(1, len(content) + 1) :]


def cut_front(chance: random.Random, content: bytearray) -> None:
    del content[: chance.randrange(len(content) + 1)]


def cut_out(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    del content[at : at + chance.randrange(1, 9)]


def insert(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content) + 1)
    content[at:at] = chance.randbytes(chance.randrange(1, 9))


def extend(chance: random.Random, content: bytearray) -> None:
    content += chance.randbytes(chance.randrange(1, 40))


def repeat_part(chance: random.Random, content: bytearray) -> None:
    at = chance.randrange(len(content))
    content[at:at] = content[at : at + chance.randrange(1, 60)]


def zero_part(chance: random.Random, content: bytearray) -> None:
    """As a file system may, that lost its power."""
    start = chance.randrange(len(content))
    length = len(content[start : start + chance.randrange(1, 4096)])
    content[start : start + length] = bytes(length)


def splice(chance: random.Random, content: bytearray, *, others: Sequence[bytes]) -> None:
    """Go on as one of *others* does somewhere."""
    other = chance.choice(others)
    content[chance.randrange(len(content) + 1) :] = other[chance.randrange(len(other) + 1) :]
