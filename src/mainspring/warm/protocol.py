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
A start is answered by "R" and a reason, by the host or its child, or by "S" PID i32, and then "T" SIGNAL
i32 (stopped), "C" (continued), "X" WAIT_STATUS i32 (ended).  The other side is native/launcher/request.c
and reply.c; starts are read by native/warm/request.c.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LENGTH_SIZE = 4
INSPECT, END = b"I", b"E"
ANSWER, OBEYED = b"J", b"O"


class Start:
    """All that a caller hands over but the descriptors."""

    __slots__ = (
        "affinity", "arguments", "environment", "flags", "group", "ignored", "key", "limits", "mask",
        "nice", "numbers", "oom_score_adj", "skip", "umask",
    )  # fmt: skip

    affinity: bytes  # as sched_getaffinity(2) gives it
    arguments: list[bytes]
    environment: list[bytes]
    flags: int
    group: int
    ignored: int
    key: bytes
    limits: list[tuple[int, int]]
    mask: int
    nice: int
    numbers: list[int]
    oom_score_adj: int
    skip: int
    umask: int


def unpack_start(fields: "tuple[Any, ...]") -> tuple[Start, int]:
    """What native/warm/start.c has read, and the number of descriptors that came with it."""
    start = Start()
    (
        start.key, start.flags, start.group, start.umask, start.nice, start.oom_score_adj, start.mask,
        start.ignored, limits, start.affinity, numbers, start.skip, start.arguments, start.environment,
        descriptors,
    ) = fields  # fmt: skip
    halves = [int.from_bytes(limits[at : at + 8], "little") for at in range(0, len(limits), 8)]
    start.limits = list(zip(halves[::2], halves[1::2], strict=True))
    start.numbers = [
        int.from_bytes(numbers[at : at + 4], "little", signed=True) for at in range(0, len(numbers), 4)
    ]
    return start, descriptors


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
