"""A host's imports ahead: those of the recipe, in its order, as far as they do what was recorded."""

import os
import sys

from mainspring._warm import keep, listen
from mainspring.warm.lazy import LazyRest
from mainspring.warm.learning import amend
from mainspring.warm.recorder import Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from mainspring.warm.recipe import Recipe
    from mainspring.warm.sight import Sight

SITE_FOLDERS = ("site-packages", "dist-packages")

__all__ = ["Ahead", "amend", "import_ahead"]


class Ahead:
    """What was imported, what that is made of, and what it depends on."""

    def __init__(self) -> None:
        self.modules: list[str] = []
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.names: set[str] = set()
        self.listed: set[str] = set()
        self.read_names: set[str] = set()
        self.selects: set[str] = set()
        self.effect: tuple[str, str, str] | None = None
        self.instead: list[tuple[str, int]] = []  # what its module had imported before


def import_ahead(recipe: "Recipe", sight: "Sight") -> Ahead:
    """Import what *recipe* says, up to the first module that cannot be imported, or has an effect.

    What the imports come past is noted in *sight*.

    Raises nothing that an import raises.
    """
    ahead = Ahead()
    recorder = Recorder(lambda: None, sight)
    keep(recorder)
    listen(recorder.hear)
    recorder.start()
    failure = import_all(recipe.ahead, ahead, recorder)
    if recorder.effect is not None and ahead.modules[-1:] == [recorder.effect[0]]:
        ahead.modules.pop()
    was_on = recorder.is_on
    if was_on:
        recorder.stop()
    ahead.effect = recorder.effect
    if was_on and failure is not None:
        ahead.effect = failure
    ahead.instead = [(span.name, span.spent_us) for span in recorder.done]
    ahead.read_names, ahead.listed = recorder.read.names, recorder.read.folders
    ahead.names, ahead.selects = recorder.searched, recorder.read.selects
    ahead.files = recorder.read.files
    add_modules(ahead)
    add_places(ahead)
    return ahead


def import_all(
    rows: "list[tuple[str, int]]", ahead: Ahead, recorder: Recorder
) -> "tuple[str, str, str] | None":
    """Import the modules of *rows*.  What the program loads lazily may fail without its noticing."""
    finder = None
    try:
        for module, spent_us in rows:
            if not spent_us and finder is None and recorder.is_on:
                finder = place_finder(LazyRest({name for name, _ in rows}), recorder)
            failure = import_module(module) if recorder.is_on else "not tried"
            if failure:
                return None if spent_us else (module, "failed", failure)
            ahead.modules.append(module)
    finally:
        if finder is not None:
            sys.meta_path.remove(finder)
    return None


def place_finder(finder: LazyRest, recorder: Recorder) -> LazyRest:
    sys.meta_path.insert(0, finder)
    recorder.remember(recorder.observe())
    return finder


def import_module(name: str) -> str:
    """What went wrong; empty if the module *name* is imported now."""
    try:
        __import__(name)
    except Exception as error:  # noqa: BLE001 - the program is to find the failure, in its own time
        return type(error).__name__
    return ""


def add_modules(ahead: Ahead) -> None:
    """Add what all modules were loaded from, and where their packages' parts are looked for."""
    for name, module in [*sys.modules.items()]:
        ahead.names.add(name.rpartition(".")[2])
        spec: Any = list_names(module).get("__spec__")
        if getattr(spec, "has_location", False) and isinstance(spec.origin, str):
            ahead.files.add(spec.origin)
        ahead.folders.update(list_places(module))


def list_names(module: "ModuleType") -> "dict[str, Any]":
    """What *module* binds; without having it loaded, if it is a lazy one."""
    try:
        names: dict[str, Any] = object.__getattribute__(module, "__dict__")
    except AttributeError:
        return {}
    return names


def list_places(module: "ModuleType") -> "list[str]":
    try:
        return [path for path in list_names(module)["__path__"] if isinstance(path, str)]
    except (LookupError, TypeError):
        return []


def add_places(ahead: Ahead) -> None:
    """Add what sys.path names, and the files that made it so."""
    ahead.files.add(os.path.join(sys.prefix, "pyvenv.cfg"))
    for path in sys.path:
        if os.path.isfile(path):
            ahead.files.add(path)
        else:
            ahead.folders.add(path)
        if os.path.basename(path) in SITE_FOLDERS:
            ahead.files.update(list_path_files(path))


def list_path_files(folder: str) -> "list[str]":
    try:
        return [f"{folder}/{name}" for name in os.listdir(folder) if name.endswith(".pth")]
    except OSError:
        return []
