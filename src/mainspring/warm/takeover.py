"""Each step takes something over from the caller of a start, or refuses the start.

Nothing of the program has run by then, and the caller makes a cold start.  What a step stands for is in
docs/explanation/warm.md.
"""

import os
import sys
import time

from mainspring._warm import (
    ignore_signals,
    note_layout,
    place_descriptors,
    read_affinity,
    read_limits,
    set_limit,
    set_strings,
    take_affinity,
)
from mainspring.warm.protocol import JOINS_GROUP, Malformed, Start
from mainspring.warm.renewal import renew_modules
from mainspring.warm.streams import renew_streams

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.reasons import ColdReason
    from mainspring.warm.request import Caller

NOFILE = 7  # RLIMIT_NOFILE's number on Linux
#: signals that CPython itself ignores
IGNORED_BY_PYTHON = (13, 25)  # SIGPIPE, SIGXFSZ
OOM_SCORE_ADJ = "/proc/self/oom_score_adj"


class Own:
    """What children have from their host; most callers have the same."""

    def __init__(self, key: bytes) -> None:
        self.coerced = find_coerced_locale(key)
        self.limits = read_limits()
        self.nice = os.getpriority(os.PRIO_PROCESS, 0)
        self.affinity = read_affinity()
        self.oom_score_adj = read_oom_score()
        note_layout()

    def imagine_start(self, key: bytes) -> Start:
        """A start by a caller who is just as the host is."""
        start = Start.__new__(Start)
        start.key, start.flags, start.group, start.umask = key, 0, 0, 0o77
        start.nice, start.oom_score_adj, start.affinity = self.nice, self.oom_score_adj, self.affinity
        start.mask, start.ignored, start.limits = 0, 0, self.limits
        start.numbers, start.skip = [0, 1, 2], 1
        start.arguments = [os.fsencode(word) for word in sys.orig_argv]
        variables = os.environ._data.items()  # type: ignore[attr-defined]
        start.environment = [name + b"=" + value for name, value in variables]
        return start


def find_coerced_locale(key: bytes) -> "list[bytes]":
    """What CPython itself puts into the environment where the locale is C (PEP 538)."""
    value = os.environ._data.get(b"LC_CTYPE")  # type: ignore[attr-defined]
    if value is None or b"\0env:LC_CTYPE=" in key:
        return []
    return [b"LC_CTYPE=" + value]


class Declined(Exception):
    """This child cannot be what the caller asks for."""

    def __init__(self, reason: "ColdReason") -> None:
        self.reason = reason
        super().__init__(reason)


def take_over(start: Start, descriptors: list[int], caller: "Caller", own: Own) -> None:
    """Take over all that *start* says.

    Raises Declined, OSError, Malformed, ValueError or OverflowError.
    """
    if len(descriptors) != len(start.numbers) + 1:
        raise Malformed
    folder, *given = descriptors
    join_group(start)
    enter_folder(folder)
    make_room(start, own)
    caller.connection = place_descriptors(caller.connection, given, start.numbers)
    take_limits(start, own)
    start.environment += own.coerced
    take_strings(start)
    take_signals(start.ignored)
    renew_streams()
    renew_modules()


def join_group(start: Start) -> None:
    """^C, ^Z and hang-up are the kernel's own within the caller's process group."""
    try:
        os.setpgid(0, start.group if start.flags & JOINS_GROUP else 0)
    except OSError:
        raise Declined("other-caller") from None


def enter_folder(folder: int) -> None:
    try:
        os.fchdir(folder)
    except OSError:
        raise Declined("deleted-folder") from None


def make_room(start: Start, own: Own) -> None:
    """Let the caller's descriptors have their own numbers before its limit holds."""
    soft, hard = own.limits[NOFILE]
    if soft < hard and max(start.numbers, default=0) + len(start.numbers) + 8 >= soft:
        set_limit(NOFILE, hard, hard)


def take_limits(start: Start, own: Own) -> None:
    for number, limits in enumerate(start.limits):
        if limits != own.limits[number]:
            set_limit(number, *limits)
    if start.nice != own.nice:
        os.setpriority(os.PRIO_PROCESS, 0, start.nice)
    if start.affinity and start.affinity != own.affinity:
        take_affinity(start.affinity)
    if start.oom_score_adj != own.oom_score_adj:
        write_oom_score(start.oom_score_adj)
    os.umask(start.umask)


def read_oom_score() -> int:
    descriptor = os.open(OOM_SCORE_ADJ, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return int(os.read(descriptor, 32))
    finally:
        os.close(descriptor)


def write_oom_score(score: int) -> None:
    descriptor = os.open(OOM_SCORE_ADJ, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(descriptor, b"%d" % score)
    finally:
        os.close(descriptor)


def take_strings(start: Start) -> None:
    """Arguments and environment, where Python code, C code and `ps` look for them."""
    set_strings(start.arguments, start.environment)
    words = [os.fsdecode(word) for word in start.arguments]
    sys.orig_argv[:] = words
    sys.argv[:] = words[start.skip :]
    variables: dict[bytes, bytes] = {}
    for variable in start.environment:
        name, equals, value = variable.partition(b"=")
        if equals:
            variables.setdefault(name, value)
    data = os.environ._data  # type: ignore[attr-defined]  # posix.environ, too: one dictionary
    data.clear()
    data.update(variables)
    time.tzset()


def take_signals(ignored: int) -> None:
    from _signal import SIG_IGN, signal, valid_signals  # type: ignore[import-not-found]  # typeshed lacks it

    if ignored:
        ignore_signals(ignored)  # two of which the C library keeps for itself
        for number in valid_signals():
            if ignored >> (number - 1) & 1 and number not in IGNORED_BY_PYTHON:
                signal(number, SIG_IGN)
