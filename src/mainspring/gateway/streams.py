"""A script has three pipes to the gateway, or two and something to read from."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(slots=True)
class Streams:
    """Both ends of a script's standard streams; ours do not block."""

    ours: tuple[int, int, int]  # -1 in the first place where the script was given something to read
    theirs: tuple[int, int, int]
    owned: tuple[int, ...]  # those of theirs that were made here

    def close_theirs(self) -> None:
        """The script has them: by their ends it is seen to be done with one."""
        owned, self.owned = self.owned, ()
        for descriptor in owned:
            os.close(descriptor)

    def close_ours(self) -> None:
        for descriptor in self.ours:
            if descriptor >= 0:
                os.close(descriptor)


def open_streams(stdin: int | None) -> Streams:
    """Pipes for what a script writes, and reads, unless it is to read from *stdin*.  Raises OSError."""
    opened: list[int] = []
    try:
        for _ in range(2 if stdin is not None else 3):
            opened += os.pipe()
        for descriptor in (opened[0], opened[2], *opened[5:]):
            os.set_blocking(descriptor, False)
    except OSError:
        for descriptor in opened:
            os.close(descriptor)
        raise
    return arrange_streams(opened, stdin)


def arrange_streams(opened: list[int], stdin: int | None) -> Streams:
    output, errors = opened[1], opened[3]
    if stdin is not None:
        return Streams((-1, opened[0], opened[2]), (stdin, output, errors), (output, errors))
    theirs = (opened[4], output, errors)
    return Streams((opened[5], opened[0], opened[2]), theirs, theirs)
