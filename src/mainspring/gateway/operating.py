"""The journal tells what the operator has chosen to be told, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mainspring.gateway.accesslog import AccessLog, Format
from mainspring.gateway.errorlog import ErrorLog
from mainspring.gateway.journal import Journal
from mainspring.gateway.logfile import STDERR, STDOUT, LogFile
from mainspring.gateway.slowlog import SlowLog

if TYPE_CHECKING:
    from mainspring.gateway.bounds import Bounds


@dataclass(frozen=True, slots=True)
class Logs:
    """Paths; `-` is a standard stream, None is no log."""

    access: str | None = None
    access_format: Format = "combined"
    errors: str = "-"
    slow: str | None = "-"


def open_journal(logs: Logs, bounds: Bounds) -> Journal:
    """The journal of a gateway; what cannot be opened is said on stderr, and tried again later."""
    stderr = LogFile("standard error", "-", STDERR, lambda _: None)

    def tell(text: str) -> None:
        stderr.write(f"mainspring: {text}\n".encode("utf-8", "backslashreplace"))

    def open_file(name: str, path: str, standard: int) -> LogFile:
        if path == "-" and standard == STDERR:
            return stderr
        return LogFile(name, path, standard, tell)

    errors = ErrorLog(open_file("error log", logs.errors, STDERR))
    access = slow = None
    if logs.access is not None:
        access = AccessLog(open_file("access log", logs.access, STDOUT), logs.access_format)
    if logs.slow is not None and bounds.slow > 0:
        slow = SlowLog(open_file("slow log", logs.slow, STDERR), bounds.slow)
    return Journal(errors, access, slow)
