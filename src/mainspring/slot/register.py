"""Remembers which interpreters this user has enabled: some lie where nothing else would look.

    register := (PATH NUL)*        a file in the user's state folder

Best effort: a command that enables has done its work when the slot is written.  An addition is one
write with O_APPEND; of two commands that take one out at the same time, the later may put the other's
back, which does no harm: who reads it asks the interpreter.
"""

import os
import time
from collections.abc import Mapping

from mainspring.places import Refused, make_cache_folder, open_folder, read_trusted_file, write_file
from mainspring.settings import find_state_folder

REGISTER_NAME = "interpreters"
APPEND = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


def add_interpreter(environment: Mapping[str, str], path: str) -> None:
    """Remember the interpreter *path*.  Raises nothing."""
    folder = find_state_folder(environment)
    if folder is None or path in list_interpreters(environment):
        return
    try:
        root = make_cache_folder(folder, os.geteuid())
        try:
            append_file(root, os.fsencode(path) + b"\0")
        finally:
            os.close(root)
    except (OSError, Refused):
        pass


def drop_interpreter(environment: Mapping[str, str], path: str) -> None:
    """Forget the interpreter *path*.  Raises nothing."""
    folder = find_state_folder(environment)
    paths = list_interpreters(environment)
    if folder is None or path not in paths:
        return
    rest = [other for other in paths if other != path]
    try:
        root = open_folder(folder, (os.geteuid(),))
        try:
            replace_register(root, b"".join(os.fsencode(other) + b"\0" for other in rest))
        finally:
            os.close(root)
    except (OSError, Refused):
        pass


def list_interpreters(environment: Mapping[str, str]) -> list[str]:
    """The interpreters that were enabled, each once; none if that cannot be read or trusted."""
    folder = find_state_folder(environment)
    try:
        content = b"" if folder is None else read_register(folder)
    except (OSError, Refused):
        return []
    paths = dict.fromkeys(os.fsdecode(path) for path in content.split(b"\0"))
    return [path for path in paths if os.path.isabs(path)]


def read_register(folder: str) -> bytes:
    """Raises Refused or OSError."""
    owners = (os.geteuid(),)
    content, _ = read_trusted_file(open_folder(folder, owners), REGISTER_NAME, owners)
    return content


def append_file(root: int, content: bytes) -> None:
    descriptor = os.open(REGISTER_NAME, APPEND, 0o600, dir_fd=root)
    try:
        write_file(descriptor, content)
    finally:
        os.close(descriptor)


def replace_register(root: int, content: bytes) -> None:
    # not codecache.writer's: `disable` works where the native module cannot be loaded
    temporary = f"%tmp-{os.getpid()}-{time.time_ns():x}"
    descriptor = os.open(temporary, CREATE, 0o600, dir_fd=root)
    try:
        try:
            write_file(descriptor, content)
        finally:
            os.close(descriptor)
        os.rename(temporary, REGISTER_NAME, src_dir_fd=root, dst_dir_fd=root)
    except BaseException:
        os.unlink(temporary, dir_fd=root)
        raise
