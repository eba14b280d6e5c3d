"""A look at the cache gives a verdict: a value that a start acts on and `explain` prints.

Two places are looked at, the script's own `__pycache__` first, then the user's cache.  An entry is
used if its source has the stat that the entry recorded, or else the same content.  On a start's path.
"""

import os
import stat
import sys
import time

from mainspring.codecache.entry import (
    Damaged,
    Entry,
    decode_entry,
    hash_source,
    sign_image,
    sign_source,
)
from mainspring.codecache.key import describe_build, locate_beside, locate_entry, name_build
from mainspring.places import (
    OPEN_FILE,
    Refused,
    judge_owner,
    open_folder,
    open_tree,
    read_file,
    read_trusted_file,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType
    from typing import Literal

    from mainspring.reasons import Reason, Verdict

    Place = Literal["beside", "cache"]

# A source changed this shortly before it was read may change again without its stat telling, as in
# git's index: file systems count time in ticks, some of them two seconds long.
RACY_NS = 2_000_000_000
USABLE = ("hit", "refreshed")
NAME_TOO_LONG = 63 if sys.platform == "darwin" else 36  # `errno` would be one more module


class Cache:
    """The user's cache as one start sees it: its path, and its descriptor once it is open."""

    __slots__ = ("descriptor", "path", "user")

    def __init__(self, path: str, user: int) -> None:
        self.path = path
        self.user = user
        self.descriptor = -1

    def open(self) -> int:
        """The descriptor of the cache's folder.  Raises Refused, or FileNotFoundError."""
        if self.descriptor < 0:
            self.descriptor = open_folder(self.path, (self.user,))
        return self.descriptor

    def close(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


class Look:
    """What a look at one place found."""

    __slots__ = ("code", "entry", "path", "place", "reason", "used_at", "verdict")

    def __init__(
        self, place: "Place", path: str, verdict: "Verdict", reason: "Reason | None" = None
    ) -> None:
        self.place = place
        self.path = path
        self.verdict = verdict
        self.reason = reason
        self.entry: Entry | None = None
        self.code: CodeType | None = None
        self.used_at = 0.0


class Source:
    """A script, its stat, and its content once that is asked for."""

    __slots__ = ("_content", "path", "read_at", "status")

    def __init__(self, path: str) -> None:
        """Raises OSError."""
        self.path = path
        self.status = os.stat(path)
        self.read_at = 0
        self._content: bytes | None = None

    @property
    def was_read(self) -> bool:
        return self._content is not None

    def read(self) -> bytes:
        """The content that goes with the status.  Raises Refused, or OSError."""
        if self._content is None:
            self._content = self._read_whole()
        return self._content

    def _read_whole(self) -> bytes:
        # the script itself may be a link: what it leads to is what CPython opens
        descriptor = os.open(self.path, OPEN_FILE & ~os.O_NOFOLLOW)
        try:
            self.read_at = time.time_ns()
            self.status = os.fstat(descriptor)
            if not stat.S_ISREG(self.status.st_mode):
                raise Refused("not-a-file", self.path)
            content = read_file(descriptor)
            if sign_source(os.fstat(descriptor)) != sign_source(self.status):
                raise Refused("changing", self.path)
        finally:
            os.close(descriptor)
        if len(content) != self.status.st_size:
            raise Refused("changing", self.path)
        return content


def describe_identity(variant: str) -> str:
    """What an entry must say of itself to be of use to this start."""
    return f"{describe_build()} {variant}"


def look_beside(source: Source, variant: str, user: int) -> "Look | None":
    """Look into the script's own `__pycache__`; None where it has no place for this start."""
    place = locate_beside(source.path, variant)
    if place is None:
        return None
    folder, name = place
    owners = {0, user, source.status.st_uid}
    return look_at(
        "beside",
        f"{folder}/{name}",
        source,
        variant,
        lambda: read_trusted_file(open_folder(folder, owners), name, owners),
    )


def look_in_cache(source: Source, variant: str, cache: Cache) -> Look:
    """Look into the user's cache."""
    folders, name = locate_entry(source.path, variant)
    folders.insert(0, name_build())
    owners = (cache.user,)
    return look_at(
        "cache",
        "/".join((cache.path, *folders, name)),
        source,
        variant,
        lambda: read_trusted_file(open_tree(cache.open(), folders, owners), name, owners),
    )


def look_at(
    place: "Place",
    path: str,
    source: Source,
    variant: str,
    read: "Callable[[], tuple[bytes, os.stat_result]]",
) -> Look:
    """Judge the entry at *path* that *read* gives.  Raises Refused, if the source is refused."""
    try:
        content, status = read()
        entry = decode_entry(content, describe_identity(variant))
        if entry.is_image:
            check_image(path, status, source)
    except FileNotFoundError:
        return Look(place, path, "absent")
    except Refused as refused:
        return Look(place, path, "untrusted", refused.reason)
    except OSError as error:
        if error.errno == NAME_TOO_LONG:
            return Look(place, path, "absent", "name-too-long")
        return Look(place, path, "untrusted", "no-access")
    except Damaged as damaged:
        return Look(place, path, damaged.verdict)
    look = Look(place, path, classify_entry(entry, source))
    look.entry = entry
    look.used_at = status.st_mtime
    if look.verdict in USABLE:
        load_code(look, entry)
    return look


def load_code(look: Look, entry: Entry) -> None:
    try:
        look.code = entry.load_code()
    except Damaged as damaged:
        look.verdict = damaged.verdict


def classify_entry(entry: Entry, source: Source) -> "Verdict":
    """Whether *entry* is of *source* as it is now.  Raises Refused, or OSError."""
    if entry.is_image:
        unchanged = entry.signature == sign_image(source.status, is_racy=False)
        is_safe = True
    else:
        unchanged = entry.signature == sign_source(source.status)
        is_safe = not is_racy(source.status, entry.read_at)
    if unchanged and is_safe:
        return "hit"
    if hash_source(source.read()) != entry.source_hash:
        return "stale"
    if unchanged and is_racy(source.status, source.read_at):
        return "hit"  # by content, until it has aged
    return "refreshed"


def check_image(path: str, status: "os.stat_result", source: Source) -> None:
    """Raise Refused unless the entry of an image, at *path* with that *status*, is to be trusted.

    Such an entry is compared by size and time alone, which the owner of a script can set: so root
    must own both, and all folders that lead to them, and nobody else may write there.
    """
    reason = judge_owner(status, (0,)) or judge_owner(source.status, (0,))
    folders = {os.path.dirname(os.path.realpath(path)), os.path.dirname(os.path.realpath(source.path))}
    while reason is None and folders:
        folder = folders.pop()
        reason = judge_owner(os.stat(folder), (0,))
        if folder != "/":
            folders.add(os.path.dirname(folder))
    if reason is not None:
        raise Refused("not-root-s", path)


def is_racy(status: "os.stat_result", read_at: int) -> bool:
    """Whether a source with that *status*, read at *read_at*, had only just changed."""
    return max(status.st_mtime_ns, status.st_ctime_ns) > read_at - RACY_NS
