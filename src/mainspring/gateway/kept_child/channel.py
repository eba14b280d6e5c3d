"""The way to the gateway: requests come on it, with their descriptors, and are answered on it."""

import os
from _socket import AF_UNIX, CMSG_SPACE, SOCK_STREAM, socket

LAST = 1
CONTROL_SIZE = CMSG_SPACE(3 * 4)
FIRST_NUMBER = 1000


class Channel:
    """The socket to the gateway."""

    def __init__(self) -> None:
        number = move_away(0)
        self.socket = socket(AF_UNIX, SOCK_STREAM, 0, number)
        opened = os.open(os.devnull, os.O_RDWR)
        self.nothing = move_away(opened)
        os.close(opened)
        self.let_go()

    def let_go(self) -> None:
        """The gateway is to see the end of what the script wrote."""
        for number in range(3):
            os.dup2(self.nothing, number, True)

    def receive(self) -> "Request | None":
        """The next request, with its descriptors in their places; None if there will be none."""
        content, rights, _, _ = self.socket.recvmsg(1 << 16, CONTROL_SIZE)
        if not content:
            return None
        self.place(rights)
        while len(content) < 4 or len(content) < 4 + read_number(content, 0):
            part = self.socket.recv(1 << 16)
            if not part:
                return None
            content += part
        return Request(content)

    def place(self, rights: "list[tuple[int, int, bytes]]") -> None:
        for _, _, numbers in rights:
            for number in range(3):
                descriptor = read_number(numbers, 4 * number)
                os.dup2(descriptor, number, True)
                os.close(descriptor)

    def tell(self, answer: bytes) -> None:
        self.socket.send(answer)


def move_away(descriptor: int) -> int:
    """Where scripts seldom close what they know nothing of, and what they start does not have it."""
    for number in range(FIRST_NUMBER, FIRST_NUMBER + 8):
        try:
            os.fstat(number)
        except OSError:
            try:
                return os.dup2(descriptor, number, False)
            except OSError:
                break  # beyond the limit
    return os.dup(descriptor)


class Request:
    """What the gateway asks for."""

    def __init__(self, content: bytes) -> None:
        count = read_number(content, 8)
        words = content[12:-1].split(b"\0")
        self.is_last = read_number(content, 4) == LAST
        self.folder = words[0]
        self.words = [os.fsdecode(word) for word in words[1 : 1 + count]]
        self.variables = words[1 + count :]


def read_number(content: bytes, place: int) -> int:
    return int.from_bytes(content[place : place + 4], "little")
