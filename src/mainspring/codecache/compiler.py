"""Compiles a script as CPython would, and keeps the warnings that compiling gives.

CPython gives them at every start of a script, since it compiles it every time; an entry keeps them so
that they can be given again.
"""

import _warnings
import sys
import time

from mainspring._native import compile_script as compile_bytes
from mainspring.codecache.entry import KEPT_CATEGORIES
from mainspring.places import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from mainspring.codecache.entry import Warnings

    Filter = tuple[str, Any, type[Warning], Any, int]
    Recorded = tuple[object, type[Warning], str, int]

KEEP_ALL = ("always", None, Warning, None, 0)


class WarningsRecorder:
    """Stands in for the `warnings` module while the compiler runs, and records instead of showing.

    The interpreter's own machinery (Python/_warnings.c) asks the module `warnings` for filters and
    for what shows a warning, if it is loaded.  Loading the real one would leave a trace in the program.
    """

    def __init__(self, filters: "list[Filter]") -> None:
        self.filters = filters
        self.defaultaction = "default"
        self.onceregistry: dict[object, object] = {}
        self.recorded: list[Recorded] = []

    def WarningMessage(  # noqa: N802, PLR0913, PLR0917 - the name and arguments that CPython calls it with
        self,
        message: object,
        category: type[Warning],
        filename: str,
        line: int,
        file: object = None,
        text: object = None,
        source: object = None,
    ) -> "Recorded":
        del file, text, source
        return message, category, filename, line

    def _showwarnmsg(self, message: "Recorded") -> None:
        self.recorded.append(message)


def compile_script(content: bytes, path: str) -> "tuple[CodeType, Warnings, tuple[str, ...], int]":
    """Compile the script *path*, whose bytes are *content*.

    Returns the code, the warnings that came with it, the modules that compiling loaded, and how many
    nanoseconds it took.  Raises Refused for a script that is left to CPython, whose words about it
    come from the file itself.
    """
    if b"\0" in content or not is_well_encoded(content):
        raise Refused("does-not-compile", path)
    loaded = set(sys.modules)
    started = time.perf_counter_ns()
    try:
        code, recorded = compile_and_record(content, path)
    except Exception:  # noqa: BLE001 - whatever stops the compiler, CPython is to meet it itself
        raise Refused("does-not-compile", path) from None
    nanoseconds = time.perf_counter_ns() - started
    modules = tuple(name for name in sys.modules if name not in loaded)
    return code, keep_warnings(recorded, path), modules, nanoseconds


def is_well_encoded(content: bytes) -> bool:
    """Whether reading the file would not fail on a byte that compiling its bytes lets pass.

    Without a cookie CPython checks every line of a file, comments too; since 3.14 with one for UTF-8.
    """
    try:
        content.decode()
    except UnicodeDecodeError:
        cookie = b"".join(content.splitlines()[:2]).lower()
        return b"coding" in cookie and (b"utf" not in cookie or sys.version_info < (3, 14))
    return True


def compile_and_record(content: bytes, path: str) -> "tuple[CodeType, list[Recorded]]":
    """Code and what was warned of, with no trace left in the interpreter's warnings."""
    loaded = sys.modules.get("warnings")
    filters = _warnings.filters if loaded is None else loaded.filters
    recorder = WarningsRecorder(filters)
    filters.insert(0, KEEP_ALL)
    sys.modules["warnings"] = recorder  # type: ignore[assignment]  # stands in for the module
    try:
        code = compile_bytes(content, path)
    finally:
        if loaded is None:
            del sys.modules["warnings"]
        else:
            sys.modules["warnings"] = loaded
        filters.remove(KEEP_ALL)
    return code, recorder.recorded


def keep_warnings(recorded: "list[Recorded]", path: str) -> "Warnings":
    """What was recorded, as an entry keeps it.  Raises Refused for what it cannot give again."""
    for _, category, filename, _ in recorded:
        if category.__name__ not in KEPT_CATEGORIES or filename != path:
            raise Refused("does-not-compile", path)
    return tuple((category.__name__, str(message), line) for message, category, _, line in recorded)
