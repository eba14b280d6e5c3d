"""What the program binds to something else in a module matters to imports that run code which names it.

A host would import before.  CPython tells which code is run; what code in C looks up for itself in
`builtins`, `sys` or importlib is not told, and ends the run of imports.

What an import has patched itself is patched in a host just as well, at the same place between the same
imports.
"""

import sys

from mainspring.warm.effects import KEPT_RESULTS
from mainspring.warm.mentions import ALL_NAMES, list_mentioned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType

    from mainspring.warm.recipe import Cause

    Change = tuple[str, str, object, object]  # see remember_names

#: what CPython's own C code, and importlib, look into
MACHINERY = {"builtins", "importlib", "posix", "sys", "zipimport"}
IMPORTLIB = "<frozen importlib._bootstrap"
#: with what code may come to any name of a module that it mentions
LOOKUPS = {ALL_NAMES, "__dict__", "attrgetter", "dir", "getattr", "getmembers", "vars"}
SYSTEM, STREAMS = {"sys", "_sys"}, {"stdin", "stdout", "stderr"}


class Patches:
    """What the program has bound to something else."""

    def __init__(self) -> None:
        self.bound: set[tuple[str, str]] = set()  # a module, and a name in it
        self.codes: dict[int, CodeType] = {}  # of functions that now stand somewhere
        self.has_streams = False  # other standard streams

    def __bool__(self) -> bool:
        return bool(self.bound) or self.has_streams

    def note(self, changes: "Iterable[Change]", running: "Iterable[str]") -> "Cause | None":
        """Note *changes* in modules, and tell what stands against any further import.

        A module of those *running*, whose import is not over, binds its own names.
        """
        for module, name, before, now in changes:
            if module in running or (module, name) in KEPT_RESULTS:
                continue
            is_module = name == module and type(before) is type(sys)  # in sys.modules
            if is_module or module.partition(".")[0].lstrip("_") in MACHINERY:
                return "patch", f"{module}.{name}"
            self.add(module, name, now)
        return None

    def add(self, module: str, name: str, value: object) -> None:
        self.bound.add((module, name))
        code = getattr(value, "__code__", None) if type(value) is type(list_mentioned) else None
        if code is not None:
            self.codes[id(code)] = code

    def find_mention(self, code: "CodeType", mentioned: "set[str] | None" = None) -> str:
        """What of it is mentioned in *code*, which runs; empty if nothing is."""
        if code.co_filename.startswith(IMPORTLIB):
            return ""
        if id(code) in self.codes:
            return f"calls {code.co_name}"
        names = list_mentioned(code) if mentioned is None else mentioned
        for module, name in self.bound:
            is_at_large = module.rpartition(".")[2] in names and not LOOKUPS.isdisjoint(names)
            if name in names or is_at_large:
                return f"{module}.{name}"
        # words that many use for other things
        is_stream = self.has_streams and not SYSTEM.isdisjoint(names) and not STREAMS.isdisjoint(names)
        return "sys.stdout" if is_stream else ""
