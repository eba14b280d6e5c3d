"""A host is `python PROGRAM`, waiting just before the program's first line; each start is a fork of it.

What a caller sends is read by a child that was forked before it came: the host itself looks whether
everything is as it was imported, hands the connection over, and tells the caller how the child ended.

What ends a host is in reasons.py (HOST_ENDS).  It then takes no more callers, and lets what runs finish.
"""

import os
import time

from mainspring._warm import (
    accept_caller,
    die_with_parent,
    listen_at,
    make_pair,
    read_signal,
    receive,
    send,
    wait_ready,
    watch_signals,
)
from mainspring.warm.child import Own, become_start, rehearse
from mainspring.warm.protocol import (
    ANSWER,
    CONTINUED,
    END,
    ENDED,
    INSPECT,
    LENGTH_SIZE,
    OBEYED,
    REFUSED,
    STOPPED,
    pack_frame,
    pack_signed,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.reasons import ColdReason, HostEnd
    from mainspring.warm.protocol import Start

SIGHUP, SIGINT, SIGKILL, SIGTERM, SIGCHLD, SIGCONT = 1, 2, 9, 15, 17, 18
ENDING_SIGNALS = (SIGHUP, SIGINT, SIGTERM)
CHILD_EVENTS = os.WNOHANG | os.WUNTRACED | os.WCONTINUED
PEEK, NO_WAIT = 1, 2
MOST_CHILDREN = 512
TRIES = 3


class Running:
    """A start that a child makes, and who waits for its end."""

    __slots__ = ("caller", "connection", "is_stopped")

    def __init__(self, connection: int, caller: int) -> None:
        self.connection = connection
        self.caller = caller
        self.is_stopped = False


class Doors:
    """The descriptors that a host waits at."""

    def __init__(self, folder: int, socket: str, watch: int, session: int) -> None:
        self.listener = listen_at(folder, socket)
        self.signals = watch_signals([SIGCHLD, *ENDING_SIGNALS])
        self.watch = watch
        self.session = session
        self.knocking: dict[int, int] = {}  # connections that have not said anything -> process


class Host:
    """Serves starts until something ends it."""

    def __init__(
        self,
        key: bytes,
        doors: Doors,
        find_change: "Callable[[], str | None]",
        describe: "Callable[[Host], bytes]",
        idle_seconds: int,
    ) -> None:
        self.key = key
        self.doors = doors
        self.find_change = find_change
        self.describe = describe
        self.idle_seconds = idle_seconds
        self.process = os.getpid()
        self.own = Own(key)
        self.spare: tuple[int, int] | None = None  # a child that waits for a caller, and the way to it
        self.running: dict[int, Running] = {}
        self.served = 0
        self.used_at = time.monotonic()
        self.end: HostEnd | None = None
        self.detail = ""
        self.on_end: Callable[[], None] | None = None
        self.on_start: Callable[[], None] | None = None

    def serve(self) -> "Start | None":
        """Serve until the end; None then.  In each child, what it is the start of."""
        rehearse(self.own, self.key)
        start = self.fork_spare()
        while start is None and not (self.end and not self.running):
            start = self.serve_once()
        return start

    def serve_once(self) -> "Start | None":
        callers = [running.connection for running in self.running.values() if running.connection >= 0]
        ready = wait_ready(self.list_doors(), callers, self.find_timeout())
        if not ready and self.is_idle():
            self.finish("idle")
        start = None
        for descriptor in ready:
            start = start or self.answer(descriptor)
        if start is None and self.end is None and self.spare is None:
            start = self.fork_spare()
        return start

    def answer(self, descriptor: int) -> "Start | None":
        """Act on what came at one of the doors."""
        doors = self.doors
        if descriptor == doors.signals:
            self.take_signals()
        elif descriptor == doors.session:
            self.finish("session")
        elif descriptor == doors.watch:
            self.look_for_change()
        elif descriptor == doors.listener:
            return self.admit()
        elif descriptor in doors.knocking:
            return self.hear(descriptor)
        else:
            self.end_abandoned(descriptor)
        return None

    def list_doors(self) -> list[int]:
        doors = self.doors
        if self.end is not None:
            return [doors.signals]
        own = (doors.signals, doors.listener, doors.watch, doors.session)
        return [*(descriptor for descriptor in own if descriptor >= 0), *doors.knocking]

    def find_timeout(self) -> int:
        if self.running or self.end:
            return -1
        return max(0, int((self.used_at + self.idle_seconds - time.monotonic()) * 1000) + 1)

    def is_idle(self) -> bool:
        return not self.running and time.monotonic() - self.used_at >= self.idle_seconds

    # ---- ending -----------------------------------------------------------------------------

    def finish(self, end: "HostEnd", detail: str = "") -> None:
        """Take no more callers."""
        if self.end is not None:
            return
        self.end, self.detail = end, detail
        if self.on_end is not None:
            self.on_end()
        os.close(self.doors.listener)
        for connection in self.doors.knocking:
            self.refuse(connection, "host-ended")
        self.doors.knocking.clear()
        if self.spare is not None:
            os.close(self.spare[1])  # it ends when nobody can come any more
            self.spare = None

    def look_for_change(self) -> bool:
        changed = self.find_change()
        if changed is not None:
            self.finish("stale", changed)
        return changed is not None

    # ---- callers ----------------------------------------------------------------------------

    def admit(self) -> "Start | None":
        came = accept_caller(self.doors.listener)
        if came is None:
            return None
        connection, process, user = came
        if user != os.geteuid():
            os.close(connection)
            return None
        self.doors.knocking[connection] = process
        return self.hear(connection)  # most have spoken by now

    def hear(self, connection: int) -> "Start | None":
        """Do what a caller asks for, once it has said what."""
        try:
            head, _ = receive(connection, LENGTH_SIZE + 1, PEEK | NO_WAIT)
        except BlockingIOError:
            return None
        except OSError:
            head = b""
        if 0 < len(head) <= LENGTH_SIZE:
            return None
        caller = self.doors.knocking.pop(connection)
        kind = head[LENGTH_SIZE:]
        if kind == INSPECT:
            self.tell(connection, pack_frame(ANSWER, self.describe(self)))
        elif kind == END:
            self.tell(connection, pack_frame(OBEYED))
            self.finish("stopped")
        elif kind:
            return self.begin(connection, caller)
        else:
            os.close(connection)
        return None

    def tell(self, connection: int, frame: bytes) -> None:
        try:
            send(connection, frame, -1)
        except OSError:
            pass  # nobody listens any more
        os.close(connection)

    def refuse(self, connection: int, reason: "ColdReason") -> None:
        self.tell(connection, pack_frame(REFUSED, reason.encode()))

    def begin(self, connection: int, caller: int) -> "Start | None":
        """Let the spare child be the start that is asked for, if all is still as it was imported."""
        if self.look_for_change():
            self.refuse(connection, "host-stale")
            return None
        if len(self.running) >= MOST_CHILDREN:
            self.refuse(connection, "host-full")
            return None
        for _ in range(TRIES):
            if self.spare is None:
                start = self.fork_spare()
                if start is not None:
                    return start
            process = self.hand_over(connection)
            if process is not None:
                self.note_begin(process, connection, caller)
                return None
        self.refuse(connection, "host-ended")
        return None

    def hand_over(self, connection: int) -> int | None:
        """The spare child that has the connection now; None if it was gone."""
        assert self.spare is not None
        process, way = self.spare
        self.spare = None
        try:
            send(way, b"!", connection)
        except OSError:
            return None
        finally:
            os.close(way)
        return process

    def note_begin(self, process: int, connection: int, caller: int) -> None:
        self.running[process] = Running(connection, caller)
        self.served += 1
        self.used_at = time.monotonic()
        if self.on_start is not None:
            self.on_start()

    # ---- children ---------------------------------------------------------------------------

    def fork_spare(self) -> "Start | None":
        """Have a child ready.  In the child: what it is the start of."""
        here, there = make_pair()
        process = os.fork()
        if process == 0:
            os.close(here)
            return self.await_caller(there)
        os.close(there)
        self.spare = process, here
        return None

    def await_caller(self, way: int) -> "Start":
        die_with_parent()
        if os.getppid() != self.process:
            os._exit(0)
        rehearse(self.own, self.key)
        try:
            _, [connection] = receive(way, 1, 0)
        except BaseException:  # noqa: BLE001 - the host has ended, and sends nobody
            os._exit(0)
        return become_start(connection, self.key, self.own)

    def take_signals(self) -> None:
        while signal := read_signal(self.doors.signals):
            if signal in ENDING_SIGNALS:
                self.finish("stopped", f"signal {signal}")
        self.reap()

    def reap(self) -> None:
        """Tell callers what became of their children."""
        while True:
            try:
                process, status = os.waitpid(-1, CHILD_EVENTS)
            except ChildProcessError:
                return
            if process == 0:
                return
            self.note_status(process, status)

    def note_status(self, process: int, status: int) -> None:
        if self.spare is not None and self.spare[0] == process and not is_alive(status):
            os.close(self.spare[1])
            self.spare = None
        running = self.running.get(process)
        if running is None or running.connection < 0:
            if running is not None and not is_alive(status):
                del self.running[process]
            return
        if os.WIFSTOPPED(status):
            self.wake_caller(running)  # of a stop before, whose end the kernel did not tell
            running.is_stopped = True
            self.pass_on(running, STOPPED, os.WSTOPSIG(status))
        elif os.WIFCONTINUED(status):
            self.wake_caller(running)
        else:
            del self.running[process]
            self.used_at = time.monotonic()
            self.pass_on(running, ENDED, status)
            self.wake_caller(running)
            os.close(running.connection)

    def pass_on(self, running: Running, kind: bytes, number: int | None) -> None:
        try:
            send(running.connection, pack_frame(kind, b"" if number is None else pack_signed(number)), -1)
        except OSError:
            pass  # its end is noticed as such

    def wake_caller(self, running: Running) -> None:
        """Whatever ends a stop reaches the child alone: the launcher stopped itself."""
        if running.is_stopped:
            running.is_stopped = False
            self.pass_on(running, CONTINUED, None)
            os.kill(running.caller, SIGCONT)

    def end_abandoned(self, connection: int) -> None:
        """A launcher that is gone was killed, and with it the program that it stands for."""
        for process, running in self.running.items():
            if running.connection == connection:
                running.connection = -1
                os.kill(process, SIGKILL)
                os.close(connection)
                return


def is_alive(status: int) -> bool:
    return os.WIFSTOPPED(status) or os.WIFCONTINUED(status)
