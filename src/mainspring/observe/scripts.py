"""The scripts that a command is about: those that were given, or all."""

import os
from collections.abc import Iterable


class Scripts:
    """Some scripts, or all: an entry may be of one by another path, through links or with a `./`."""

    def __init__(self, given: Iterable[str] = ()) -> None:
        self.paths = [os.path.abspath(path) for path in given]
        self._real = {os.path.realpath(path) for path in self.paths}

    @property
    def are_all(self) -> bool:
        return not self.paths

    def hold(self, script: str) -> bool:
        """Whether *script* is one of them."""
        return self.are_all or os.path.realpath(script) in self._real


def is_gone(path: str) -> bool:
    """Whether there is certainly nothing at *path*: what cannot be looked at may well be there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False
