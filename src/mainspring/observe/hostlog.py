"""What hosts wrote in their log: its last lines, then what is added, and what the reasons mean.

The log is bounded: its newer half is put in its place now and then.
"""

import os
import time
from collections.abc import Iterator

from mainspring.places import OPEN_FILE
from mainspring.reasons import ENDERS, HOST_ENDS

NAME = "hosts.log"
ENDED = 3  # the word of a line that says what a host does; why stands behind it
SECONDS = 0.1


def read_log(folder: str) -> bytes:
    """All whole lines of the log; none where there is none yet.  Raises OSError."""
    try:
        descriptor = os.open(f"{folder}/{NAME}", OPEN_FILE)
    except FileNotFoundError:
        return b""
    with open(descriptor, "rb") as log:
        content = log.read()
    return content[: content.rfind(b"\n") + 1]


def cut_last(content: bytes, count: int) -> bytes:
    """The last *count* lines."""
    lines = content.splitlines(keepends=True)
    return b"".join(lines[max(0, len(lines) - count) :])


def follow_log(folder: str, seen: bytes) -> Iterator[bytes]:
    """What is added to the log behind *seen*, for ever.  Raises OSError."""
    while True:
        content = read_log(folder)
        if more := find_new(content, seen):
            yield more
        seen = content
        time.sleep(SECONDS)


def find_new(content: bytes, seen: bytes) -> bytes:
    """What *content* has behind *seen*, of which the beginning may be gone from it."""
    if content.startswith(seen):
        return content[len(seen) :]
    while seen and not content.startswith(seen):
        seen = seen[seen.find(b"\n") + 1 :]
    return content[len(seen) :]


def explain_line(line: str) -> str:
    """*line* with what the reasons in it mean."""
    what, *words = line.split(" ")[ENDED:] or [""]
    if what != "ended" or not words or words[0] not in HOST_ENDS:
        return line
    meanings = [HOST_ENDS[words[0]].meaning]
    if words[0] == "effect" and len(words) > 2 and words[2] in ENDERS:  # behind the module
        meanings.append(f"it {ENDERS[words[2]].meaning}")
    return f"{line} ({'; '.join(meanings)})"
