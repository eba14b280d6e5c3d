"""The one place that is told of requests; what it fails at never fails a request.

`begin` when a request has come, `end` when its answer is complete or broken off, `note_error` for what is
wrong with it, `open_lines` for its script's stderr; `note_breach` for what is no request.  It keeps those
under way, in the order in which they came, and hands each one on when it has ended: to the access log, to
what is counted, to the slow log.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainspring.gateway.breaches import BREACHES
from mainspring.gateway.errorlog import ErrorLines
from mainspring.gateway.tally import Tally

if TYPE_CHECKING:
    from mainspring.gateway.accesslog import AccessLog
    from mainspring.gateway.breaches import Word
    from mainspring.gateway.errorlog import ErrorLog
    from mainspring.gateway.logfile import LogFile
    from mainspring.gateway.served import Served
    from mainspring.gateway.slowlog import SlowLog


class Journal:
    """Requests under way, and everything that is told of those that have ended."""

    def __init__(self, errors: ErrorLog, access: AccessLog | None, slow: SlowLog | None) -> None:
        self.under_way: dict[str, Served] = {}
        self.tally = Tally()
        self.errors = errors
        self.access = access
        self.slow = slow
        self.failures = 0  # of ours, while telling

    def begin(self, served: Served) -> None:
        self.under_way[served.identity] = served
        if self.slow is not None and not self.slow.is_armed:
            self.slow.watch(self.under_way)

    def end(self, served: Served) -> None:
        """Tell of *served*, all of which is known by now."""
        self.under_way.pop(served.identity, None)
        try:
            self.tally.add(served)
            if self.access is not None:
                self.access.tell(served)
            if self.slow is not None and self.slow.noted:
                self.slow.end(served)
        except Exception as error:  # noqa: BLE001 - a log is no reason to fail a request
            self._fail(served, error)

    def note_error(self, served: Served, text: str) -> None:
        """Log *text*, which may have several lines, about *served*."""
        try:
            self.errors.note(served, text)
        except Exception:  # noqa: BLE001 - as above
            self.failures += 1

    def note_breach(self, word: Word, count: int) -> None:
        """Log what a client has done wrong, for the *count*-th time; that is told ever more rarely."""
        if word == "idle" or str(count).strip("0") != "1":  # connections are left idle for good reasons
            return
        try:
            self.errors.note_breach(f"{word}: {BREACHES[word].meaning}", count)
        except Exception:  # noqa: BLE001 - as above
            self.failures += 1

    def note_cold(self, script: str, reason: str) -> None:
        """Count a start of *script* that no host could serve, for *reason*: a word of `reasons.COLD`."""
        self.tally.add_cold(script, reason)

    def open_lines(self, served: Served) -> ErrorLines:
        """What the stderr of the script of *served* is fed to."""
        return ErrorLines(self.errors, served)

    def list_files(self) -> list[LogFile]:
        files = [log.file for log in (self.access, self.errors, self.slow) if log is not None]
        return list(dict.fromkeys(files))

    def reopen(self) -> None:
        for file in self.list_files():
            file.reopen()

    def close(self) -> None:
        if self.slow is not None:
            self.slow.close()
        for file in self.list_files():
            file.close()

    def _fail(self, served: Served, error: Exception) -> None:
        self.failures += 1
        if self.failures == 1:
            self.note_error(served, f"the gateway could not tell of this request: {error!r}")
