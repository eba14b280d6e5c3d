"""A fork server of the least that can be: the floor below which no start of a script by a fork comes.

    bare_fork_server.py SOCKET SCRIPT [MODULE...]

The modules are imported before it forks.  Each connection to SOCKET brings three descriptors and gets,
when its child has ended, the status.  There are no limits, no environment, no folder, no checks: what
those cost is the difference to a host.
"""

import gc
import os
import select
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from types import CodeType


def run_script(code: CodeType, descriptors: list[int]) -> None:
    """In a child."""
    for number, descriptor in enumerate(descriptors):
        os.dup2(descriptor, number)
    exec(code, {"__name__": "__main__"})  # noqa: S102 - it is for this
    sys.stdout.flush()
    os._exit(0)


class Server:
    """Forks a child for each connection."""

    def __init__(self, path: str, code: CodeType) -> None:
        self.code = code
        self.running: dict[int, socket.socket] = {}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen()

    def serve(self) -> None:
        ended, end = os.pipe2(os.O_NONBLOCK)
        signal.set_wakeup_fd(end)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        while True:
            ready, _, _ = select.select([self.listener.fileno(), ended], [], [])
            if ended in ready:
                os.read(ended, 512)
                self.reap()
            if self.listener.fileno() in ready:
                self.admit()

    def admit(self) -> None:
        connection, _ = self.listener.accept()
        _, descriptors, _, _ = socket.recv_fds(connection, 64, 3)
        process = os.fork()
        if not process:
            run_script(self.code, descriptors)
        self.running[process] = connection
        for descriptor in descriptors:
            os.close(descriptor)

    def reap(self) -> None:
        while self.running:
            process, status = os.waitpid(-1, os.WNOHANG)
            if not process:
                return
            with self.running.pop(process) as connection, suppress(BrokenPipeError):
                connection.send(status.to_bytes(4, "little"))


if __name__ == "__main__":
    for name in sys.argv[3:]:
        import_module(name)
    with open(sys.argv[2], "rb") as file:
        server = Server(sys.argv[1], compile(file.read(), sys.argv[2], "exec"))
    gc.freeze()
    server.serve()
