"""What children have from their host, and what they take over of a caller by Python code.

All else that a child takes over, it takes over in C (native/warm/takeover.c).
"""

import os
import sys
import time
from _thread import allocate_lock

from mainspring._warm import (
    note_layout,
    prepare_children,
    read_affinity,
    read_limits,
)
from mainspring.warm.heap import freeze_heap
from mainspring.warm.hostlog import tell_of_host
from mainspring.warm.protocol import Start, pack_start
from mainspring.warm.renewal import find_renewals
from mainspring.warm.streams import expect_streams, renew_stream

#: signals that CPython itself ignores
IGNORED_BY_PYTHON = (13, 25)  # SIGPIPE, SIGXFSZ
OOM_SCORE_ADJ = "/proc/self/oom_score_adj"


def prepare_takeover(key: bytes) -> None:
    """Say what each child of this host has from it.  Raises OSError."""
    note_layout()
    # what the loader looks up for it, it need not look up in each child
    allocate_lock()._at_fork_reinit()  # type: ignore[attr-defined]  # typeshed lacks it
    prepare_children(
        pack_start(imagine_start(key)),
        find_coerced_locale(key),
        os.environ._data,  # type: ignore[attr-defined]  # posix.environ, too: one dictionary
        renew_stream,
        expect,
        find_renewals(),
        ignore_in_python,
        time.tzset,
        tell_of_refusal,
    )


def imagine_start(key: bytes) -> Start:
    """A start by a caller who is just as this host is."""
    start = Start()
    start.key, start.flags, start.group, start.umask = key, 0, 0, 0o77
    start.nice, start.oom_score_adj = os.getpriority(os.PRIO_PROCESS, 0), read_oom_score()
    start.affinity, start.mask, start.ignored, start.limits = read_affinity(), 0, 0, read_limits()
    start.numbers, start.skip = [0, 1, 2], 1
    start.arguments = [os.fsencode(word) for word in sys.orig_argv]
    variables = os.environ._data.items()  # type: ignore[attr-defined]
    start.environment = [name + b"=" + value for name, value in variables]
    return start


def expect(kinds: bytes) -> None:
    expect_streams(kinds)
    freeze_heap()


def find_coerced_locale(key: bytes) -> bytes | None:
    """What CPython itself puts into the environment where the locale is C (PEP 538)."""
    value = os.environ._data.get(b"LC_CTYPE")  # type: ignore[attr-defined]
    if value is None or b"\0env:LC_CTYPE=" in key:
        return None
    return b"LC_CTYPE=" + value  # type: ignore[no-any-return]


def read_oom_score() -> int:
    descriptor = os.open(OOM_SCORE_ADJ, os.O_RDONLY | os.O_CLOEXEC)
    try:
        return int(os.read(descriptor, 32))
    finally:
        os.close(descriptor)


def ignore_in_python(signals: int) -> None:
    """Let Python know of the *signals* that are ignored: bit N - 1 is the one of number N."""
    from _signal import SIG_IGN, signal, valid_signals  # type: ignore[import-not-found]  # typeshed lacks it

    for number in valid_signals():
        if signals >> (number - 1) & 1 and number not in IGNORED_BY_PYTHON:
            signal(number, SIG_IGN)


def tell_of_refusal(error: Exception) -> None:
    tell_of_host(os.environ, "refused", f"{type(error).__name__}: {error}")
