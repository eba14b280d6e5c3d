"""What a script has done at its end, and how it ended, is as CPython has it at the end of a process."""

import _signal  # type: ignore[import-not-found]  # signal would make enumerations
import atexit
import sys

from mainspring.gateway.kept_child.streams import flush

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    Handler = Callable[..., object]


class Exits:
    """Handlers of `atexit` that the script has registered, not a module."""

    def __init__(self) -> None:
        self.register, self.unregister = atexit.register, atexit.unregister
        self.own: list[tuple[Handler, tuple[Any, ...], dict[str, Any]]] = []
        self.names: dict[str, Any] | None = None
        atexit.register, atexit.unregister = self.take, self.leave  # type: ignore[assignment]

    def take(self, function: "Handler", *arguments: "Any", **named: "Any") -> "Handler":
        if sys._getframe(1).f_globals is self.names:
            self.own.append((function, arguments, named))
        else:
            self.register(function, *arguments, **named)
        return function

    def leave(self, function: "Handler") -> None:
        self.own[:] = [entry for entry in self.own if entry[0] != function]
        self.unregister(function)

    def give_back(self) -> None:
        """To the interpreter, which is about to end."""
        for function, arguments, named in self.own:
            self.register(function, *arguments, **named)
        self.own.clear()

    def call(self) -> None:
        """What fails is shown, and does not change the status."""
        while self.own:
            function, arguments, named = self.own.pop()
            failure: BaseException | None = None
            try:
                function(*arguments, **named)
            except BaseException as error:
                failure = error
            if failure is not None:
                show(failure)


def find_status(code: object) -> int:
    """As CPython does it (Python/pythonrun.c, handle_system_exit)."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    try:
        flush(sys.stdout)
        sys.stderr.write("%s\n" % (code,))
    except Exception:
        pass
    return 1


def show(error: BaseException) -> int:
    """The exit status after *error*, told as CPython does it (Python/pythonrun.c, PyErr_Print)."""
    failure: BaseException | None = None
    try:
        sys.excepthook(*take_apart(error))
    except SystemExit as end:
        return find_status(end.code)
    except BaseException as other:
        failure = other
    if failure is not None:
        sys.stderr.write("Error in sys.excepthook:\n")
        sys.__excepthook__(*take_apart(failure))
        sys.stderr.write("\nOriginal exception was:\n")
        sys.__excepthook__(*take_apart(error))
    if isinstance(error, KeyboardInterrupt):
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        flush(sys.stdout)
        _signal.raise_signal(_signal.SIGINT)
    return 1


def take_apart(error: BaseException) -> "tuple[type[BaseException], BaseException, Any]":
    """Type, value and traceback, without what is ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == take_apart.__code__.co_filename:
        trace = trace.tb_next
    error.__traceback__ = trace
    return type(error), error, trace
