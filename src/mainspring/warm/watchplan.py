"""What a host depends on comes to folders, and to names in them: a function of the files as they stand.

The way to each file is followed by hand, link by link: each folder on it knows the name that leads on, so
that a folder replaced or a link turned is seen as well as a file written.
"""

import _imp
import os
from posix import readlink  # the recorder is told of each call of os.readlink

from mainspring._warm import sign_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

# a signature in native/warm/signatures.c
WATCH_SIGNATURE_BYTES = 64
SIGNED_CONTENT = slice(0, 48)
SIGNED_LINKS = slice(48, 56)

IMPORT_SUFFIXES = frozenset({"", ".py", ".pyc", *_imp.extension_suffixes()})
SITE_SUFFIXES = (".pth", ".start")
NAMES_EVERYWHERE = frozenset({"__init__", "sitecustomize", "usercustomize"})
OF_KERNEL = ("/proc/", "/sys/")  # no files: made anew, with new times, whenever somebody looks
MOST_LINKS = 40  # in one path, as for the kernel


class WatchedFolder:
    """A folder, no link on the way to it, and what matters there."""

    __slots__ = (
        "contents", "listed", "listing", "modified", "names", "packed", "path", "searched", "signatures",
    )  # fmt: skip

    def __init__(self, path: str) -> None:
        self.path = path
        self.names: set[str] = set()  # that lead on, or are files
        self.contents: set[str] = set()  # of them, the files
        self.searched = False
        self.listed = False
        self.listing: frozenset[str] = frozenset()
        self.modified = -1  # the folder's time when it was last listed, if that is long enough ago
        self.packed = b""
        self.signatures = b""

    def sign(self) -> bytes:
        return sign_names(self.path, self.packed)

    def split(self, signatures: bytes) -> "list[bytes]":
        return [
            signatures[at : at + WATCH_SIGNATURE_BYTES]
            for at in range(0, len(signatures), WATCH_SIGNATURE_BYTES)
        ]

    def join(self, name: str) -> str:
        return f"{self.path.rstrip('/')}/{name}"

    def compare_names(self) -> "str | None":
        """The path that is not as it was.  Another hard link to a file does not change it."""
        signatures = self.sign()
        if signatures == self.signatures:
            return None
        pairs = zip(self.split(self.signatures), self.split(signatures), strict=True)
        for name, (old, new) in zip(self.packed[:-1].split(b"\0"), pairs, strict=True):
            relinked = (
                old[SIGNED_CONTENT] == new[SIGNED_CONTENT] and old[SIGNED_LINKS] != new[SIGNED_LINKS]
            )
            if old != new and not relinked:
                return self.join(os.fsdecode(name))
        self.signatures = signatures
        return None


class WatchPlan:
    """Which folders matter, and what in them: a pure function of the files as they stand."""

    def __init__(
        self, files: "Iterable[str]", folders: "Iterable[str]", names: "set[str]", listed: "Iterable[str]"
    ) -> None:
        self.stems = names | NAMES_EVERYWHERE
        self.folders: dict[str, WatchedFolder] = {}
        self.real: dict[str, str] = {}  # path -> where it leads
        for path in files:
            self.add_file(self.follow(path))
        for path in listed:
            self.enter(self.follow(path)).listed = True
        for path in folders:
            self.add_searched(path)
        for watched in self.folders.values():
            watched.listing = watched.listing or self.list_entries(watched)

    def enter(self, path: str) -> WatchedFolder:
        return self.folders.get(path) or self.folders.setdefault(path, WatchedFolder(path))

    def follow(self, path: str, links: int = 0) -> str:
        """Where *path* leads; each folder on the way then knows the name that leads on."""
        real = self.real.get(path)
        if real is None:
            real = self.real[path] = self.follow_last(path, links)
        return real

    def follow_last(self, path: str, links: int) -> str:
        parent, _, name = path.rpartition("/")
        folder = self.follow(parent, links) if parent else "/"
        if name in {"", "."}:
            return folder
        if name == "..":
            return folder.rpartition("/")[0] or "/"
        target = f"{folder.rstrip('/')}/{name}"
        if target.startswith(OF_KERNEL):
            return target
        self.come_past(folder, name)
        try:
            link = readlink(target)
        except OSError:  # no link, or not there
            return target
        if links == MOST_LINKS:
            return target
        return self.follow(link if link.startswith("/") else f"{folder}/{link}", links + 1)

    def come_past(self, folder: str, name: str) -> None:
        self.enter(folder).names.add(name)

    def add_file(self, real: str) -> None:
        folder, _, name = real.rpartition("/")
        if not real.startswith(OF_KERNEL):
            self.enter(folder or "/").contents.add(name)

    def add_searched(self, path: str) -> None:
        """A folder in which import looks for modules: one there may become a package (`__init__`)."""
        folder = self.enter(self.follow(path))
        folder.searched = True
        folder.listing = self.list_entries(folder)
        for entry in folder.listing:
            if entry.endswith("/") and entry[:-1] in self.stems:
                self.enter(self.follow(f"{path}/{entry[:-1]}")).searched = True

    def list_entries(self, folder: WatchedFolder) -> "frozenset[str]":
        """What matters of a folder's entries, a `/` behind folders."""
        if not folder.searched and not folder.listed:
            return frozenset()
        try:
            with os.scandir(folder.path) as entries:
                return frozenset(
                    f"{entry.name}/" if entry.is_dir() else entry.name
                    for entry in entries
                    if self.is_of_interest(folder, entry.name)
                )
        except OSError:
            return frozenset()

    def is_of_interest(self, folder: WatchedFolder, name: str) -> bool:
        stem, dot, suffix = name.partition(".")
        if folder.listed or (stem in self.stems and dot + suffix in IMPORT_SUFFIXES):
            return folder.listed or folder.searched
        return folder.searched and name.endswith(SITE_SUFFIXES)

    def describe(self) -> "dict[str, tuple[set[str], frozenset[str]]]":
        return {path: (folder.names, folder.listing) for path, folder in self.folders.items()}
