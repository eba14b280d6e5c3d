"""A file system of another machine, as the kernel sees one: a FUSE server that keeps files in memory.

    python file_server.py FOLDER KIND SKEW

mounts itself on FOLDER as one of KIND, prints a line, and serves until it is unmounted.  Its clock is
SKEW seconds ahead.  The protocol is that of include/uapi/linux/fuse.h, version 7.19.
"""

import ctypes
import errno
import os
import struct
import sys
import time

ROOT = 1
MODES = {"folder": 0o040700, "file": 0o100600}
HEADER = struct.Struct("=IIQQIIII")
LOOKUP, FORGET, GETATTR, SETATTR, UNLINK, OPEN, WRITE, STATFS = 1, 2, 3, 4, 10, 14, 16, 17
RELEASE, FSYNC, FLUSH, INIT, OPENDIR, READDIR, RELEASEDIR = 18, 20, 25, 26, 27, 28, 29
ACCESS, CREATE, INTERRUPT, DESTROY, BATCH_FORGET = 34, 35, 36, 38, 42
SILENT = {FORGET, INTERRUPT, BATCH_FORGET}
EMPTY = {UNLINK, RELEASE, FSYNC, FLUSH, READDIR, RELEASEDIR, ACCESS, DESTROY}


class Server:
    """The files that there are: name -> number, and number -> [size, time of the last change]."""

    def __init__(self, skew: float) -> None:
        self.skew = skew
        self.names: dict[bytes, int] = {}
        self.files: dict[int, list[float]] = {ROOT: [0, self.now()]}

    def now(self) -> float:
        return time.time() + self.skew

    def answer(self, operation: int, node: int, body: bytes) -> bytes:
        """The reply to a request.  Raises OSError."""
        if operation in EMPTY:
            if operation == UNLINK:
                del self.names[body.rstrip(b"\0")]
            return b""
        if operation == INIT:
            return struct.pack("=IIIIHHI", 7, 19, 0, 0, 1, 1, 4096)
        if operation in {GETATTR, SETATTR}:
            return struct.pack("=QII", 0, 0, 0) + self.describe(node)
        if operation == STATFS:
            return bytes(80)
        if operation in {OPEN, OPENDIR}:
            return bytes(16)
        return self.change(operation, node, body)

    def change(self, operation: int, node: int, body: bytes) -> bytes:
        if operation == LOOKUP and body.rstrip(b"\0") in self.names:
            return self.describe_entry(self.names[body.rstrip(b"\0")])
        if operation == LOOKUP:
            raise FileNotFoundError(errno.ENOENT, "")
        if operation == CREATE:
            number = ROOT + len(self.files)
            self.names[body[16:].rstrip(b"\0")] = number
            self.files[number] = [0, self.now()]
            return self.describe_entry(number) + bytes(16)
        if operation == WRITE:
            offset, size = struct.unpack_from("=QI", body, 8)
            self.files[node] = [max(self.files[node][0], offset + size), self.now()]
            return struct.pack("=II", size, 0)
        raise OSError(errno.ENOSYS, "")

    def describe_entry(self, number: int) -> bytes:
        return struct.pack("=QQQQII", number, 0, 0, 0, 0, 0) + self.describe(number)

    def describe(self, number: int) -> bytes:
        size, changed = self.files[number]
        seconds, rest = int(changed), int(changed % 1 * 1e9)
        mode = MODES["folder" if number == ROOT else "file"]
        times = (seconds, seconds, seconds, rest, rest, rest)
        owner = (os.getuid(), os.getgid())
        return struct.pack("=6Q10I", number, int(size), 1, *times, mode, 1, *owner, 0, 4096, 0)


def serve(device: int, server: Server) -> None:
    while True:
        try:
            request = os.read(device, 1 << 20)
        except OSError as error:
            if error.errno == errno.ENODEV:  # unmounted
                return
            raise
        _, operation, unique, node, *_ = HEADER.unpack_from(request)
        if operation not in SILENT:
            try:
                reply, code = server.answer(operation, node, request[HEADER.size :]), 0
            except OSError as error:
                reply, code = b"", -(error.errno or errno.EIO)
            os.write(device, struct.pack("=IiQ", 16 + len(reply), code, unique) + reply)


def mount(folder: str, kind: str, device: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    options = f"fd={device},rootmode=40000,user_id={os.getuid()},group_id={os.getgid()}"
    words = [os.fsencode(word) for word in ("server:/home", folder, kind)]
    if libc.mount(*words, 0, options.encode()) != 0:
        raise OSError(ctypes.get_errno(), "mount")


def main(folder: str, kind: str, skew: str) -> None:
    device = os.open("/dev/fuse", os.O_RDWR)
    mount(folder, kind, device)
    print("mounted", flush=True)
    serve(device, Server(float(skew)))


if __name__ == "__main__":
    main(*sys.argv[1:])
