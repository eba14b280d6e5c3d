"""A host is `python PROGRAM`, waiting just before the program's first line; each start is a fork of it.

What a caller sends is read by a child that was forked before it came: the host itself looks whether
everything is as it was imported, hands the connection over, and tells the caller how the child ended.

What ends a host is in reasons.py (HOST_ENDS).  It then takes no more callers, and lets what runs finish.
"""

import os
import time

from mainspring._warm import (
    accept_caller,
    is_like_us,
    listen_at,
    read_signal,
    read_uses,
    receive,
    send,
    share_uses,
    wait_ready,
    watch_signals,
)
from mainspring.warm.children import Children
from mainspring.warm.protocol import (
    ANSWER,
    END,
    INSPECT,
    LENGTH_SIZE,
    OBEYED,
    REFUSED,
    pack_frame,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.reasons import ColdReason, HostEnd
    from mainspring.warm.protocol import Start

SIGHUP, SIGINT, SIGTERM, SIGCHLD = 1, 2, 15, 17
ENDING_SIGNALS = (SIGHUP, SIGINT, SIGTERM)
PEEK, NO_WAIT = 1, 2
MOST_CHILDREN = 512
TRIES = 3
PAUSE_SECONDS = 0.02
LONGEST_MS = 1 << 30
TOO_OFTEN = 3  # in succession: what imports more now and then is no other program
OUTDATED_IDLE_SECONDS = 30  # so that whoever is at work is not kept waiting by it
MOST_OF_END = 64
#: why another host may have this one end
ENDS_BY_OTHERS: "tuple[HostEnd, ...]" = ("too-many", "memory")


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
        self.children = Children(key)
        self.doors = doors
        self.find_change = find_change
        self.describe = describe
        self.most_idle_seconds = idle_seconds
        self.is_outdated = False  # programs import much that it has not
        self.served = 0  # as far as is noted
        self.last_ns = time.monotonic_ns()  # when a program last began, as far as is known
        self.end: HostEnd | None = None
        self.detail = ""
        self.on_end: Callable[[], None] | None = None
        self.on_use: Callable[[int], None] | None = None
        share_uses()

    def serve(self) -> "Start | None":
        """Serve until the end; None then.  In each child, what it is the start of."""
        start = self.children.fork_spare()
        while start is None and not (self.end and not self.children.running):
            try:
                start = self.serve_once()
            except Exception as error:  # noqa: BLE001 - what runs is not to end with us
                self.finish("error", f"{type(error).__name__}: {error}")
                time.sleep(PAUSE_SECONDS)
        return start

    def serve_once(self) -> "Start | None":
        ready = wait_ready(self.list_doors(), self.children.list_connections(), self.find_timeout())
        if not ready and self.is_idle():
            self.finish("outdated" if self.is_outdated else "idle")
        start = None
        for descriptor in ready:
            start = start or self.answer(descriptor)
        if start is None and self.end is None and self.children.lacks_spare:
            start = self.replace_spare()
        if start is None:
            self.note_uses()
        return start

    def replace_spare(self) -> "Start | None":
        """Have a child ready again; if the system has no room for one, the next caller is told so."""
        try:
            return self.children.fork_spare()
        except OSError:
            time.sleep(PAUSE_SECONDS)
            return None

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
            self.children.end_abandoned(descriptor)
        return None

    def list_doors(self) -> list[int]:
        doors = self.doors
        if self.end is not None:
            return [doors.signals]
        own = (doors.signals, doors.listener, doors.watch, doors.session)
        return [*(descriptor for descriptor in own if descriptor >= 0), *doors.knocking]

    def find_timeout(self) -> int:
        if self.children.running or self.end:
            return -1
        milliseconds = int((self.idle_seconds - self.count_idle_seconds()) * 1000) + 1
        return min(max(0, milliseconds), LONGEST_MS)

    @property
    def idle_seconds(self) -> int:
        """After so many without a start, this host ends."""
        return min(self.most_idle_seconds, OUTDATED_IDLE_SECONDS if self.is_outdated else LONGEST_MS)

    def is_idle(self) -> bool:
        return not self.children.running and self.count_idle_seconds() >= self.idle_seconds

    # ---- use --------------------------------------------------------------------------------

    def count_idle_seconds(self) -> float:
        """Since a program last began: a caller that was refused is no use."""
        now_ns, last_ns = time.monotonic_ns(), read_uses()[1]
        if self.last_ns < last_ns <= now_ns:  # any program could write there
            self.last_ns = last_ns
        return (now_ns - self.last_ns) / 1e9

    def note_uses(self) -> None:
        """Note the programs that have begun, as their processes count them."""
        begun, _, wanting = read_uses()
        served = max(self.served, min(begun, self.children.handed_over))  # for the same reason
        self.is_outdated = wanting >= TOO_OFTEN
        if served != self.served:
            if self.on_use is not None:
                self.on_use(served - self.served)
            self.served = served

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
        self.children.dismiss_spare()

    def look_for_change(self) -> bool:
        changed = self.find_change()
        if changed is not None:
            self.finish("stale", changed)
        return changed is not None

    # ---- callers ----------------------------------------------------------------------------

    def admit(self) -> "Start | None":
        came = accept_caller(self.doors.listener)
        if came is None:
            time.sleep(PAUSE_SECONDS)  # no descriptor is free, or the caller is gone
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
            self.note_uses()
            self.tell(connection, pack_frame(ANSWER, self.describe(self)))
        elif kind == END:
            self.obey(connection)
        elif kind:
            return self.begin(connection, caller)
        else:
            os.close(connection)
        return None

    def obey(self, connection: int) -> None:
        """End, for the reason that the caller gives, and tell it what still runs."""
        end = self.read_end(connection)
        running = b" ".join(b"%d" % process for process in self.children.running)
        self.tell(connection, pack_frame(OBEYED, running))
        self.finish(end)

    def read_end(self, connection: int) -> "HostEnd":
        """What stands in the frame: `stopped` unless it is one of another host's reasons."""
        try:
            frame, _ = receive(connection, MOST_OF_END, NO_WAIT)
        except OSError:
            frame = b""
        said = frame[LENGTH_SIZE + 1 :]
        return next((end for end in ENDS_BY_OTHERS if end.encode() == said), "stopped")

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
        obstacle = self.find_obstacle(connection)
        if obstacle is not None:
            self.refuse(connection, obstacle)
            return None
        for _ in range(TRIES):
            if self.children.spare is None:
                try:
                    start = self.children.fork_spare()
                except OSError:
                    self.refuse(connection, "host-full")
                    return None
                if start is not None:
                    return start
            if self.children.hand_over(connection, caller):
                return None
        self.refuse(connection, "host-ended")
        return None

    def find_obstacle(self, connection: int) -> "ColdReason | None":
        if not is_like_us(connection):
            return "other-caller"
        if self.look_for_change():
            return "host-stale"
        return "host-full" if len(self.children.running) >= MOST_CHILDREN else None

    def take_signals(self) -> None:
        while signal := read_signal(self.doors.signals):
            if signal in ENDING_SIGNALS:
                self.finish("stopped", f"signal {signal}")
        self.children.reap()
