"""The `.pyc` files of modules: where they are, whether they are current, and writing them.

To the byte, and in its place and mode, what CPython's `py_compile` writes (PEP 552):

    pyc := MAGIC(4) FLAGS(4) ( MTIME(4) SIZE(4) | SOURCE_HASH(8) ) code

MTIME is in whole seconds; MTIME and SIZE are taken modulo 2**32.
"""

import os
import stat
import sys
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash

from mainspring.ahead.request import Invalidation, Request
from mainspring.ahead.way import open_way
from mainspring.codecache.writer import remove_file, replace_file

HEADER_SIZE = 16
OPEN_HEADER = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY


def locate_bytecode(source: str, level: int, *, legacy: bool) -> str:
    """The path of the `.pyc` of the module *source* for an optimisation *level*."""
    if legacy:
        return f"{source}c"
    if level < 0:
        return cache_from_source(source)
    return cache_from_source(source, optimization=level or "")


def make_header(mode: Invalidation, status: os.stat_result, content: bytes) -> bytes:
    """The header of the `.pyc` of a source with that *status* and *content*."""
    flags = MAGIC_NUMBER + pack_word(mode.value)
    if mode is Invalidation.TIMESTAMP:
        return flags + pack_word(int(status.st_mtime)) + pack_word(status.st_size)
    return flags + source_hash(content)


def pack_word(number: int) -> bytes:
    return (number & 0xFFFF_FFFF).to_bytes(4, "little")


class BytecodeFolder:
    """The places of the `.pyc` files of one folder: found once, since there are many in each."""

    def __init__(self, folder: str, request: Request) -> None:
        self._request = request
        self._is_usual = not request.legacy and sys.pycache_prefix is None
        tag = sys.implementation.cache_tag
        self._prefix = os.path.join(folder, "__pycache__", "")
        self._suffixes = [f".{tag}{name_level(level)}.pyc" for level in request.sorted_levels]

    def locate(self, source: str, name: str) -> list[str]:
        """The paths for the module *source*, whose file is called *name*, level by level."""
        if self._is_usual and len(name) > len(".py"):
            stem = self._prefix + name[:-3]
            return [stem + suffix for suffix in self._suffixes]
        request = self._request
        return [locate_bytecode(source, level, legacy=request.legacy) for level in request.sorted_levels]


def name_level(level: int) -> str:
    """What the optimisation *level* adds to a file's name."""
    level = sys.flags.optimize if level < 0 else level
    return f".opt-{level}" if level else ""


def is_current(paths: list[str], mode: Invalidation, status: os.stat_result, source: str) -> bool:
    """Whether the files at *paths* are of the module *source*, which has that *status*."""
    if mode is Invalidation.TIMESTAMP:
        expected = make_header(mode, status, b"")
    else:
        expected = MAGIC_NUMBER + pack_word(mode.value)
    try:
        headers = [read_header(path) for path in paths]
        if not all(header.startswith(expected) for header in headers):
            return False
        if mode is not Invalidation.TIMESTAMP:
            with open(source, "rb") as file:
                expected = make_header(mode, status, file.read())
    except OSError:
        return False
    return headers == [expected] * len(paths)


def read_header(path: str) -> bytes:
    """Raises OSError."""
    descriptor = os.open(path, OPEN_HEADER)
    try:
        return os.read(descriptor, HEADER_SIZE)
    finally:
        os.close(descriptor)


def write_bytecode(paths: list[str], contents: list[bytes], source_mode: int, *, hardlink: bool) -> None:
    """Write each of *contents* to its path, with the mode of the source.  Raises OSError.

    With *hardlink*, what is equal to the level before becomes a link to it.
    """
    mode = (source_mode | stat.S_IWUSR) & 0o666
    before: tuple[str, bytes] | None = None
    for path, content in zip(paths, contents, strict=True):
        folder, name = os.path.split(path)
        descriptor = open_way(folder)
        try:
            check_place(path, descriptor)
            if hardlink and before is not None and before[1] == content:
                link_file(before[0], name, descriptor)
            else:
                replace_named(descriptor, path, content, mode)
        finally:
            os.close(descriptor)
        before = name, content


def check_place(path: str, folder: int) -> None:
    """Raise FileExistsError for what writing would turn into a regular file, as py_compile does."""
    try:
        kind = os.lstat(os.path.basename(path), dir_fd=folder).st_mode
    except FileNotFoundError:
        return
    if not stat.S_ISREG(kind):
        raise FileExistsError(f"{path} is a link, or no regular file: it is not replaced")


def replace_named(folder: int, path: str, content: bytes, mode: int) -> None:
    """Replace the file *path*, in *folder*; an OSError tells of it, and not of a temporary file."""
    try:
        replace_file(folder, os.path.basename(path), content, mode)
    except OSError as error:
        raise OSError(error.errno, error.strerror, path) from error


def link_file(target: str, name: str, folder: int) -> None:
    """Make *name* in *folder* another name of the file *target* there, at once."""
    temporary = f"{name}.{os.getpid()}"
    try:
        os.link(target, temporary, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
        os.replace(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        # it is still there if this failed, and if both were names of one file already
        remove_file(temporary, folder)
