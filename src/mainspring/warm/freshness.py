"""What a host has imported is what a cold start would import now: proved at each start, not polled.

A folder tells of all that comes, goes or is written in it, by the name that was used: a file that has
other names (hard links) is watched itself.  What the kernel cannot watch (network file systems, no
watches left) is compared by signature each time.

No event, and so only `compare_all`, tells of a write through a hard link that was made after the watch,
or through a memory map that outlives its descriptor.
"""

import os
import stat
import time

from mainspring._warm import add_watch, has_new_mounts, is_local, open_events, read_events
from mainspring.warm.watchplan import WatchedFolder, WatchPlan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from mainspring.warm.sight import Sight

# <linux/inotify.h>
IN_MODIFY, IN_ATTRIB, IN_CLOSE_WRITE, IN_DELETE_SELF, IN_MOVE_SELF = 0x2, 0x4, 0x8, 0x400, 0x800
IN_COME_OR_GO = 0x3C0  # moved from, moved to, create, delete
IN_GONE = IN_DELETE_SELF | 0xA000  # unmount, ignored
IN_OVERFLOW = 0x4000
IN_ONLY_FOLDER = 0x1000000
FOLDER_EVENTS = IN_COME_OR_GO | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLY_FOLDER
CONTENT_EVENTS = IN_MODIFY | IN_CLOSE_WRITE

MANY_EVENTS = 1000  # take longer than to compare everything
FEW_FILES = 2  # are watched one by one: what else is written in a script's folder then wakes no host
TICK_NS = 20_000_000  # how late a time stamp may be: the kernel's clock for them goes by 10 ms at most
COARSE_NS = 2_000_000_000  # and that of vfat by 2 s, as some servers' may


