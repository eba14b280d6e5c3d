"""A forked child takes over everything of its caller, and is from then on the start that was asked for.

A spare one has rehearsed that, if there was time for it before a caller came.
"""

import os

from mainspring._warm import rehearse_end
from mainspring.startlog import read_clock
from mainspring.warm.hostlog import tell_of_host
from mainspring.warm.protocol import Malformed, Start, pack_start
from mainspring.warm.renewal import renew_modules
from mainspring.warm.request import Caller, read_start
from mainspring.warm.streams import renew_streams
from mainspring.warm.takeover import (
    Declined,
    Own,
    make_room,
    take_limits,
    take_over,
    take_signals,
    take_strings,
)


def rehearse(own: Own, key: bytes) -> None:
    """Go through all of a start that leaves no trace: what it touches is copied, and bound, by then.

    Most of what a child does first is to have the kernel copy pages for it, and the processor fetch them.
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


def compare_key(start: Start, key: bytes) -> None:
    """Raises Declined for a caller that this host is not for: two keys may have the same hash."""
    if start.key != key:
        raise Declined("other-caller")
