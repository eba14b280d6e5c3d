"""An interpreter and a host in one: as far as the launcher can tell, it speaks the protocol.

Called as a host, it serves; each start runs as a process of the real interpreter.
Called otherwise, it notes how, and becomes the real interpreter.
The file `behaviour` beside it says what a host is to do wrong.
"""

from __future__ import annotations

import array
import contextlib
import fcntl
import json
import os
import resource
import select
import signal
import socket
import struct
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    Start = dict[str, Any]
    Answer = Callable[[socket.socket, Start, list[int]], None]

HERE = os.path.dirname(os.path.abspath(__file__))
REAL = sys.executable
PR_SET_PDEATHSIG = 1
UNLIMITED = resource.RLIM_INFINITY  # which is -1 up to 3.14, and deprecated as that since


def note(what: str, **fields: Any) -> None:
    line = json.dumps({"what": what, **fields}) + "\n"
    number = os.open(f"{HERE}/notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(number, line.encode())
    os.close(number)


def find_behaviour() -> str:
    try:
        with open(f"{HERE}/behaviour") as file:
            return file.read()
    except OSError:
        return "serve"


def hash_key(text: bytes) -> str:
    """FNV-1a, 128 bits."""
    number = 0x6C62272E07BB014262B821756295C58D
    for byte in text:
        number = (number ^ byte) * (2**88 + 0x13B) % 2**128
    return f"{number:032x}"


class Reader:
    """Takes a request apart, field after field."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.at = 0

    def take(self, length: int) -> bytes:
        self.at += length
        assert self.at <= len(self.content)
        return self.content[self.at - length : self.at]

    def number(self, kind: str) -> int:
        kind = {"u": "<I", "U": "<Q", "i": "<i"}[kind]
        return struct.unpack(kind, self.take(struct.calcsize(kind)))[0]

    def block(self) -> str:
        return os.fsdecode(self.take(self.number("u")))

    def many(self, take_one: Callable[[], Any]) -> list[Any]:
        return [take_one() for _ in range(self.number("u"))]


def decode_request(content: bytes) -> Start:
    reader = Reader(content)
    fields: Start = {"key": reader.block(), "flags": reader.number("u")}
    for name in ("group", "umask", "nice", "oom_score_adj"):
        fields[name] = reader.number("u" if name == "umask" else "i")
    fields["mask"] = reader.number("U")
    fields["ignored"] = reader.number("U")
    fields["limits"] = reader.many(lambda: [reader.number("U"), reader.number("U")])
    cpus = os.fsencode(reader.block())
    fields["cpus"] = [i for i in range(8 * len(cpus)) if cpus[i // 8] >> i % 8 & 1]
    fields["numbers"] = reader.many(lambda: reader.number("i"))
    fields["skip"] = reader.number("u")
    fields["arguments"] = reader.many(reader.block)
    fields["environment"] = reader.many(reader.block)
    assert reader.at == len(content), "bytes after the request"
    return fields


def frame(kind: bytes, payload: bytes = b"") -> bytes:
    return struct.pack("<I", 1 + len(payload)) + kind + payload


def receive(connection: socket.socket, least: int) -> tuple[bytes, list[int]]:
    """At least so many bytes, and the descriptors that came with them."""
    content, rights = b"", array.array("i")
    while len(content) < least:
        more, ancillary, flags, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(260 * 4))
        assert not flags & socket.MSG_CTRUNC
        if not more:
            raise EOFError
        content += more
        for _, _, numbers in ancillary:
            rights.frombytes(numbers)
    return content, list(rights)


def receive_request(connection: socket.socket) -> tuple[Start, list[int]]:
    content, rights = receive(connection, 5)
    missing = struct.unpack_from("<I", content)[0] + 4 - len(content)
    if missing:
        content += receive(connection, missing)[0]
    assert content[4:5] == b"Q"
    return decode_request(content[5:]), rights


def mask_of(bits: int) -> set[int]:
    return {number for number in range(1, 65) if bits >> (number - 1) & 1 and number not in (32, 33)}


def place_descriptors(rights: list[int], numbers: list[int]) -> None:
    high = [fcntl.fcntl(number, fcntl.F_DUPFD, 400) for number in rights]
    os.fchdir(high[0])
    os.closerange(3, 400)
    for number, wanted in zip(high[1:], numbers, strict=True):
        os.dup2(number, wanted)
    os.closerange(400, 1000)


def die_with_host() -> None:
    """Not imported before this is a child: a libffi may keep a file open, which nobody has left open."""
    import ctypes

    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def run_program(start: Start, rights: list[int], connection: socket.socket) -> None:
    """In a child: takes over what the test programs look at, and becomes the program."""
    die_with_host()
    os.setpgid(0, start["group"] if start["flags"] & 1 else 0)
    own = os.pidfd_open(os.getpid())
    signal.set_wakeup_fd(-1)
    ignored = mask_of(start["ignored"])
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN if number in ignored else signal.SIG_DFL)
    for kind, limits in enumerate(start["limits"]):
        resource.setrlimit(kind, [UNLIMITED if limit == 2**64 - 1 else limit for limit in limits])
    os.umask(start["umask"])
    # before anybody knows whom to pass a signal on to
    signal.pthread_sigmask(signal.SIG_SETMASK, mask_of(start["mask"]))
    started = frame(b"S", struct.pack("<i", os.getpid()))
    place = array.array("i", [own])
    try:
        rights_along = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, place)]
        connection.sendmsg([started], rights_along, socket.MSG_NOSIGNAL)
    except OSError:
        note("unheard")
        os._exit(0)
    place_descriptors(rights, start["numbers"])
    environment = dict(pair.split("=", 1) for pair in reversed(start["environment"]))
    words = [REAL, *start["arguments"][start["skip"] :]]
    os.execve(REAL, words, environment)  # noqa: S606 -- as in a real host


class Host:
    """Serves until it is killed, or does what its behaviour says."""

    def __init__(self, key: str, folder: int, lock: int) -> None:
        self.key = key
        self.folder = folder
        self.running: dict[int, tuple[socket.socket, int]] = {}
        self.stopped: set[int] = set()
        self.lock = lock

    def listen(self) -> None:
        path = f"/proc/self/fd/{self.folder}/{self.key}.sock"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(path)
        self.listener.listen(0 if find_behaviour() == "full" else 64)
        os.ftruncate(self.lock, 0)
        note("host", pid=os.getpid(), group=os.getpgrp(), session=os.getsid(0), key=self.key)

    def serve(self) -> None:
        awake, wake = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(awake, False)
        signal.set_wakeup_fd(wake)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        while True:
            waited = [awake, self.listener, *(c for c, _ in self.running.values())]
            ready, _, _ = select.select(waited, [], [])
            if awake in ready:
                os.read(awake, 100)
                self.reap()
            if self.listener in ready:
                self.accept()
            for pid, (connection, _) in list(self.running.items()):
                if connection in ready:
                    os.kill(pid, signal.SIGKILL)

    def reap(self) -> None:
        options = os.WNOHANG | os.WUNTRACED | os.WCONTINUED
        while self.running:
            pid, status = os.waitpid(-1, options)
            if not pid:
                return
            if pid in self.running:
                self.tell(pid, status)

    def tell(self, pid: int, status: int) -> None:
        connection, caller = self.running[pid]
        number = struct.pack("<i", status)
        with contextlib.suppress(OSError):
            # the kernel tells no more of a continuation that another stop has followed
            if os.WIFCONTINUED(status) or (os.WIFSTOPPED(status) and pid in self.stopped):
                connection.send(frame(b"C"))
                os.kill(caller, signal.SIGCONT)
                self.stopped.discard(pid)
                note("continued")
            if os.WIFSTOPPED(status):
                connection.send(frame(b"T", struct.pack("<i", os.WSTOPSIG(status))))
                self.stopped.add(pid)
            if os.WIFEXITED(status) or os.WIFSIGNALED(status):
                connection.send(frame(b"X", number))
                os.kill(caller, signal.SIGCONT)  # it may have stopped with the program
        if os.WIFEXITED(status) or os.WIFSIGNALED(status):
            connection.close()
            del self.running[pid]
            note("ended", status=status)

    def accept(self) -> None:
        connection, _ = self.listener.accept()
        behaviour = find_behaviour()
        if behaviour == "closes at once":
            connection.close()
            return
        start, rights = receive_request(connection)
        note("request", rights=[os.stat(f"/proc/self/fd/{n}").st_ino for n in rights], **start)
        if behaviour in MISBEHAVIOURS:
            MISBEHAVIOURS[behaviour](connection, start, rights)
        else:
            self.start(connection, start, rights)
        for number in rights:
            os.close(number)

    def start(self, connection: socket.socket, start: Start, rights: list[int]) -> None:
        caller = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        child = os.fork()
        if child == 0:
            try:
                run_program(start, rights, connection)
            finally:
                os._exit(99)
        if start["flags"] & 1:
            with contextlib.suppress(OSError):
                os.setpgid(child, start["group"])
        self.running[child] = (connection, caller)


def say(content: bytes) -> Answer:
    """The connection is closed after that."""

    def answer(connection: socket.socket, _start: Start, _rights: list[int]) -> None:
        with contextlib.suppress(OSError):
            connection.sendall(content)
        connection.close()

    return answer


def say_nothing(connection: socket.socket, _start: Start, _rights: list[int]) -> None:
    connection.detach()


def start_late(connection: socket.socket, start: Start, rights: list[int]) -> None:
    """Longer than a caller waits."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.poll()
    if os.fork() == 0:
        run_program(start, rights, connection)


def break_off(content: bytes) -> Answer:
    """The program begins; then the host says *content* in place of its end."""

    def answer(connection: socket.socket, start: Start, rights: list[int]) -> None:
        if os.fork() == 0:
            run_program(start, rights, connection)
        while not os.path.exists(f"{HERE}/begun"):
            time.sleep(0.005)
        connection.sendall(content)
        if content:
            connection.detach()
        else:
            connection.close()

    return answer


def die(_connection: socket.socket, _start: Start, _rights: list[int]) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


MISBEHAVIOURS = {
    "refuses": say(frame(b"R", b"host-stale")),
    "refuses in bad words": say(frame(b"R", b"no\nway")),
    "says too much": say(struct.pack("<I", 1 << 31) + b"S" * 4096),
    "says half": say(frame(b"S", b"\0\0\0\0")[:6]),
    "says garbage": say(bytes(range(1, 200))),
    "says an empty frame": say(struct.pack("<I", 0)),
    "says an end before a start": say(frame(b"X", struct.pack("<i", 0))),
    "starts no process": say(frame(b"S", struct.pack("<i", -1))),
    "closes": say(b""),
    "dies": die,
    "says nothing": say_nothing,
    "starts late": start_late,
    "breaks off": break_off(b""),
    "breaks off in garbage": break_off(b"\xff" * 100),
}


def main() -> None:
    warm, _, process = os.environ.get("MAINSPRING_WARM", "").partition("@")
    assert process in {"", str(os.getpid())}
    if not warm.startswith("host:"):
        note("cold", warm=warm, arguments=sys.argv[1:], pid=os.getpid())
        for name in ("MAINSPRING_WARM", "MAINSPRING_START", "PYTHONPATH"):
            os.environ.pop(name, None)
        os.execv(REAL, [REAL, *sys.argv[1:]])  # noqa: S606 -- a cold start
    _, _, text, folder, lock = warm.split(":")
    with open(int(text), "rb") as file:
        key = file.read()
    note("helper", arguments=sys.argv[1:], text=os.fsdecode(key), cwd=os.getcwd(), **tell_surroundings())
    if find_behaviour() == "does not come":
        return
    if find_behaviour() == "hangs on its way":
        signal.pause()
    host = Host(hash_key(key), int(folder), int(lock))
    host.listen()
    host.serve()


def tell_surroundings() -> dict[str, Any]:
    with open("/proc/self/status") as file:
        status = dict(line.rstrip("\n").split(":\t", 1) for line in file)
    open_ones = {}
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # the one that lists
            open_ones[number] = os.readlink(f"/proc/self/fd/{number}")
    return {
        "open": open_ones,
        "signals": {name: int(status[name], 16) for name in ("SigIgn", "SigBlk")},
        "parent": os.getppid(),
        "pid": os.getpid(),
    }


main()
