"""Where a program has its modules loaded lazily, those that were loaded by the end may come ahead.

A finder that holds the one in whose place it stands, and has a LazyLoader, is taken for one that makes
loading lazy and does nothing else; what it loaded is held to what the plain finders find.  A host loads
these modules, and leaves what they import besides as the program has it: found, and not loaded.

Their code runs whenever somebody first looks into them: so what the program has replaced until then must
be nothing that they mention.
"""

import sys
from _frozen_importlib import BuiltinImporter, FrozenImporter
from _frozen_importlib_external import ExtensionFileLoader, PathFinder, SourceFileLoader

from mainspring._warm import find_patches
from mainspring.warm.effects import KEPT_RESULTS
from mainspring.warm.mentions import collect_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import CodeType, FrameType, ModuleType
    from typing import Any

PLAIN_LOADERS = (SourceFileLoader, ExtensionFileLoader)
PLAIN_FINDERS = (BuiltinImporter, FrozenImporter)
NAMESPACE_LOADERS = {"NamespaceLoader", "_NamespaceLoader"}
PLAIN_MODULE = type(sys)


# ---- finders ------------------------------------------------------------------------------------


def is_lazy_path(before: "tuple[object, ...]", after: "tuple[object, ...]") -> bool:
    """Whether sys.meta_path became *after* only in that loading is lazy now."""
    if len(before) != len(after):
        return False
    pairs = [(old, new) for old, new in zip(before, after, strict=True) if old is not new]
    return bool(pairs) and all(is_lazy_finder(old, new) for old, new in pairs)


def is_lazy_finder(old: object, new: object) -> bool:
    home = sys.modules.get(type(new).__module__)
    lazy = getattr(sys.modules.get("importlib.util"), "LazyLoader", None)
    if home is None or lazy is None or not any(value is old for value in list_held(new)):
        return False
    return any(isinstance(value, type) and issubclass(value, lazy) for value in vars(home).values())


def list_held(finder: object) -> "Iterator[object]":
    """What *finder* holds, without its own code being asked."""
    for kind in type(finder).__mro__:
        for value in vars(kind).values():
            if type(value).__name__ == "member_descriptor":  # of __slots__
                try:
                    yield value.__get__(finder)
                except AttributeError:
                    continue
    try:
        yield from object.__getattribute__(finder, "__dict__").values()
    except AttributeError:
        return


class LazyRest:
    """A host's finder for the time of its imports: finds the modules that are not *wanted*, lazily."""

    def __init__(self, wanted: "set[str]") -> None:
        self.wanted = wanted
        self.make_loader = sys.modules["importlib.util"].LazyLoader

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        if name in self.wanted:
            return None
        for finder in (*PLAIN_FINDERS, PathFinder):
            spec: Any = finder.find_spec(name, path, target)
            if spec is not None:
                break
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = self.make_loader(spec.loader)
        return spec


# ---- patches ------------------------------------------------------------------------------------


class LazyRun:
    """The program from where its modules are loaded lazily."""

    def __init__(self) -> None:
        self.known = {*sys.modules}
        self.last = ""  # the file of the code that may not have run yet
        self.unfinished = {*list_unfinished()}
        self.patched: set[tuple[str, str]] = set()  # the last part of a module's name, and a name in it

    def note_patches(self, *, is_end: bool = False) -> None:
        """A module that is still being loaded, or is loaded at this very *end*, binds its own names."""
        unfinished = {*list_unfinished()}
        own = self.unfinished if is_end else self.unfinished & unfinished
        for module, name, _, _ in find_patches():
            if module not in own and (module, name) not in KEPT_RESULTS:
                self.patched.add((module.rpartition(".")[2], name))
        self.unfinished = unfinished

    def find_mention(self, code: "CodeType") -> str:
        """What was replaced, and is mentioned in the *code* of a module that is about to be loaded."""
        self.last = code.co_filename
        if not self.patched:
            return ""
        names: set[str] = set()
        collect_names(code, names)
        parts = {part for name in names for part in name.split(".")}
        return next((f"{one}.{name}" for one, name in self.patched if {one, name} <= parts), "")

    def list_loaded(self) -> "list[str] | None":
        """The modules that were loaded, in the order in which they were asked for first.

        Of one that is being loaded, the rest comes after what ended the run.  None if one of them was
        loaded as the plain finders would not.
        """
        loaded = []
        unfinished = {*list_unfinished()}
        for name, module in [*sys.modules.items()]:
            if name in self.known or type(module) is not PLAIN_MODULE:
                continue
            spec = vars(module).get("__spec__")
            loader = getattr(spec, "loader", None)
            if type(loader).__name__ in NAMESPACE_LOADERS:
                continue
            if spec is None or spec.name != name or not is_plain(spec, getattr(loader, "loader", loader)):
                return None
            if name not in unfinished and spec.origin != self.last:
                loaded.append(name)
        return loaded


def list_unfinished() -> "Iterator[str]":
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "<module>":
            yield frame.f_globals.get("__name__", "")
        frame = frame.f_back


def is_plain(spec: "Any", loader: "Any") -> bool:
    if loader in PLAIN_FINDERS:
        return True
    if type(loader) not in PLAIN_LOADERS:
        return False
    package = spec.name.rpartition(".")[0]
    path = find_path(sys.modules.get(package)) if package else None
    found: Any = None if package and path is None else PathFinder.find_spec(spec.name, path)
    return found is not None and (found.origin, type(found.loader)) == (spec.origin, type(loader))


def find_path(package: "ModuleType | None") -> "Any":
    """Where its parts are looked for; without having it loaded."""
    try:
        return object.__getattribute__(package, "__dict__").get("__path__")
    except AttributeError:
        return None
