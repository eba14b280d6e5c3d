"""The folder that a case runs in: laid out before each start, and read after it."""

from __future__ import annotations

import os
import shutil
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from .case import Case, Content

LAID_OUT_AT = 1_700_000_000  # the age of each file: .pyc files note their source's


def lay_out(case: Case, work: Path) -> None:
    """Make *work* hold what *case* says, and nothing else.

    A script that is still as it was stays the very file, so that a cached start is a plain hit.
    """
    script = os.path.join(os.fsencode(work), os.fsencode(case.script_name))
    if not holds(script, case.script):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir()
    clear_folder(os.fsencode(work), script)
    if case.script is not None and not os.path.lexists(script):
        put(script, case.script)
    for name, content in case.files.items():
        put(os.path.join(os.fsencode(work), os.fsencode(name)), content)


def holds(path: bytes, content: Content | None) -> bool:
    """Whether the file *path* is just as *put* would make it."""
    if os.path.islink(path) or not os.path.isfile(path) or callable(content) or content is None:
        return False
    with open(path, "rb") as file:
        is_same = file.read() == as_bytes(content)
    return is_same and stat.S_IMODE(os.stat(path).st_mode) == 0o644


def clear_folder(folder: bytes, kept: bytes) -> None:
    """Remove all below *folder* but the file *kept* and the folders that lead to it."""
    for name in os.listdir(folder):
        path = os.path.join(folder, name)
        if kept.startswith(path + b"/") and os.path.isdir(path):
            clear_folder(path, kept)
        elif os.path.isdir(path) and not os.path.islink(path):
            shutil.rmtree(path)
        elif path != kept:
            os.unlink(path)


def put(path: bytes, content: Content) -> None:
    os.makedirs(os.path.dirname(path), exist_ok=True)
    if callable(content):
        content(path)
        return
    with open(path, "wb") as file:
        file.write(as_bytes(content))
    os.chmod(path, 0o644)
    os.utime(path, (LAID_OUT_AT, LAID_OUT_AT))


def as_bytes(content: str | bytes) -> bytes:
    return content.encode() if isinstance(content, str) else content


def list_files(work: Path) -> Iterator[tuple[str, str, bytes]]:
    """Name, type with mode, and content of everything below *work*."""
    for folder, folders, names in os.walk(work):
        for name in (*folders, *names):
            path = os.path.join(folder, name)
            status = os.lstat(path)
            yield os.path.relpath(path, work), stat.filemode(status.st_mode), read(path, status)


def read(path: str, status: os.stat_result) -> bytes:
    if stat.S_ISLNK(status.st_mode):
        return os.fsencode(os.readlink(path))
    if not stat.S_ISREG(status.st_mode):
        return b""
    with open(path, "rb") as file:
        return file.read()
