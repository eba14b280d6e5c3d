"""One host among others: those that were not used for longest end, where there are too many."""

import os

from mainspring._warm import connect_to, die_with_parent, receive, send, wait_ready
from mainspring.settings import read_count, read_size
from mainspring.warm.account import read_pss
from mainspring.warm.leftovers import remove_leftovers
from mainspring.warm.protocol import END, INSPECT, pack_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from mainspring.reasons import HostEnd

PATIENCE_MS = 200


def tidy_up(folder: int, own: str) -> "NoReturn":
    """Remove what others have left, end those that are too many, and end this process."""
    try:
        die_with_parent()  # who asks for that host is not to find this process at its door
        remove_leftovers(folder)
        retire_others(folder, own)
    finally:
        os._exit(0)


def retire_others(folder: int, own: str) -> None:
    """End hosts as long as there are too many: those that alone take too much, then the least used.

    A host that alone takes too much ends no other for its memory: that would leave it alone, and be too
    much still.
    """
    bound = read_size(os.environ, "MAINSPRING_MAX_HOST_MEMORY") // 1024
    others = list_others(folder, own, bound)
    taken = read_pss()
    while others and (end := find_excess(taken, [kilobytes for _, kilobytes in others], bound)):
        say(folder, others.pop(0)[0], END, end.encode())


def list_others(folder: int, own: str, bound: int) -> "list[tuple[str, int]]":
    """Sockets and kilobytes of all other living hosts, the one first that is to end first."""
    used = []
    for name in os.listdir(folder):
        if not name.endswith(".sock") or name == f"{own}.sock":
            continue
        try:
            last = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
            kilobytes = ask_memory(folder, name)
            used.append((kilobytes <= bound, last, name, kilobytes))
        except OSError:
            pass  # its host has ended
    return [(name, kilobytes) for *_, name, kilobytes in sorted(used)]


def find_excess(own: int, others: "list[int]", bound: int) -> "HostEnd | None":
    """What there is too much of, where hosts take so many kilobytes."""
    if len(others) >= read_count(os.environ, "MAINSPRING_MAX_HOSTS"):
        return "too-many"
    return "memory" if own <= bound < own + sum(others) else None


def ask_memory(folder: int, name: str) -> int:
    """What the host at the socket *name* takes; 0 if it does not say.  Raises OSError without one."""
    answer = say(folder, name, INSPECT).partition(b'"pss_kb": ')[2]
    digits = answer.partition(b",")[0]
    return int(digits) if digits.isdigit() else 0


def say(folder: int, name: str, kind: bytes, payload: bytes = b"") -> bytes:
    """What the host at the socket *name* answers, if it does.  Raises OSError where nobody listens."""
    try:
        connection = connect_to(folder, name)
    except BlockingIOError:
        return b""  # too many ask at once
    try:
        send(connection, pack_frame(kind, payload), -1)
        wait_ready([connection], [], PATIENCE_MS)
        return receive(connection, 1 << 16, 2)[0]
    except OSError:
        return b""
    finally:
        os.close(connection)