class Watch:
    """Whether files are as they were when a host began to import them, as it has noted in *sight*.

    *files* are paths whose content, or coming to be, matters; *folders* those that are searched for
    modules called *names*; *listed* those any entry of which matters.  All paths are absolute.

    `descriptor` is readable when something may have changed, or -1.
    """

    def __init__(
        self,
        files: "set[str]",
        folders: "set[str]",
        names: "set[str]",
        listed: "set[str]",
        sight: "Sight",
    ) -> None:
        given = (files, folders, names, listed)
        self._plan = WatchPlan(*given)
        self._seen = sight.signatures
        self._unwatched: dict[str, WatchedFolder] = {}
        self._owners: dict[int, list[tuple[WatchedFolder, str]]] = {}
        self.descriptor = self._open_events()
        self._mounts = self._open_mounts()
        for path in sorted(self._plan.folders):  # from the root on: what replaces a folder is seen
            self._begin(self._plan.folders[path])
        again = WatchPlan(*given)  # with the watches in place
        self._changed = sight.changed or self._find_difference(again) or self._find_newer(sight.since_ns)

    def _open_events(self) -> int:
        try:
            return open_events()
        except OSError:  # as many as a user may have are open
            return -1

    def _open_mounts(self) -> int:
        try:
            return os.open("/proc/self/mountinfo", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return -1

    def close(self) -> None:
        """Let go of the descriptors: what a forked child does first."""
        for descriptor in (self.descriptor, self._mounts):
            if descriptor >= 0:
                os.close(descriptor)
        self.descriptor = self._mounts = -1

    @property
    def mounts(self) -> int:
        """The descriptor that tells of new mounts; -1 where what has changed has to be looked for."""
        return -1 if self._changed or self._unwatched else self._mounts

    def find_change(self, *, has_new_mounts: bool = False) -> "str | None":
        """The path that is not as it was, or None: once changed, always.

        The kernel tells only once that there are new mounts: whoever was told hands it on.
        """
        if self._changed is None:
            self._changed = self._look(told_of_mounts=has_new_mounts)
        return self._changed

    def compare_all(self) -> "str | None":
        """As find_change, of everything by its signature."""
        if self._changed is None:
            self._changed = self._compare(self._plan.folders.values())
        return self._changed

    # ---- placing the watches

    def _begin(self, folder: WatchedFolder) -> None:
        folder.packed = b"".join(os.fsencode(name) + b"\0" for name in sorted(folder.names))
        if not os.path.isdir(folder.path):  # the folder that it would be in tells if it comes to be
            folder.signatures = folder.sign()
            return
        one_by_one = len(folder.contents) <= FEW_FILES
        placed = self._place(folder, "", FOLDER_EVENTS | (0 if one_by_one else CONTENT_EVENTS))
        folder.signatures = folder.sign()
        names = sorted(folder.names)
        for name, signature in zip(names, folder.split(folder.signatures), strict=True):
            mode, links = read_signed_number(signature, 0), read_signed_number(signature, 6)
            if not stat.S_ISREG(mode):  # a device tells of all that goes through it
                folder.contents.discard(name)
            elif placed and name in folder.contents and (one_by_one or links > 1):
                placed = self._place(folder, name, CONTENT_EVENTS | IN_ATTRIB)

    def _place(self, folder: WatchedFolder, name: str, events: int) -> bool:
        path = folder.join(name) if name else folder.path
        try:
            if is_local(path):
                watch = add_watch(self.descriptor, path, events)
                self._owners.setdefault(watch, []).append((folder, name))
                return True
        except OSError:
            pass
        self._unwatched[folder.path] = folder
        return False

    def _find_difference(self, again: WatchPlan) -> "str | None":
        """What has changed while the watches were placed."""
        for path, real in again.real.items():
            if self._plan.real.get(path) != real:
                return path
        old, new = self._plan.describe(), again.describe()
        for path, description in new.items():
            if old.get(path) != description:
                return path
        return self._compare(self._plan.folders.values())

    def _find_newer(self, since_ns: int) -> "str | None":
        """What has changed before the watches were placed."""
        for folder in self._plan.folders.values():
            try:
                modified = os.stat(folder.path).st_mtime_ns
            except OSError:
                continue
            since = since_ns - COARSE_NS if folder.path in self._unwatched else since_ns
            path = self._find_newer_in(folder, since, is_stamp_since(modified, since))
            if path is not None:
                return path
        return None

    def _find_newer_in(self, folder: WatchedFolder, since_ns: int, folder_newer: bool) -> "str | None":
        """A folder that was moved here has changed, and so has the one that it is in."""
        if folder_newer and folder.listed:
            return folder.path
        for name, signature in zip(sorted(folder.names), folder.split(folder.signatures), strict=True):
            path = folder.join(name)
            if self._is_other(path, signature) or is_stamp_since(read_change(signature), since_ns):
                return path
            if folder_newer and self._has_no_time(path, signature) and is_new_since(path, since_ns):
                return path
        if folder_newer:
            for entry in folder.listing:
                if is_new_since(folder.join(entry), since_ns):
                    return folder.join(entry)
        return None

    def _is_other(self, path: str, signature: bytes) -> bool:
        return self._seen.get(path, signature) != signature

    def _has_no_time(self, path: str, signature: bytes) -> bool:
        return path not in self._seen and not read_change(signature)

    # ---- looking

    def _look(self, *, told_of_mounts: bool) -> "str | None":
        events = read_events(self.descriptor) if self.descriptor >= 0 else []
        new_mounts = told_of_mounts or self._mounts < 0 or has_new_mounts(self._mounts)
        if new_mounts or len(events) > MANY_EVENTS or any(mask & IN_OVERFLOW for _, mask, _ in events):
            return self._compare(self._plan.folders.values()) or self._compare_watches()
        return self._judge_all(events) or self._compare(self._unwatched.values())

    def _judge_all(self, events: "list[tuple[int, int, str]]") -> "str | None":
        for watch, mask, name in events:
            for folder, own in self._owners.get(watch, ()):
                path = self._judge(folder, own or name, mask)
                if path is not None:
                    return path
        return None

    def _judge(self, folder: WatchedFolder, name: str, mask: int) -> "str | None":
        if mask & IN_GONE:
            return folder.join(name) if name else folder.path
        if not name:
            return self._compare_itself(folder)
        if name in folder.names:
            decisive = IN_COME_OR_GO | (IN_MODIFY if name in folder.contents else 0)
            return folder.join(name) if mask & decisive else folder.compare_names()
        if mask & IN_COME_OR_GO and self._plan.is_of_interest(folder, name):
            return self._compare_entries(folder)
        return None

    def _compare_itself(self, folder: WatchedFolder) -> "str | None":
        parent = self._plan.folders.get(folder.path.rpartition("/")[0] or "/")
        return None if parent is None else parent.compare_names()

    def _compare_watches(self) -> "str | None":
        """A folder made anew may look as the old one did, but it is not the one that is watched."""
        for watch, owners in self._owners.items():
            for folder, name in owners:
                path = folder.join(name) if name else folder.path
                try:
                    if add_watch(self.descriptor, path, IN_ATTRIB) != watch:
                        return path
                except OSError:
                    return path
        return None

    def _compare(self, folders: "Iterable[WatchedFolder]") -> "str | None":
        for folder in folders:
            path = folder.compare_names() or self._compare_listing(folder)
            if path is not None:
                return path
        return None

    def _compare_listing(self, folder: WatchedFolder) -> "str | None":
        if not folder.searched and not folder.listed:
            return None
        try:
            modified = os.stat(folder.path).st_mtime_ns
        except OSError:
            modified = 0
        if modified == folder.modified:
            return None
        # entries that come within the tick of the last one leave the time as it is
        folder.modified = modified if modified < time.time_ns() - COARSE_NS else -1
        return self._compare_entries(folder)

    def _compare_entries(self, folder: WatchedFolder) -> "str | None":
        return folder.path if self._plan.list_entries(folder) != folder.listing else None


def read_signed_number(signature: bytes, index: int) -> int:
    return memoryview(signature).cast("Q")[index]


def read_change(signature: bytes) -> int:
    """When a file was changed; 0 for a folder, or for what is not there."""
    return read_signed_number(signature, 7)


def is_stamp_since(stamp_ns: int, since_ns: int) -> bool:
    """A stamp without nanoseconds is that of a coarse clock."""
    return stamp_ns >= since_ns - (COARSE_NS if stamp_ns % 10_000_000 == 0 else TICK_NS)


def is_new_since(path: str, since_ns: int) -> bool:
    """Whether *path* came to be since, or went."""
    try:
        return is_stamp_since(os.lstat(path).st_ctime_ns, since_ns)
    except OSError:
        return True
