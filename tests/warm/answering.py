"""Answers at a host's socket, in a process of its own; MANNER says how.

answering.py FOLDER KEY MANNER PROGRAM [IDLE]

It holds the lock as a host does, prints a line when it listens, and ends when asked to: at once, or,
if it is `busy`, when its standard input is closed.  One that is `ending` or `refusing` ends just then for
another reason.
"""

import contextlib
import fcntl
import json
import os
import socket
import struct
import sys
import time

folder, key, manner, program = sys.argv[1:5]
LENGTH = struct.Struct("<I")
MIB = 1 << 20
REPORT = {
    "program": program,
    "python": sys.executable,
    "pid": os.getpid(),
    "key": key,
    "terminal": "/dev/pts/7",
    "started": time.time() - 90,
    "served": 1234,
    "saved_ms": 65_000,
    "pss_kb": 20_480,
    "modules": 31,
    "running": 2 * int(manner == "busy"),
    "idle_s": 3.5 if len(sys.argv) == 5 else float(sys.argv[5]),
}
#: what comes back for an `E`: the numbers of what runs
OBEYED = b"O4711 4712" if manner == "busy" else b"O"
#: what comes back for an `I`, where that is not the report
ANSWERS = {
    "too-long": LENGTH.pack(9 * MIB) + b"J",
    "empty": LENGTH.pack(0),
    "other-type": LENGTH.pack(3) + b"Kab",
    "no-json": LENGTH.pack(3) + b"J{]",
    "no-object": LENGTH.pack(3) + b"J[]",
    "cut-off": LENGTH.pack(300) + b"J{",
    "refusing": LENGTH.pack(11) + b"Rhost-ended",
    "wrong-types": LENGTH.pack(1 + 13) + b'J{"program":1}',
}


def make_frame(content: bytes) -> bytes:
    return LENGTH.pack(len(content)) + content


def receive(connection: socket.socket) -> bytes:
    frame = b""
    while len(frame) < LENGTH.size or len(frame) < LENGTH.size + LENGTH.unpack_from(frame)[0]:
        part = connection.recv(4096)
        if not part:
            return b""
        frame += part
    return frame[LENGTH.size :]


def answer(connection: socket.socket, question: bytes) -> None:
    if manner == "ending" and question == b"E":
        return
    if manner in ANSWERS and (manner != "refusing" or question == b"E"):
        connection.sendall(ANSWERS[manner])
        return
    report = REPORT | {"served": 1e400} if manner == "huge-number" else REPORT
    connection.sendall(make_frame(OBEYED if question == b"E" else b"J" + json.dumps(report).encode()))


def serve(listener: socket.socket) -> None:
    kept = []
    while True:
        connection, _ = listener.accept()
        if manner == "silent":
            kept.append(connection)
            continue
        question = receive(connection)
        if question:
            with contextlib.suppress(BrokenPipeError):  # who asked has lost patience
                answer(connection, question)
        connection.close()
        if question == b"E":
            return


# a path from here on is short enough for an address
os.chdir(folder)
lock = os.open(f"{key}.lock", os.O_RDWR | os.O_CREAT, 0o600)
fcntl.lockf(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
with socket.socket(socket.AF_UNIX) as listener:
    listener.bind(f"{key}.sock")
    listener.listen(0 if manner == "full" else 16)
    waiting = [socket.socket(socket.AF_UNIX) for _ in range(manner == "full")]
    for one in waiting:
        one.connect(f"{key}.sock")
    print("listens", flush=True)
    if manner in {"full", "lingering"}:
        sys.stdin.read()
    else:
        serve(listener)
if manner == "busy":
    sys.stdin.read()
os.unlink(f"{key}.sock")
