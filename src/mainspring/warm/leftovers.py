"""What hosts and programs of the past left in the runtime folder is removed, some of it by each new host.

    KEY.lock KEY.sock    by who can take the lock: its host has ended
    ID.lock              likewise: the helper that waited for the recipe
    ID.recipe ID.cold    a month after the last use; while a host serves, it renews the recipe's time
    ID.recipe-new        likewise: who wrote it was killed
    KEY.early            a month after it was noted

A lock counts only while its file is in place (native/launcher/claim.c): so a host that is just coming up
keeps its files, or makes them anew.
"""

import os
import stat
import time

from mainspring.places import try_lock
from mainspring.warm.recipe import RECIPE_LOCK

MOST_AT_ONCE = 256  # files that one host looks at
UNUSED_SECONDS = 30 * 24 * 3600
FAILED_SECONDS = 24 * 3600  # so long is it remembered that hosts did not come up
OF_KEYS = {"lock", "sock"}
OF_PROGRAMS = {"recipe", "recipe-new", "cold", "early"}
DIGITS = set("0123456789abcdef")


def remove_leftovers(folder: int) -> None:
    """Remove what nobody uses from the runtime folder; best effort."""
    for name in choose(os.listdir(folder)):
        digits, _, suffix = name.partition(".")
        if len(digits) != 32 or not DIGITS.issuperset(digits):
            continue
        try:
            if suffix in OF_KEYS:
                remove_dead(folder, digits)
            elif suffix in OF_PROGRAMS:
                remove_unused(folder, name)
        except OSError:
            pass  # somebody else has removed it


def choose(names: "list[str]") -> "list[str]":
    """As many as may be looked at: others each time."""
    first = time.time_ns() // 1000 % max(1, len(names))
    return (names[first:] + names[:first])[:MOST_AT_ONCE]


def remove_dead(folder: int, digits: str) -> None:
    """Remove lock and socket of *digits*, unless a living process holds the lock.  Raises OSError."""
    name = f"{digits}.lock"
    lock = try_lock(folder, name)
    if lock is None:
        return
    try:
        held, found = os.fstat(lock), os.stat(name, dir_fd=folder, follow_symlinks=False)
        has_failed = held.st_size > 0 and abs(time.time() - held.st_mtime) < FAILED_SECONDS
        if os.path.samestat(held, found):
            remove_key(folder, digits, "sock" if has_failed else "sock lock")
    finally:
        os.close(lock)


def remove_key(folder: int, digits: str, suffixes: str = "sock lock") -> None:
    """Remove the files of a key whose lock this process holds; the lock's comes last."""
    for suffix in suffixes.split():
        name = f"{digits}.{suffix}"
        try:
            if suffix == "lock" or is_socket(folder, name):
                os.unlink(name, dir_fd=folder)
        except OSError:
            pass  # it is gone


def is_socket(folder: int, name: str) -> bool:
    return stat.S_ISSOCK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)


def remove_unused(folder: int, name: str) -> None:
    """Remove the file *name* of a program that nobody has started for long.  Raises OSError."""
    if not is_unused(folder, name):
        return
    lock = try_lock(folder, RECIPE_LOCK)
    if lock is None:
        return
    try:
        if is_unused(folder, name):
            os.unlink(name, dir_fd=folder)
    finally:
        os.close(lock)


def is_unused(folder: int, name: str) -> bool:
    used = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mtime
    return time.time() - used > UNUSED_SECONDS
