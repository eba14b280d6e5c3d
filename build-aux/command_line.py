"""The command line's definitions, taken from the source tree while the wheel is built."""

import importlib
import sys
from types import ModuleType

import click


class Unbuilt(ModuleType):
    """In place of the native module, which is not built yet, and which no definition calls."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return None


def load_group(source: str) -> click.Group:
    """The group of all commands, of the package in the folder *source*."""
    sys.dont_write_bytecode = True
    sys.path.insert(0, source)
    sys.modules["mainspring._native"] = Unbuilt("mainspring._native")
    group = importlib.import_module("mainspring.cli.main").group
    assert isinstance(group, click.Group)
    return group
