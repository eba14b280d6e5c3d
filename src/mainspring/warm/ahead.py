"""A host's imports ahead: those of the recipe, in its order, as far as they do what was recorded."""

import os
import sys

from mainspring._warm import keep, listen
from mainspring.warm.learning import amend
from mainspring.warm.recorder import Recorder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from mainspring.warm.recipe import Recipe

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


def import_ahead(recipe: "Recipe") -> Ahead:
    """Import what *recipe* says, up to the first module that cannot be imported, or has an effect.

    Raises nothing that an import raises.
    """
    ahead = Ahead()
    recorder = Recorder(lambda: None, is_host=True)
    keep(recorder)
    listen(recorder.hear)
    recorder.start()
    for module, _ in recipe.ahead:
        if not recorder.is_on or not import_module(module):
            break
        ahead.modules.append(module)
    if recorder.effect is not None and ahead.modules[-1:] == [recorder.effect[0]]:
        ahead.modules.pop()
    if recorder.is_on:
        recorder.stop()
    ahead.effect = recorder.effect
    ahead.instead = [(span.name, span.spent_us) for span in recorder.done]
    ahead.read_names, ahead.listed = recorder.read.names, recorder.read.folders
    ahead.names, ahead.selects = recorder.searched, recorder.read.selects
    ahead.files = recorder.read.files
    add_modules(ahead)
    add_places(ahead)
    return ahead


def import_module(name: str) -> bool:
    """Whether the module *name* is imported now."""
    try:
        __import__(name)
    except Exception:  # noqa: BLE001 - the program is to find the failure, in its own time
        return False
    return True


def add_modules(ahead: Ahead) -> None:
    """Add what all modules were loaded from, and where their packages' parts are looked for."""
    for name, module in [*sys.modules.items()]:
        ahead.names.add(name.rpartition(".")[2])
        spec: Any = getattr(module, "__spec__", None)
        if getattr(spec, "has_location", False) and isinstance(spec.origin, str):
            ahead.files.add(spec.origin)
        ahead.folders.update(list_places(module))


def list_places(module: "ModuleType") -> "list[str]":
    try:
        return [path for path in module.__path__ if isinstance(path, str)]
    except (AttributeError, TypeError):
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
