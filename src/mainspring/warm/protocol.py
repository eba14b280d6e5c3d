"""What a host and its callers send each other is read within bounds, and refused where it is malformed.

All numbers are little-endian.

    frame    := LENGTH TYPE payload          LENGTH u32: of what follows it, at most 8 MiB; TYPE u8
    start    := key FLAGS u32 PGID i32 UMASK u32 NICE i32 OOM_SCORE_ADJ i32 MASK u64 IGNORED u64
                limits CPUS bytes numbers SKIP u32 argv environment            of TYPE "Q", from a caller
    key      := bytes                        all that selects a host
    limits   := COUNT u32 (SOFT u64 HARD u64)*
    numbers  := COUNT u32 (i32)*             of the descriptors after the first, the working directory
    argv     := list                         as python is called; the script is word SKIP of it
    environment := list                      NAME=VALUE
    list     := COUNT u32 bytes*
    bytes    := LENGTH u32, and as many bytes

A caller may instead send TYPE "I" (answered by "J" and a JSON object) or "E" with a reason of reasons.py
or nothing (answered by "O" and the numbers of what runs, in ASCII with blanks between: the host ends).
A host answers a start by "R" and a reason, or "S" PID i32, and then "T" SIGNAL i32 (stopped), "C"
(continued), "X" WAIT_STATUS i32 (ended).  The other side is native/launcher/request.c and reply.c.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Item = TypeVar("Item")

FRAME_LIMIT = 8 << 20
LENGTH_SIZE = 4
START, INSPECT, END = b"Q", b"I", b"E"
REFUSED, STARTED, STOPPED, CONTINUED, ENDED = b"R", b"S", b"T", b"C", b"X"
ANSWER, OBEYED = b"J", b"O"
JOINS_GROUP = 1


class Malformed(Exception):
    """What a caller sent is no frame, or not a whole one."""


class Start:
    """All that a caller hands over but the descriptors."""

    __slots__ = (
        "affinity", "arguments", "began", "environment", "flags", "group", "ignored", "key", "limits",
        "mask", "nice", "numbers", "oom_score_adj", "skip", "umask",
    )  # fmt: skip

    def __init__(self, payload: bytes) -> None:
        """Raises Malformed."""
        reader = Reader(payload)
        self.began = 0  # nanoseconds, as the log counts them
        self.key = reader.take_bytes()
        self.flags = reader.take_number(4)
        self.group = reader.take_signed()
        self.umask = reader.take_number(4)
        self.nice = reader.take_signed()
        self.oom_score_adj = reader.take_signed()
        self.mask = reader.take_number(8)
        self.ignored = reader.take_number(8)
        self.limits = reader.take_list(reader.take_limit, 16)
        self.affinity = reader.take_bytes()
        self.numbers = reader.take_list(reader.take_signed, 4)
        self.skip = reader.take_number(4)
        self.arguments = reader.take_words()
        self.environment = reader.take_words()
        if reader.place != len(payload) or not 0 < self.skip < len(self.arguments):
            raise Malformed


class Reader:
    """Takes one field after the other off a payload."""

    def __init__(self, payload: bytes) -> None:
        self.payload = payload
        self.place = 0

    def take(self, size: int) -> bytes:
        """Raises Malformed."""
        end = self.place + size
        if end > len(self.payload):
            raise Malformed
        part = self.payload[self.place : end]
        self.place = end
        return part

    def take_number(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def take_signed(self) -> int:
        return int.from_bytes(self.take(4), "little", signed=True)

    def take_bytes(self) -> bytes:
        return self.take(self.take_number(4))

    def take_limit(self) -> tuple[int, int]:
        pair = self.take(16)
        return int.from_bytes(pair[:8], "little"), int.from_bytes(pair[8:], "little")

    def take_list(self, take_item: "Callable[[], Item]", least_size: int) -> "list[Item]":
        """As many items as are announced; not more than there is room for."""
        count = self.take_number(4)
        if count * least_size > len(self.payload) - self.place:
            raise Malformed
        return [take_item() for _ in range(count)]

    def take_words(self) -> list[bytes]:
        """A list of bytes, without a call for each: an environment is most of a request."""
        count = self.take_number(4)
        payload, end = self.payload, self.place
        if count * 4 > len(payload) - end:
            raise Malformed
        words = []
        for _ in range(count):
            start = end + 4
            end = start + int.from_bytes(payload[end:start], "little")
            words.append(payload[start:end])
        if end > len(payload):
            raise Malformed
        self.place = end
        return words


def pack_number(number: int, size: int = 4) -> bytes:
    return number.to_bytes(size, "little")


def pack_bytes(content: bytes) -> bytes:
    return pack_number(len(content)) + content


def pack_list(parts: "list[bytes]") -> bytes:
    return pack_number(len(parts)) + b"".join(parts)


def pack_start(start: Start) -> bytes:
    """The payload that *start* was read from."""
    limits = [pack_number(soft, 8) + pack_number(hard, 8) for soft, hard in start.limits]
    return b"".join((
        pack_bytes(start.key), pack_number(start.flags), pack_signed(start.group),
        pack_number(start.umask), pack_signed(start.nice), pack_signed(start.oom_score_adj),
        pack_number(start.mask, 8), pack_number(start.ignored, 8), pack_list(limits),
        pack_bytes(start.affinity), pack_list([pack_signed(number) for number in start.numbers]),
        pack_number(start.skip), pack_list([pack_bytes(word) for word in start.arguments]),
        pack_list([pack_bytes(variable) for variable in start.environment]),
    ))  # fmt: skip


def pack_frame(kind: bytes, payload: bytes = b"") -> bytes:
    return (len(payload) + 1).to_bytes(LENGTH_SIZE, "little") + kind + payload


def pack_signed(number: int) -> bytes:
    return number.to_bytes(4, "little", signed=True)


def read_length(head: bytes) -> int:
    """The length that the first bytes of a frame announce.  Raises Malformed."""
    length = int.from_bytes(head[:LENGTH_SIZE], "little")
    if not 1 <= length <= FRAME_LIMIT:
        raise Malformed
    return length
