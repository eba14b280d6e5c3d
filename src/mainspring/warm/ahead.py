"""A host's imports ahead: those of the recipe, in its order, as far as they do what was recorded."""

import os
import sys

from mainspring._warm import keep, listen, refuse_exec
from mainspring.warm.lazy import LazyFinder, list_names
from mainspring.warm.recipe import AT_ONCE, FOUND, LOADED, split_step
from mainspring.warm.recorder import OF_SITE, Recorder
from mainspring.warm.siterun import SITE_FOLDERS, list_path_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from mainspring.warm.recipe import Recipe
    from mainspring.warm.sight import Sight


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
        self.is_ruled_out = False  # by what ran before: see siterun.py
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
    refuse_exec(True)  # an import that starts the program anew, say: nobody has asked for that
    ahead.effect = import_all(recipe.ahead, ahead, recorder)
    refuse_exec(False)
    if recorder.is_on:
        recorder.stop()
    ahead.is_ruled_out = recorder.ended == OF_SITE
    ahead.instead = [span.row for span in recorder.done]
    add_readings(ahead, recorder)
    return ahead


def import_all(
    rows: "list[tuple[str, int]]", ahead: Ahead, recorder: Recorder
) -> "tuple[str, str, str] | None":
    """Take the steps of *rows*, up to the first that fails.

    What is told of that one: nothing if it is gone, but what is loaded lazily may fail without the
    program's noticing.
    """
    finder = None
    try:
        for how, module in [split_step(step) for step, _ in rows]:
            if how in {FOUND, LOADED} and finder is None:
                finder = place_finder(LazyFinder(list_at_once(rows)), recorder)
            failure = take_step(how, module) if recorder.is_on else ""
            if not recorder.is_on:
                return recorder.effect and (module, *recorder.effect[1:])
            if failure:
                return (module, "failed", failure) if how else None
            ahead.modules += [module] if how in {"", LOADED} else []
    finally:
        if finder is not None:
            sys.meta_path.remove(finder)
    return None


def list_at_once(rows: "list[tuple[str, int]]") -> "set[str]":
    steps = [split_step(step) for step, _ in rows]
    return {module for how, module in steps if how == AT_ONCE}


def place_finder(finder: LazyFinder, recorder: Recorder) -> LazyFinder:
    sys.meta_path.insert(0, finder)
    recorder.follow_loads()
    recorder.remember(recorder.observe())
    return finder


def take_step(how: str, name: str) -> str:
    """What went wrong; empty if the module *name* is imported, found or loaded now."""
    try:
        if how != AT_ONCE and name not in sys.modules:
            __import__(name)
        if how == LOADED:
            getattr(sys.modules[name], "__name__")  # noqa: B009 - for a lazy one, it is what loads it
    except Exception as error:  # noqa: BLE001 - the program is to find the failure, in its own time
        return type(error).__name__
    return ""


def add_readings(ahead: Ahead, recorder: Recorder) -> None:
    """Add all that the host depends on from now on: what was read and looked for, and what is loaded."""
    ahead.read_names, ahead.listed = recorder.read.names, recorder.read.folders
    ahead.names, ahead.selects = recorder.searched, recorder.read.selects
    ahead.files = recorder.read.files
    add_modules(ahead)
    add_places(ahead)


def add_modules(ahead: Ahead) -> None:
    """Add what all modules were loaded from, and where their packages' parts are looked for."""
    for name, module in [*sys.modules.items()]:
        ahead.names.add(name.rpartition(".")[2])
        spec: Any = list_names(module).get("__spec__")
        if getattr(spec, "has_location", False) and isinstance(spec.origin, str):
            ahead.files.add(spec.origin)
        ahead.folders.update(list_places(module))


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
