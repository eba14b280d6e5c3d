"""The scripts that a command is about: those that were given, or all."""

import os
from collections.abc import Iterable

from mainspring.codecache.counters import escape_program
from mainspring.codecache.origin import is_gone


class Scripts:
    """Some scripts, or all: an entry may be of one by another path, through links or with a `./`."""

    def __init__(self, given: Iterable[str] = ()) -> None:
        self.paths = [os.path.abspath(path) for path in given]
        self._real = {os.path.realpath(path) for path in self.paths}
        self._met: set[str] = set()

    @property
    def are_all(self) -> bool:
        return not self.paths

    @property
    def missing(self) -> list[str]:
        """Those that are gone, and that nothing was of so far."""
        return [path for path in self.paths if is_gone(path) and os.path.realpath(path) not in self._met]

    def hold(self, script: str) -> bool:
        """Whether *script* is one of them."""
        if self.are_all:
            return True
        real = os.path.realpath(script)
        if real in self._real:
            self._met.add(real)
        return real in self._real


def show(text: str) -> str:
    """*text*, such as a path, for a terminal: on one line, and in characters that can be printed."""
    return escape_program(text).decode(errors="replace")
