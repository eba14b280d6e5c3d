"""What a script leaves is taken down before the answer ends, as at the end of a process, cycles and all.

A connection of sqlite3 is in a cycle with its own cache, and so are a class and its attributes: until
they are collected, a transaction stays open, and locks the database.

What modules hold is exempt, or each request would pay for looking at all of it (3 to 50 ms).
"""

import gc

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

#: after so many requests, everything is looked at: modules may have dropped what was exempt
INTERVAL = 100
CODE = (type(gc), type(lambda: 0), type(gc.collect))


class Garbage:
    """What is left of requests."""

    def __init__(self) -> None:
        self.left = INTERVAL

    def take_down(self, names: "dict[str, Any]") -> None:
        """Clear the names of a script, those that finalizers use after all others."""
        self.left -= 1
        if not self.left:
            gc.unfreeze()
        for part in divide(names):
            for name in part:
                names[name] = None
            gc.collect()

    def settle(self, is_of_modules: bool) -> None:
        """Nothing is left of the script: what there is belongs to modules."""
        if is_of_modules or not self.left:
            self.left = INTERVAL
            gc.freeze()


def divide(names: "dict[str, Any]") -> "list[list[str]]":
    """Names of values, of classes and of other code: so they go.

    What has a finalizer goes first, since the collector of CPython runs these before anything is cleared;
    then `_x`, as Objects/moduleobject.c, _PyModule_ClearDict, has it.
    """
    parts: list[list[str]] = [[], [], []]
    for name, value in names.items():
        if name != "__builtins__":
            parts[find_part(type(value))].append(name)
    for part in parts:
        part.sort(key=lambda name: (not has_finalizer(names[name]), not is_private(name)))
    return parts


def find_part(kind: type) -> int:
    return 1 if issubclass(kind, type) else 2 if issubclass(kind, CODE) else 0


def is_private(name: object) -> bool:
    return str(name)[:1] == "_" and str(name)[:2] != "__"


def has_finalizer(value: object) -> bool:
    """Asks nothing of the script's own."""
    return any("__del__" in type.__getattribute__(kind, "__dict__") for kind in type.mro(type(value)))
