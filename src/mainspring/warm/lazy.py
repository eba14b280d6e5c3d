"""Where a program has its modules loaded lazily, those that were loaded by the end may come ahead.

A finder that holds the one in whose place it stands, and has a LazyLoader, is taken for one that makes
loading lazy and does nothing else; what it loaded is held to what the plain finders find.  A host loads
these modules, and leaves what they import besides as the program has it: found, and not loaded.

The code of a module runs when somebody first looks into it: that is its load, and what is said of imports
elsewhere is true of loads here.  What was found and not loaded is left to the program.
"""

import sys
from _frozen_importlib import BuiltinImporter, FrozenImporter
from _frozen_importlib_external import ExtensionFileLoader, PathFinder, SourceFileLoader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType
    from typing import Any

PLAIN_LOADERS = (SourceFileLoader, ExtensionFileLoader)
PLAIN_FINDERS = (BuiltinImporter, FrozenImporter)
NAMESPACE_LOADERS = {"NamespaceLoader", "_NamespaceLoader"}
PLAIN_MODULE = type(sys)
MODULE_STARTERS = {"exec_builtin", "exec_dynamic"}


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


class LazyFinder:
    """A host's finder for the time of its imports: finds what is not to be loaded *at_once* lazily."""

    def __init__(self, at_once: "set[str]") -> None:
        self.at_once = at_once
        self.make_loader = sys.modules["importlib.util"].LazyLoader

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        if name in self.at_once:
            return None
        for finder in (*PLAIN_FINDERS, PathFinder):
            spec: Any = finder.find_spec(name, path, target)
            if spec is not None:
                break
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = self.make_loader(spec.loader)
        return spec


# ---- loads --------------------------------------------------------------------------------------


class LazyRun:
    """The program from where its modules are loaded lazily."""

    def __init__(self) -> None:
        self.known = {*sys.modules}
        self.searching: list[str] = []  # the imports that are not over
        self.at_once: set[str] = set()  # what an import loads all the same

    def note_load(self, name: str) -> None:
        if name in self.searching:
            self.at_once.add(name)

    def is_plain(self) -> bool:
        """Whether all that was loaded was loaded as the plain finders would."""
        return all(
            is_plain_module(name, module)
            for name, module in [*sys.modules.items()]
            if name not in self.known and type(module) is PLAIN_MODULE
        )


def find_loading(arguments: "tuple[Any, ...]") -> str:
    """The name of the module whose code importlib has run by a call with *arguments*; empty for none."""
    function, *rest = arguments
    if function is exec:
        return str(rest[1].get("__name__", ""))
    if getattr(function, "__name__", "") in MODULE_STARTERS and function.__module__ == "_imp":
        return str(list_names(rest[0]).get("__name__", ""))
    return ""


def is_plain_module(name: str, module: "ModuleType") -> bool:
    spec = vars(module).get("__spec__")
    loader = getattr(spec, "loader", None)
    if type(loader).__name__ in NAMESPACE_LOADERS:
        return True
    return spec is not None and spec.name == name and is_plain(spec, getattr(loader, "loader", loader))


def is_plain(spec: "Any", loader: "Any") -> bool:
    if loader in PLAIN_FINDERS:
        return True
    if type(loader) not in PLAIN_LOADERS:
        return False
    package = spec.name.rpartition(".")[0]
    path = list_names(sys.modules.get(package)).get("__path__") if package else None
    found: Any = None if package and path is None else PathFinder.find_spec(spec.name, path)
    return found is not None and (found.origin, type(found.loader)) == (spec.origin, type(loader))


def list_names(module: "ModuleType | None") -> "dict[str, Any]":
    """What *module* binds; without having it loaded, if it is a lazy one."""
    try:
        names: dict[str, Any] = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}
    return names
