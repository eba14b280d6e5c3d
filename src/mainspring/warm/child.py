"""A forked child takes over everything of its caller, and is from then on the start that was asked for.

Each step either takes something over or refuses the start: nothing of the program has run by then, and
the caller makes a cold start.  What a step stands for is in docs/explanation/warm.md.
"""

import os
import sys
import time

from mainspring._warm import (
    count_use,
    ignore_signals,
    note_layout,
    open_process,
    place_descriptors,
    read_affinity,
    read_limits,
    receive,
    rehearse_end,
    send,
    set_limit,
    set_strings,
    take_affinity,
)
from mainspring.startlog import read_clock
from mainspring.warm.hostlog import tell_of_host
from mainspring.warm.protocol import (
    JOINS_GROUP,
    LENGTH_SIZE,
    REFUSED,
    START,
    STARTED,
    Malformed,
    Start,
    pack_frame,
    pack_signed,
    pack_start,
    read_length,
)
from mainspring.warm.renewal import renew_modules

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from mainspring.reasons import ColdReason

STDERR = 2
NOFILE = 7  # RLIMIT_NOFILE's number on Linux
#: signals that CPython itself ignores
IGNORED_BY_PYTHON = (13, 25)  # SIGPIPE, SIGXFSZ
STANDARD = (("stdin", "rb", "r"), ("stdout", "wb", "w"), ("stderr", "wb", "w"))
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


def rehearse(own: Own, key: bytes) -> None:
    """Go through all of a start that leaves no trace: what it touches is copied, and bound, by then.

    Most of what a child does first is to have the kernel copy pages for it.
    """
    start = Start(pack_start(own.imagine_start(key)))
    compare_key(start, key)
    make_room(start, own)
    take_limits(start, own)
    take_strings(start)
    take_signals(start.ignored)
    renew_streams()
    renew_modules()
    read_clock()
    rehearse_end()


class Declined(Exception):
    """This child cannot be what the caller asks for."""

    def __init__(self, reason: "ColdReason") -> None:
        self.reason = reason
        super().__init__(reason)


def become_start(connection: int, key: bytes, own: Own) -> Start:
    """Be what the caller at the other end of *connection* asks for, and tell it so.

    Ends the process where that is impossible.  Signals are still blocked then: what comes is the
    program's.
    """
    caller = Caller(connection)
    began = read_clock()
    try:
        start, descriptors = read_start(connection)
        compare_key(start, key)
        take_over(start, descriptors, caller, own)
    except Declined as declined:
        caller.refuse(declined.reason)
    except Malformed:
        caller.refuse("other-caller")
    except Exception as error:  # noqa: BLE001 - whatever the system refuses, a cold start may be granted
        tell_of_host(os.environ, "refused", f"{type(error).__name__}: {error}")
        caller.refuse("other-limits")
    caller.announce()
    start.began = began
    return start


class Caller:
    """Who asked for the start, and is told what comes of it."""

    def __init__(self, connection: int) -> None:
        self.connection = connection

    def refuse(self, reason: "ColdReason") -> "NoReturn":
        try:
            send(self.connection, pack_frame(REFUSED, reason.encode()), -1)
        finally:
            os._exit(0)

    def announce(self) -> None:
        """Tell the caller that the program begins: if it is gone by now, nothing does."""
        try:
            process = os.getpid()
            descriptor = open_process(process)
            send(self.connection, pack_frame(STARTED, pack_signed(process)), descriptor)
            count_use()
            os.close(descriptor)
            os.close(self.connection)
        except BaseException:  # noqa: BLE001 - nobody is there to be told
            os._exit(0)


# ---- reading --------------------------------------------------------------------------------


def read_start(connection: int) -> tuple[Start, list[int]]:
    """What the caller sent, and the descriptors that came with it.  Raises Malformed, or OSError."""
    content, descriptors = receive(connection, 1 << 16, 0)
    while len(content) < LENGTH_SIZE:
        content += receive_more(connection, LENGTH_SIZE - len(content), descriptors)
    whole = LENGTH_SIZE + read_length(content)
    while len(content) < whole:
        content += receive_more(connection, whole - len(content), descriptors)
    if len(content) != whole or content[LENGTH_SIZE : LENGTH_SIZE + 1] != START:
        raise Malformed
    return Start(content[LENGTH_SIZE + 1 :]), descriptors


def receive_more(connection: int, size: int, descriptors: list[int]) -> bytes:
    content, more = receive(connection, size, 0)
    descriptors += more
    if not content:
        raise Malformed
    return content


def compare_key(start: Start, key: bytes) -> None:
    """Raises Declined for a caller that this host is not for: two keys may have the same hash."""
    if start.key != key:
        raise Declined("other-caller")


# ---- taking over ----------------------------------------------------------------------------


def take_over(start: Start, descriptors: list[int], caller: Caller, own: Own) -> None:
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


# ---- what an interpreter makes anew at each start --------------------------------------------


def renew_streams() -> None:
    """Let sys.stdin, stdout and stderr be for what is now at their descriptors.

    The objects stay the same, since imported modules may hold them; CPython makes them as it is done
    here (Python/pylifecycle.c, create_stdio).
    """
    is_buffered = not sys.stdout.write_through  # type: ignore[union-attr]  # it is a TextIOWrapper
    for descriptor, (name, binary_mode, mode) in enumerate(STANDARD):
        stream = getattr(sys, name)
        renew_stream(stream, descriptor, binary_mode, is_buffered=is_buffered)
        stream.mode = mode


def renew_stream(stream: "Any", descriptor: int, mode: str, *, is_buffered: bool) -> None:
    encoding, errors, write_through = stream.encoding, stream.errors, stream.write_through
    buffer = stream.buffer
    old = getattr(buffer, "raw", buffer)
    # a new one: once asked, it remembers for good whether it can seek
    raw = type(old)(descriptor, mode, closefd=False)
    raw.name = old.name
    if old is buffer:
        buffer = raw
    else:
        buffer.__init__(raw, find_buffer_size(descriptor))
    stream.__init__(
        buffer,
        encoding,
        errors,
        newline="\n",
        line_buffering=is_buffered and (descriptor == STDERR or raw.isatty()),
        write_through=write_through,
    )


def find_buffer_size(descriptor: int) -> int:
    """As open() chooses it (Modules/_io/_iomodule.c)."""
    size = os.fstat(descriptor).st_blksize
    if sys.version_info >= (3, 14):
        return max(min(size, 8 << 20), 128 << 10)
    return size if size > 1 else 8192
