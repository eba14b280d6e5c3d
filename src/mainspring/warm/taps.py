"""What is put in place of the program's surroundings while a start is recorded, and taken away after.

What somebody kept of it goes on doing what it stands for.
"""

import os
import posix
import sys

import _frozen_importlib as importlib

from mainspring._warm import disguise, is_wrapper, reveal, set_reader, unwrap, wrap, wrap_import
from mainspring.warm.effects import LOCALE_QUERIES, QUERIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from mainspring.warm.recorder import Recorder

ARGUMENT_LISTS = ("argv", "orig_argv")
LOCALE_MODULES = ("_locale", "locale", "time")


class Taps:
    """All that tells a recorder what happens."""

    def __init__(self) -> None:
        self.streams: list[Any] = []
        self.disguised: list[Any] = []

    def install(self, recorder: "Recorder") -> None:
        on_query = recorder.on_query
        for name in QUERIES:
            if hasattr(posix, name):
                wrapper = wrap(getattr(posix, name), on_query, name)
                setattr(posix, name, wrapper)
                setattr(os, name, wrapper)
        for stream in (sys.stdout, sys.stderr):
            self.tap_stream(stream, on_query)
            self.tap_stream(getattr(stream, "buffer", None), on_query)
        self.tap_container(os.environ._data)  # type: ignore[attr-defined]  # typeshed lacks it
        set_reader(on_query)
        importlib._lock_unlock_module = wrap(importlib._lock_unlock_module, on_query, "touch")
        importlib._find_and_load = wrap_import(importlib._find_and_load, recorder.on_import)

    def tap_stream(self, stream: "Any", on_query: "Callable[[str, Any], None]") -> None:
        try:
            if "write" not in vars(stream):
                stream.write = wrap(stream.write, on_query, "print")
                self.streams.append(stream)
        except (AttributeError, TypeError):
            pass  # closed, or of a kind of its own

    def tap_locale(self, recorder: "Recorder") -> None:
        """Let the functions tell that depend on a locale: the program has set one."""
        for module in [sys.modules.get(name) for name in LOCALE_MODULES]:
            for name in LOCALE_QUERIES:
                function = getattr(module, name, None)
                if type(function) is type(posix.getpid) and not is_wrapper(function):
                    setattr(module, name, wrap(function, recorder.on_query, name))

    def tap_container(self, container: "Any") -> None:
        if disguise(container):
            self.disguised.append(container)

    def tap_arguments(self) -> None:
        """Let sys.argv tell who reads it, for the time of an import."""
        for name in ARGUMENT_LISTS:
            self.tap_container(getattr(sys, name, None))

    def release_arguments(self) -> None:
        for container in self.disguised[1:]:
            reveal(container)
        del self.disguised[1:]

    def remove(self) -> None:
        set_reader(None)
        for module in [*sys.modules.values()]:
            if isinstance(module, type(sys)):
                unwrap(vars(module))
        unwrap(vars(importlib))
        for stream in self.streams:
            vars(stream).pop("write", None)
        self.streams.clear()
        for container in self.disguised:
            reveal(container)
        self.disguised.clear()
