"""A host is `python PROGRAM`, waiting just before the program's first line; each start is a fork of it.

What a caller sends is read by a child that was forked before it came: the host itself looks whether
everything is as it was imported, hands the connection over, and tells the caller how the child ended.
All of that is native/warm/doors.c; what is left to be done is done here.

What ends a host is in reasons.py (HOST_ENDS).  It then takes no more callers, and lets what runs finish.
"""

import os
import time

from mainspring._warm import (
    begin_survey,
    close_doors,
    count_handed_over,
    list_running,
    listen_at,
    open_doors,
    read_uses,
    receive,
    send,
    share_uses,
    watch_signals,
)
from mainspring.warm.protocol import ANSWER, END, INSPECT, LENGTH_SIZE, OBEYED, pack_frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from mainspring.reasons import HostEnd
    from mainspring.warm.freshness import Watch

SIGHUP, SIGINT, SIGTERM, SIGCHLD = 1, 2, 15, 17
ENDING_SIGNALS = (SIGHUP, SIGINT, SIGTERM)
NO_WAIT = 2
PAUSE_SECONDS = 0.02
LONGEST_MS = 1 << 30
TOO_OFTEN = 3  # in succession: what imports more now and then is no other program
OUTDATED_IDLE_SECONDS = 30  # so that whoever is at work is not kept waiting by it
MOST_OF_QUESTION = 64
IDLE = ("rest", "idle")
#: why another host may have this one end
ENDS_BY_OTHERS: "tuple[HostEnd, ...]" = ("too-many", "memory")


class Host:
    """Serves starts until something ends it."""

    def __init__(
        self,
        watch: "Watch",
        describe: "Callable[[Host], bytes]",
        on_begin: "Callable[[int], None]",
        idle_seconds: int,
    ) -> None:
        self.watch = watch
        self.describe = describe
        self.on_begin = on_begin  # in a child, if there is a log: the nanosecond in which its caller came
        self.most_idle_seconds = idle_seconds
        self.is_outdated = False  # programs import much that it has not
        self.served = 0  # as far as is noted
        self.last_ns = time.monotonic_ns()  # when a program last began, as far as is known
        self.end: HostEnd | None = None
        self.detail = ""
        self.on_end: Callable[[], None] | None = None
        self.on_use: Callable[[int], None] | None = None
        share_uses()

    def open(self, folder: int, socket: str, session: int) -> None:
        """Let callers in.  Raises OSError."""
        signals = watch_signals([SIGCHLD, *ENDING_SIGNALS])
        listener = listen_at(folder, socket)
        watch = self.watch
        descriptors = signals, listener, watch.descriptor, session, watch.mounts
        open_doors(*descriptors, self.look_for_change, self.act)
        try:
            begin_survey()
        except OSError:
            pass  # nothing is copied ahead

    def act(self, what: str, about: "int | BaseException") -> int:
        """Do what is to be done beside starts (native/warm/doors.c); does not return at the end.

        For how many milliseconds to wait for the next event.
        """
        try:
            self.answer(what, about)
        except Exception as error:  # noqa: BLE001 - what runs is not to end with us
            self.fail(error)
        if self.end and not list_running():
            os._exit(0)
        return self.find_timeout()

    def fail(self, error: BaseException) -> None:
        self.finish("error", f"{type(error).__name__}: {error}")
        time.sleep(PAUSE_SECONDS)

    def answer(self, what: str, about: "int | BaseException") -> None:
        if isinstance(about, BaseException):
            self.fail(about)
        elif what == "begun":
            self.on_begin(about)
        else:
            self.note_uses()
            self.answer_at_door(what, about)

    def answer_at_door(self, what: str, number: int) -> None:
        if what == "asked":
            self.hear(number)
        elif what == "changed":
            self.look_for_change()
        elif what == "session":
            self.finish("session")
        elif what == "signal":
            self.finish("stopped", f"signal {number}")
        elif what in IDLE and self.is_idle():
            self.finish("outdated" if self.is_outdated else "idle")

    def find_timeout(self) -> int:
        if self.end:
            return 0
        milliseconds = int((self.idle_seconds - self.count_idle_seconds()) * 1000) + 1
        return min(max(0, milliseconds), LONGEST_MS)

    @property
    def idle_seconds(self) -> int:
        """After so many without a start, this host ends."""
        return min(self.most_idle_seconds, OUTDATED_IDLE_SECONDS if self.is_outdated else LONGEST_MS)

    def is_idle(self) -> bool:
        return not list_running() and self.count_idle_seconds() >= self.idle_seconds

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
        served = max(self.served, min(begun, count_handed_over()))  # for the same reason
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
        self.note_uses()
        if self.on_end is not None:
            self.on_end()
        close_doors()

    def look_for_change(self, has_new_mounts: bool = False) -> bool:
        changed = self.watch.find_change(has_new_mounts=has_new_mounts)
        if changed is not None:
            self.finish("stale", changed)
        return changed is not None

    # ---- questions --------------------------------------------------------------------------

    def hear(self, connection: int) -> None:
        """Do what somebody asks for by *connection*, if it is anything that there is."""
        try:
            frame = self.read_question(connection)
            kind, rest = frame[LENGTH_SIZE : LENGTH_SIZE + 1], frame[LENGTH_SIZE + 1 :]
            if kind == INSPECT:
                self.tell(connection, pack_frame(ANSWER, self.describe(self)))
            elif kind == END:
                self.obey(connection, rest)
        finally:
            os.close(connection)

    def read_question(self, connection: int) -> bytes:
        try:
            frame, _ = receive(connection, MOST_OF_QUESTION, NO_WAIT)
        except OSError:
            return b""  # it is gone
        return frame

    def obey(self, connection: int, said: bytes) -> None:
        """End, for the reason that is given, and tell what still runs."""
        running = b" ".join(b"%d" % process for process in list_running())
        self.tell(connection, pack_frame(OBEYED, running))
        self.finish(next((end for end in ENDS_BY_OTHERS if end.encode() == said), "stopped"))

    def tell(self, connection: int, frame: bytes) -> None:
        try:
            send(connection, frame, -1)
        except OSError:
            pass  # nobody listens any more
