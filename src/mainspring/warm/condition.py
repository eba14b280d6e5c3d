"""What imports ahead must leave as it was, or there is no host: a fork would not be a start."""

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.reasons import HostEnd


class GivenUp(Exception):
    """There is to be no host."""

    def __init__(self, end: "HostEnd", detail: str = "", *, is_known: bool = False) -> None:
        self.end = end
        self.detail = detail
        self.is_known = is_known  # to the recipe by now: there may be one at once
        super().__init__(end, detail)


def list_descriptors() -> set[int]:
    """The open descriptors of this process."""
    return {int(name) for name in os.listdir("/proc/self/fd")}


def count_threads() -> int:
    return len(os.listdir("/proc/self/task"))


def has_child() -> bool:
    try:
        os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return False
    return True


def list_handlers() -> list[object]:
    """How each signal is handled."""
    from _signal import getsignal, valid_signals  # type: ignore[import-not-found]  # typeshed lacks it

    return [getsignal(number) for number in sorted(valid_signals())]


def list_timers() -> list[object]:
    """When each timer will signal: no fork has one."""
    from _signal import ITIMER_PROF, ITIMER_REAL, ITIMER_VIRTUAL, getitimer

    return [getitimer(timer)[0] for timer in (ITIMER_REAL, ITIMER_VIRTUAL, ITIMER_PROF)]


def read_mask() -> object:
    from _signal import SIG_BLOCK, pthread_sigmask

    return pthread_sigmask(SIG_BLOCK, ())


class Condition:
    """What imports ahead must leave as it was."""

    def __init__(self) -> None:
        self.descriptors = list_descriptors()
        self.environment = dict(os.environ._data)  # type: ignore[attr-defined]
        self.handlers = list_handlers()
        self.mask = read_mask()
        self.streams = [sys.stdin, sys.stdout, sys.stderr]

    def find_difference(self) -> "HostEnd | None":
        if count_threads() != 1:
            return "threads"
        if has_child():
            return "children"
        if list_descriptors() != self.descriptors:
            return "descriptors"
        if self.environment != os.environ._data or self.streams != [sys.stdin, sys.stdout, sys.stderr]:  # type: ignore[attr-defined]
            return "environment"
        is_same = list_handlers() == self.handlers and read_mask() == self.mask
        return None if is_same and not any(list_timers()) else "signals"
