"""Hosts themselves write down why they end: what concerns the scripts that are served is found there.

The log is that of `warm/hostlog.py`; it belongs to the user whom the scripts run as, and is read anew
each time.
"""

from __future__ import annotations

import os
import stat
import time
from typing import TYPE_CHECKING, NamedTuple

from mainspring.places import OPEN_FILE
from mainspring.reasons import HOST_ENDS
from mainspring.settings import find_state_folder
from mainspring.warm.hostlog import HOST_LOG

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

#: bytes of the log that are read: its end
LAST = 64 << 10
MOST_ENDS = 50
TOLD = ("ended", "failed")


class HostEnd(NamedTuple):
    """A host that has ended, or has not come up: when, of what script, and why."""

    moment: float
    script: str
    reason: str


def list_host_ends(
    environment: Mapping[str, str], since: float, scripts: Container[str]
) -> list[HostEnd]:
    """The ends of hosts of *scripts* from the time *since* on, the latest first."""
    folder = find_state_folder(environment)
    if folder is None:
        return []
    try:
        lines = read_end(f"{folder}/{HOST_LOG}").decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    ends = (parse_line(line, scripts) for line in reversed(lines))
    return [end for end in ends if end is not None and end.moment >= int(since)][:MOST_ENDS]


def read_end(path: str) -> bytes:
    """The last whole lines.  Raises OSError."""
    descriptor = os.open(path, OPEN_FILE)
    with open(descriptor, "rb") as log:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return b""
        log.seek(max(0, status.st_size - LAST))
        content = log.read(LAST)
    return content if status.st_size <= LAST else content.partition(b"\n")[2]


def parse_line(line: str, scripts: Container[str]) -> HostEnd | None:
    """What *line* says, if that is the end of a host of one of *scripts*."""
    words = line.split(" ", 4)
    if len(words) < 5 or words[3] not in TOLD:
        return None
    reason, script = split_script(words[4], scripts)
    try:
        moment = time.mktime(time.strptime(" ".join(words[:2]), "%Y-%m-%d %H:%M:%S"))
    except (ValueError, OverflowError):
        return None
    if script is None:
        return None
    return HostEnd(moment, script, reason if words[3] == "ended" else f"failed: {reason}")


def split_script(rest: str, scripts: Container[str]) -> tuple[str, str | None]:
    """What stands before the script; that may have paths in it as well, and both may have spaces."""
    start = rest.find(" /")
    while start >= 0 and rest[start + 1 :] not in scripts:
        start = rest.find(" /", start + 1)
    return (rest, None) if start < 0 else (rest[:start], rest[start + 1 :])


def explain_end(reason: str) -> str:
    """*reason*, and what its word means."""
    row = HOST_ENDS.get(reason.partition(" ")[0])
    return reason if row is None else f"{reason}: {row.meaning}"
