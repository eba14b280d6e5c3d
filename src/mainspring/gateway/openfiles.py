"""Each connection and each script takes descriptors: the gateway takes as many as it is allowed.

What a service starts with is often 1,024, so that programs that use select(2) are safe (systemd, "File
Descriptor Limits").  Scripts may be such programs: they are to get what the gateway was started with.
"""

from __future__ import annotations

import resource
from typing import NamedTuple


class OpenFiles(NamedTuple):
    """RLIMIT_NOFILE: how many are allowed, and up to what that may be raised."""

    soft: int
    hard: int


def raise_open_files() -> OpenFiles:
    """Allow as many open files as may be; what was allowed before is for the scripts."""
    before = OpenFiles(*resource.getrlimit(resource.RLIMIT_NOFILE))
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (before.hard, before.hard))
    except (OSError, ValueError):
        pass
    return before
