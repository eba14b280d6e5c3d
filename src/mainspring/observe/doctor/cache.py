"""Looks at the cache as a start does, and tries whether an entry could be kept in it."""

import os
import tempfile
import time
from collections.abc import Iterator, Mapping

from mainspring.codecache.inventory import Item, list_entries
from mainspring.codecache.tally import SUMS_NAME
from mainspring.codecache.writer import CREATE_FILE, TEMPORARY_PREFIX, remove_file
from mainspring.observe.doctor.file_systems import find_kind, is_network
from mainspring.observe.doctor.findings import Finding
from mainspring.observe.starts import read_starts
from mainspring.observe.usercache import name_failure
from mainspring.places import Refused, judge_owner, open_folder, write_file
from mainspring.settings import find_cache_folder

TRIAL_SIZE = 64 * 1024  # of an entry that is not small
# some file systems count time in steps of two seconds
MOST_SKEW_SECONDS = 3.0


def examine_cache(environment: Mapping[str, str]) -> Iterator[Finding]:
    """What keeps the user's cache from being used."""
    path = find_cache_folder(environment)
    if path is None:
        yield Finding("no-cache-folder", "HOME")
        return
    kind = find_kind(path)
    if kind is not None and is_network(kind):
        yield Finding("network-file-system", path, kind)
    try:
        root = open_folder(path, (os.geteuid(),))
    except FileNotFoundError:
        yield from examine_place(path)
    except Refused as refused:
        yield Finding(refused.reason, path)
    else:
        try:
            yield from examine_folder(path, root)
        finally:
            os.close(root)


# ---- a cache that is still to be made -------------------------------------------------------


def examine_place(path: str) -> Iterator[Finding]:
    """Try whether the first start could make a cache at *path*, and leave nothing there."""
    place = find_nearest_folder(path)
    try:
        if os.stat(place).st_uid not in {0, os.geteuid()}:
            yield Finding("other-owner", place)
            return
        with tempfile.TemporaryDirectory(prefix=".mainspring-", dir=place) as trial:
            root = open_folder(trial, (os.geteuid(),))
            try:
                yield from try_writing(place, root)
            finally:
                os.close(root)
    except OSError as error:
        yield Finding(name_failure(error), place, error.strerror)


def find_nearest_folder(path: str) -> str:
    """*path*, or the nearest of the folders above it that is there."""
    while not os.path.lexists(path):
        path = os.path.dirname(path)
    return path


# ---- a cache that is there ------------------------------------------------------------------


def examine_folder(path: str, root: int) -> Iterator[Finding]:
    yield from try_writing(path, root)
    if not os.access(".", os.R_OK | os.X_OK, dir_fd=root):
        return  # which is why nothing could be written
    try:
        yield from examine_entries(path, root)
    except OSError as error:
        yield Finding(name_failure(error), path, error.strerror)
    starts = read_starts(root)
    if starts.problem is not None:
        yield Finding("counts-unreadable", os.path.join(path, SUMS_NAME), starts.problem)


def try_writing(path: str, root: int) -> Iterator[Finding]:
    """Write what an entry would take into the folder open at *root*, and see when that was."""
    name = f"{TEMPORARY_PREFIX}{os.getpid()}-{time.time_ns():x}"
    try:
        skew = measure_skew(root, name)
    except OSError as error:
        yield Finding(name_failure(error), path, error.strerror)
        return
    finally:
        remove_file(name, root)
    if abs(skew) > MOST_SKEW_SECONDS:
        word = "behind" if skew < 0 else "ahead"
        yield Finding("clock-skew", path, f"{abs(skew):.1f} seconds {word}")


def measure_skew(root: int, name: str) -> float:
    """By how many seconds the file system's clock is ahead of the system's.  Raises OSError."""
    descriptor = os.open(name, CREATE_FILE, 0o600, dir_fd=root)
    try:
        before = time.time()
        write_file(descriptor, bytes(TRIAL_SIZE))
        os.fsync(descriptor)  # a file server, or a quota, may only refuse now
        after = time.time()
        written = os.fstat(descriptor).st_mtime
    finally:
        os.close(descriptor)
    if before <= written <= after:
        return 0.0
    return written - (after if written > after else before)


def examine_entries(path: str, root: int) -> Iterator[Finding]:
    """Whether the entries can be trusted, and whether they and their scripts are of the past."""
    untrusted = list(list_untrusted(root))
    if untrusted:
        first = os.path.join(path, untrusted[0])
        yield Finding("untrusted-entries", path, f"{len(untrusted)}, of which one is {first}")
    items = list(list_entries(root))
    late = [item for item in items if is_in_future(item.used_at)]
    if late:
        first = os.path.join(path, late[0].path)
        yield Finding("entries-in-the-future", path, f"{len(late)}, of which one is {first}")
    yield from find_late_scripts(items)


def list_untrusted(root: int) -> Iterator[str]:
    """The entries, and folders below *root*, that somebody else could have written."""
    for folder, folders, names, descriptor in os.fwalk(".", dir_fd=root):
        for name in (*folders, *names):
            if not is_trusted(name, descriptor):
                yield os.path.normpath(os.path.join(folder, name))


def is_trusted(name: str, folder: int) -> bool:
    """Whether only the user can have written *name*; what has gone meanwhile is nobody's."""
    try:
        status = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except OSError:
        return True
    return judge_owner(status, (os.geteuid(),)) is None


def find_late_scripts(items: list[Item]) -> Iterator[Finding]:
    for script in dict.fromkeys(item.script for item in items):
        yield from examine_script(script)


def examine_script(script: str) -> Iterator[Finding]:
    """Whether *script* was last changed in the future."""
    try:
        status = os.stat(script)
    except (OSError, ValueError):
        return
    changed = max(status.st_mtime, status.st_ctime)
    if is_in_future(changed):
        yield Finding("script-in-the-future", script, f"{changed - time.time():.0f} seconds ahead")


def is_in_future(seconds: float) -> bool:
    return seconds > time.time() + MOST_SKEW_SECONDS
