"""A host's children: one that waits for a caller, and those that are programs by now.

Their callers are told how they stop, go on and end.
"""

import os

from mainspring._warm import die_with_parent, receive, send, wait_ready
from mainspring.warm.child import become_start, rehearse
from mainspring.warm.forking import fork_with_way
from mainspring.warm.pages import Survey
from mainspring.warm.protocol import CONTINUED, ENDED, STOPPED, pack_frame, pack_signed
from mainspring.warm.takeover import Own

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.warm.protocol import Start

SIGKILL, SIGCONT = 9, 18
CHILD_EVENTS = os.WNOHANG | os.WUNTRACED | os.WCONTINUED


class Running:
    """A start that a child makes, and who waits for its end."""

    __slots__ = ("caller", "connection", "is_stopped")

    def __init__(self, connection: int, caller: int) -> None:
        self.connection = connection
        self.caller = caller
        self.is_stopped = False

    def tell(self, kind: bytes, number: int | None = None) -> None:
        try:
            send(self.connection, pack_frame(kind, b"" if number is None else pack_signed(number)), -1)
        except OSError:
            pass  # that the caller is gone is noticed as such

    def wake_caller(self) -> None:
        """Whatever ends a stop reaches the child alone: the launcher stopped itself."""
        if self.is_stopped:
            self.is_stopped = False
            self.tell(CONTINUED)
            try:
                os.kill(self.caller, SIGCONT)
            except OSError:
                pass  # it was killed meanwhile


class Children:
    """The processes that a host has forked."""

    def __init__(self, key: bytes) -> None:
        self.key = key
        self.own = Own(key)
        self.process = os.getpid()
        self.spare: tuple[int, int] | None = None  # a child that waits for a caller, and the way to it
        self.running: dict[int, Running] = {}
        self.handed_over = 0
        rehearse(self.own, key)
        self.survey = Survey()

    @property
    def lacks_spare(self) -> bool:
        return self.spare is None and not self.survey.is_under_way

    def list_connections(self) -> list[int]:
        return [running.connection for running in self.running.values() if running.connection >= 0]

    # ---- the spare one ----------------------------------------------------------------------

    def fork_spare(self) -> "Start | None":
        """Have a child ready.  In the child: what it is the start of.  Raises OSError."""
        self.survey.begin_round()
        process, way = fork_with_way()
        if process == 0:
            return self.be_child(way)
        self.spare = process, way
        return None

    def be_child(self, way: int) -> "Start":
        """Whatever fails in a child ends that alone: it is never a second host."""
        try:
            return self.await_caller(way)
        except BaseException:  # noqa: BLE001 - nothing of a program has run
            os._exit(1)

    def await_caller(self, way: int) -> "Start":
        die_with_parent()
        if os.getppid() != self.process:
            os._exit(0)
        self.survey.prepare_child()
        if not wait_ready([way], [], 0):  # nobody has come yet, who would only wait for it
            rehearse(self.own, self.key)
        try:
            _, [connection] = receive(way, 1, 0)
        except BaseException:  # noqa: BLE001 - the host has ended, and sends nobody
            os._exit(0)
        return become_start(connection, self.key, self.own)

    def hand_over(self, connection: int, caller: int) -> bool:
        """Whether the spare child has the connection now: it may be gone."""
        assert self.spare is not None
        process, way = self.spare
        self.spare = None
        try:
            send(way, b"!", connection)
        except OSError:
            return False
        finally:
            os.close(way)
        self.running[process] = Running(connection, caller)
        self.handed_over += 1
        return True

    def dismiss_spare(self) -> None:
        """Let it end, since nobody can come any more."""
        if self.spare is not None:
            os.close(self.spare[1])
            self.spare = None
        self.survey.give_up_round()

    # ---- the others -------------------------------------------------------------------------

    def reap(self) -> None:
        """Tell callers what became of their children."""
        while True:
            try:
                process, status = os.waitpid(-1, CHILD_EVENTS)
            except ChildProcessError:
                return
            if process == 0:
                return
            if os.WIFSTOPPED(status) or os.WIFCONTINUED(status):
                self.note_stop(process, status)
            else:
                self.note_end(process, status)

    def note_stop(self, process: int, status: int) -> None:
        running = self.running.get(process)
        if running is None or running.connection < 0:
            return
        running.wake_caller()  # also of a stop before, whose end the kernel did not tell
        if os.WIFSTOPPED(status):
            running.is_stopped = True
            running.tell(STOPPED, os.WSTOPSIG(status))

    def note_end(self, process: int, status: int) -> None:
        if self.spare is not None and self.spare[0] == process:
            self.dismiss_spare()
        running = self.running.pop(process, None)
        if running is not None and running.connection >= 0:
            running.tell(ENDED, status)
            running.wake_caller()
            os.close(running.connection)
        if running is not None:
            self.survey.end_round()

    def end_abandoned(self, connection: int) -> None:
        """A launcher that is gone was killed, and with it the program that it stands for."""
        if not wait_ready([], [connection], 0):
            return  # the number is another connection's by now
        for process, running in self.running.items():
            if running.connection == connection:
                running.connection = -1
                os.kill(process, SIGKILL)
                os.close(connection)
                return
