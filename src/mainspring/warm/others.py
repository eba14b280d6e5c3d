"""One host among others: those that were not used for longest end, where there are too many."""

import os

from mainspring._warm import connect_to, receive, send, wait_ready
from mainspring.settings import read_count, read_size
from mainspring.warm.account import read_pss
from mainspring.warm.protocol import END, INSPECT, pack_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.reasons import HostEnd

PATIENCE_MS = 200


def retire_others(folder: int, own: str) -> None:
    """End the hosts that were not used for longest, as long as there are too many; ends the process."""
    try:
        others = list_others(folder, own)
        while others and (end := find_excess(folder, others)):
            say(folder, others.pop(0), END, end.encode())
    finally:
        os._exit(0)


def list_others(folder: int, own: str) -> list[str]:
    """The sockets of all other hosts, the one first that was not used for longest."""
    used = {}
    for name in os.listdir(folder):
        if name.endswith(".sock") and name != f"{own}.sock":
            used[name] = os.stat(name, dir_fd=folder).st_mtime
    return sorted(used, key=used.__getitem__)


def find_excess(folder: int, others: list[str]) -> "HostEnd | None":
    """What there is too much of."""
    if len(others) >= read_count(os.environ, "MAINSPRING_MAX_HOSTS"):
        return "too-many"
    kilobytes = read_pss() + sum(ask_memory(folder, name) for name in others)
    is_over = kilobytes * 1024 > read_size(os.environ, "MAINSPRING_MAX_HOST_MEMORY")
    return "memory" if is_over else None


def ask_memory(folder: int, name: str) -> int:
    answer = say(folder, name, INSPECT).partition(b'"pss_kb": ')[2]
    digits = answer.partition(b",")[0]
    return int(digits) if digits.isdigit() else 0


def say(folder: int, name: str, kind: bytes, payload: bytes = b"") -> bytes:
    """What the host at the socket *name* answers; nothing if it does not."""
    try:
        connection = connect_to(folder, name)
    except OSError:
        return b""
    try:
        send(connection, pack_frame(kind, payload), -1)
        wait_ready([connection], [], PATIENCE_MS)
        return receive(connection, 1 << 16, 2)[0]
    except OSError:
        return b""
    finally:
        os.close(connection)
