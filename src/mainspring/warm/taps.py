"""What is put in place of the program's surroundings while a start is recorded, and taken away after.

What somebody kept of it goes on doing what it stands for.
"""

import _frozen_importlib as importlib
import os
import posix
import sys

from mainspring._warm import (
    disguise,
    divert,
    follow,
    is_wrapper,
    restore,
    reveal,
    set_reader,
    unwrap,
    wrap,
    wrap_import,
    wrap_load,
)
from mainspring.warm.callers import CALLS
from mainspring.warm.effects import ASKING, CHANGE_QUERIES, QUERIES

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

THREAD_STARTERS = ("start_new_thread", "start_new", "_start_new_thread")
ABILITIES: "tuple[set[Any], ...]" = (
    os.supports_dir_fd, os.supports_effective_ids, os.supports_fd, os.supports_follow_symlinks,
)  # fmt: skip
CALL = "_call_with_frames_removed"
ARGUMENT_LISTS = ("argv", "orig_argv")


class Taps:
    """All that tells a recorder what happens."""

    def __init__(
        self,
        on_import: "Callable[[str, bool | None], None]",
        on_query: "Callable[[str, Any], None]",
    ) -> None:
        self.on_import, self.on_query = on_import, on_query
        self.streams: list[tuple[Any, str]] = []
        self.disguised: list[Any] = []
        self.marked: list[Any] = []
        self.is_following = False  # what code is run
        self.able: list[tuple[set[Any], Any]] = []

    def install(self) -> None:
        on_query = self.on_query
        for name in QUERIES:
            if hasattr(posix, name):
                wrapper = wrap(getattr(posix, name), on_query, name)
                setattr(posix, name, wrapper)
                setattr(os, name, wrapper)
        self.tap_asking()
        for stream in (sys.stdout, sys.stderr):
            self.tap_stream(stream, "write", "print")
            self.tap_stream(getattr(stream, "buffer", None), "write", "print")
        for stream in (sys.stdin, sys.stdout, sys.stderr):
            self.tap_stream(stream, "reconfigure", "reconfigure")
        self.tap_container(os.environ._data)  # type: ignore[attr-defined]  # typeshed lacks it
        set_reader(on_query)
        for name in CALLS:
            self.divert_calls(name)
        if sys.version_info < (3, 12):
            self.tap_threads()
        # C code of CPython's finds these here, each time that it imports
        names = vars(importlib)
        names["_lock_unlock_module"] = wrap(names["_lock_unlock_module"], on_query, "touch")
        names["_handle_fromlist"] = wrap(names["_handle_fromlist"], on_query, "from")
        names["_find_and_load"] = wrap_import(names["_find_and_load"], self.on_import)

    def tap_asking(self) -> None:
        """Let it be told who asks for a file through `os`: importlib does so through `posix`.

        Which functions take a descriptor, say, modules look up in sets: a wrapper takes what its function
        does.
        """
        for name in ASKING:
            function = getattr(os, name)
            wrapper = wrap(function, self.on_query, name)
            setattr(os, name, wrapper)
            for abilities in ABILITIES:
                if function in abilities:
                    abilities.add(wrapper)
                    self.able.append((abilities, wrapper))

    def tap_loading(self, on_load: "Callable[[Any, bool | None], None]") -> None:
        """Let it be told when a module's code is run: the load of a lazy one is no import."""
        names = vars(importlib)
        names[CALL] = wrap_load(names[CALL], on_load)

    def tap_threads(self) -> None:
        """Let it be told when a thread starts: up to 3.11 there is no event."""
        for module in [sys.modules.get(name) for name in ("_thread", "threading")]:
            for name in THREAD_STARTERS:
                if hasattr(module, name):
                    setattr(module, name, wrap(getattr(module, name), self.on_query, "thread"))

    def tap_stream(self, stream: "Any", method: str, word: str) -> None:
        try:
            if method not in vars(stream):
                setattr(stream, method, wrap(getattr(stream, method), self.on_query, word))
                self.streams.append((stream, method))
        except (AttributeError, TypeError):
            pass  # closed, or of a kind of its own

    def divert_calls(self, name: str) -> None:
        """Let the C functions of the module *name* tell, as soon as it is there."""
        module = sys.modules.get(name)
        for path in CALLS.get(name, ()) if module is not None else ():
            owner: Any = module
            *owners, last = path.split(".")
            for part in owners:
                owner = getattr(owner, part, None)
            function = getattr(owner, last, None)
            if type(function) is type(list.append):
                function = getattr(owner(), last)  # by an instance, it is a function of C
            if function is not None:
                divert(function, self.on_query, f"{name}.{path}")

    def tap_change(self, reason: str) -> None:
        """Let the functions tell by which an import could see what the program has changed."""
        modules, names = CHANGE_QUERIES.get(reason, ((), ()))
        for module in [sys.modules.get(name) for name in modules]:
            for name in names:
                function = getattr(module, name, None)
                if type(function) is type(posix.getpid) and not is_wrapper(function):
                    setattr(module, name, wrap(function, self.on_query, name))

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

    def mark(self, name: str) -> None:
        """Let CPython tell who imports the module *name*, which is there already.

        It asks for the lock of a module whose spec says that its import is not over.
        """
        spec: Any = getattr(sys.modules.get(name), "__spec__", None)
        if getattr(spec, "_initializing", None) is False:
            spec._initializing = True
            self.marked.append(spec)

    def follow_code(self) -> None:
        """Have all code told that is run, once; if nobody else is told already."""
        if not self.is_following and sys.getprofile() is None:
            self.is_following = follow(self.on_query)

    def unfollow_code(self) -> None:
        if self.is_following:
            follow(None)
            self.is_following = False

    def remove(self) -> None:
        self.unfollow_code()
        for spec in self.marked:
            spec._initializing = False
        self.marked.clear()
        set_reader(None)
        for module in [*sys.modules.values()]:
            if issubclass(type(module), type(sys)):  # `vars` would load a lazy one
                unwrap(object.__getattribute__(module, "__dict__"))
        unwrap(vars(importlib))
        restore()
        for stream, method in self.streams:
            vars(stream).pop(method, None)
        self.streams.clear()
        for abilities, wrapper in self.able:
            abilities.discard(wrapper)
        self.able.clear()
        for container in self.disguised:
            reveal(container)
        self.disguised.clear()
