"""The caller of a start says all of it in one frame, and is told what comes of it."""

import os

from mainspring._warm import count_use, keep_shared, open_process, receive, send
from mainspring.warm.protocol import (
    LENGTH_SIZE,
    REFUSED,
    START,
    STARTED,
    Malformed,
    Start,
    pack_frame,
    pack_signed,
    read_length,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

    from mainspring.reasons import ColdReason


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
            keep_shared()
            os.close(descriptor)
            os.close(self.connection)
        except BaseException:  # noqa: BLE001 - nobody is there to be told
            os._exit(0)


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
