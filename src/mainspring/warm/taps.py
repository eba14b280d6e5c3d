"""What is put in place of the program's surroundings while a start is recorded, and taken away after.

What somebody kept of it goes on doing what it stands for.
"""

import os
import posix
import sys

import _frozen_importlib as importlib

from mainspring._warm import disguise, reveal, set_reader, unwrap, wrap, wrap_import
from mainspring.warm.effects import QUERIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

ARGUMENT_LISTS = ("argv", "orig_argv")


class Taps:
    """All that tells a recorder what happens."""

    def __init__(self) -> None:
        self.streams: list[Any] = []
        self.disguised: list[Any] = []

    def install(
        self,
        on_import: "Callable[[str, bool | None], None]",
        on_touch: "Callable[[str, tuple[Any, ...]], None]",
        on_query: "Callable[[str, tuple[Any, ...]], None]",
        on_print: "Callable[[str, tuple[Any, ...]], None]",
        on_read: "Callable[[str, object], None]",
    ) -> None:
        for name in QUERIES:
            if hasattr(posix, name):
                wrapper = wrap(getattr(posix, name), on_query, name)
                setattr(posix, name, wrapper)
                setattr(os, name, wrapper)
        for stream in (sys.stdout, sys.stderr):
            self.tap_stream(stream, on_print)
            self.tap_stream(getattr(stream, "buffer", None), on_print)
        self.tap_container(os.environ._data)  # type: ignore[attr-defined]  # typeshed lacks it
        set_reader(on_read)
        importlib._lock_unlock_module = wrap(importlib._lock_unlock_module, on_touch, "touch")
        importlib._find_and_load = wrap_import(importlib._find_and_load, on_import)

    def tap_stream(self, stream: "Any", on_print: "Callable[[str, tuple[Any, ...]], None]") -> None:
        try:
            if "write" not in vars(stream):
                stream.write = wrap(stream.write, on_print, "write")
                self.streams.append(stream)
        except (AttributeError, TypeError):
            pass  # closed, or of a kind of its own

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
