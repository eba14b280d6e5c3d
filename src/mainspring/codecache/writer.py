"""Entries are written to a temporary file in the same folder, and renamed: never in place.

A write is best effort: why one failed is a reason, and the program starts all the same.
"""

import os
import sys
import time

# from `errno` they would leave a module behind
from mainspring._native import EDQUOT, EFBIG, ENAMETOOLONG, ENOSPC, EROFS
from mainspring.codecache.entry import encode_entry, sign_source
from mainspring.codecache.key import locate_entry, name_build
from mainspring.codecache.lookup import describe_identity
from mainspring.places import Refused, make_cache_folder, make_tree, write_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.codecache.entry import Entry
    from mainspring.codecache.lookup import Cache, Source
    from mainspring.reasons import Reason

# a bare `%` in front: no script's entry and no folder has such a name
TEMPORARY_PREFIX = "%tmp-"
INTERPRETER_NOTE = "%interpreter"
CREATE_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
REASONS: "dict[int | None, Reason]" = {
    ENOSPC: "disk-full",
    EDQUOT: "disk-full",
    EFBIG: "disk-full",
    EROFS: "read-only-file-system",
    ENAMETOOLONG: "name-too-long",
}


def keep_entry(entry: "Entry", source: "Source", variant: str, cache: "Cache") -> "Reason | None":
    """Write *entry* into the user's cache; why that failed, or None."""
    try:
        folders, name = locate_entry(source.path, variant)
        root = open_for_writing(cache)
        folder = make_tree(root, [name_build(), *folders], (cache.user,))
        try:
            replace_file(folder, name, encode_entry(entry, describe_identity(variant)))
        finally:
            os.close(folder)
        note_interpreter(root)
    except Refused as refused:
        return refused.reason
    except OSError as error:
        return REASONS.get(error.errno, "no-access")
    return None


def open_for_writing(cache: "Cache") -> int:
    """The descriptor of the cache's folder, made if it is missing.  Raises Refused or OSError."""
    if cache.descriptor < 0:
        cache.descriptor = make_cache_folder(cache.path, cache.user)
    return cache.descriptor


def replace_file(folder: int, name: str, content: bytes, mode: int = 0o600) -> None:
    """Make *name* in *folder* hold *content*, at once or not at all.  Raises OSError."""
    temporary = f"{TEMPORARY_PREFIX}{os.getpid()}-{time.time_ns():x}"
    try:
        descriptor = os.open(temporary, CREATE_FILE, mode, dir_fd=folder)
        try:
            write_file(descriptor, content)
        finally:
            os.close(descriptor)
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:  # an interrupt right after the file was made, too
        remove_file(temporary, folder)
        raise


def remove_file(path: str, folder: int) -> None:
    """Remove *path*, relative to *folder*, if that can be done."""
    try:
        os.unlink(path, dir_fd=folder)
    except OSError:
        pass


def note_interpreter(root: int) -> None:
    """Leave word of which interpreter made this build's entries: they go when it has gone."""
    build = name_build()
    executable = os.fsencode(getattr(sys, "_base_executable", None) or sys.executable)
    path = f"{build}/{INTERPRETER_NOTE}"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=root)
    except FileNotFoundError:
        pass
    else:
        os.close(descriptor)
        return
    folder = make_tree(root, [build], (os.geteuid(),))
    try:
        replace_file(folder, INTERPRETER_NOTE, executable)
    finally:
        os.close(folder)


def renew_entry(entry: "Entry", source: "Source") -> None:
    """Make *entry* one of *source* as it is now, whose content is known to be the same."""
    source.read()
    entry.signature = sign_source(source.status)
    entry.read_at = source.read_at


def mark_used(cache: "Cache", source: "Source", variant: str) -> None:
    """Let the sweep know that an entry was used.  Best effort."""
    folders, name = locate_entry(source.path, variant)
    try:
        os.utime("/".join((name_build(), *folders, name)), dir_fd=cache.open(), follow_symlinks=False)
    except OSError:
        pass
