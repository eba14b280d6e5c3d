"""What a script changes of the process for itself is put back, and what its modules change stays."""

import _signal  # type: ignore[import-not-found]  # signal would make enumerations
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Habits:
    """What a script may change of the process, and another request is not to find."""

    def __init__(self) -> None:
        self.numbers = sorted(_signal.valid_signals())
        self.umask = os.umask(0)
        os.umask(self.umask)
        self.note()

    def note(self) -> None:
        warnings = sys.modules.get("warnings")
        self.filters = None if warnings is None else list(warnings.filters)
        self.hooks: list[Any] = [sys.excepthook, sys.displayhook]
        self.handlers = [_signal.getsignal(number) for number in self.numbers]

    def put_back(self, names: "dict[str, Any]", is_of_modules: bool) -> None:
        """What belongs to the script, whose global names were *names*, is never kept."""
        os.umask(self.umask)
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        handlers, hooks = self.handlers, self.hooks
        if is_of_modules:
            self.note()
            self.handlers = [
                old if is_of(new, names) else new for new, old in zip(self.handlers, handlers)
            ]
            self.hooks = [old if is_of(new, names) else new for new, old in zip(self.hooks, hooks)]
        sys.excepthook, sys.displayhook = self.hooks
        self.put_handlers_back()
        self.put_filters_back()

    def put_handlers_back(self) -> None:
        current = [_signal.getsignal(number) for number in self.numbers]
        if current == self.handlers:
            return
        for number, handler, wanted in zip(self.numbers, current, self.handlers):
            if handler != wanted and wanted is not None:  # one that C code has set
                _signal.signal(number, wanted)

    def put_filters_back(self) -> None:
        warnings = sys.modules.get("warnings")
        if warnings is not None and self.filters is not None and warnings.filters != self.filters:
            warnings.filters[:] = self.filters
            if hasattr(warnings, "_filters_mutated"):
                warnings._filters_mutated()


def is_of(function: object, names: "dict[str, Any] | None") -> bool:
    """Whether *function* was made by the script."""
    for name in ("__func__", "func"):  # of a method, of functools.partial
        function = getattr(function, name, function)
    return getattr(function, "__globals__", None) is names
