"""A shim is a link to the launcher; beside the folder of the links lies what each stands for.

    shims/NAME, targets/NAME      in the user's data folder

    target      := "mainspring-target 1" LF script NUL interpreter NUL opening NUL (option NUL)*
    script      := absolute path, as PATH led to it
    interpreter := absolute path | name on PATH | "./" path from the real folder of the script
    opening     := what the script began with: the lines that name the interpreter

The launcher reads it (native/launcher/shim.c).  A script that begins with something else by now is
started plainly, as the kernel would.
"""

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from mainspring.places import Refused, make_cache_folder, make_folder, open_folder, read_trusted_file
from mainspring.places import write_file as write_whole
from mainspring.settings import find_data_folder

LINKS = "shims"
TARGETS = "targets"
OPENING_LINE = b"mainspring-target 1\n"
# who may start a shim may read what it stands for
MODE = 0o644
CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Target:
    """What a shim stands for."""

    script: str
    interpreter: str
    opening: str
    options: tuple[str, ...] = ()

    def format(self) -> bytes:
        """As it lies on disk."""
        fields = (self.script, self.interpreter, self.opening, *self.options)
        return OPENING_LINE + b"".join(os.fsencode(field) + b"\0" for field in fields)

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Raises ValueError."""
        if not content.startswith(OPENING_LINE) or not content.endswith(b"\0"):
            raise ValueError(content)
        fields = os.fsdecode(content.removeprefix(OPENING_LINE)).split("\0")[:-1]
        script, interpreter, opening, *options = fields
        return cls(script, interpreter, opening, tuple(options))


def find_shims_folder(environment: Mapping[str, str]) -> str | None:
    """The absolute path of the folder of the links, or None if no setting leads to one."""
    data = find_data_folder(environment)
    return None if data is None else f"{data}/{LINKS}"


def write_shim(data: str, name: str, target: Target, launcher: str) -> None:
    """Make the shim *name* in the data folder, or make it anew.  Raises Refused or OSError."""
    root = make_cache_folder(data, os.geteuid())
    try:
        # the target first: a link without one would be the launcher by another name
        write_target(root, name, target.format())
        write_link(root, name, launcher)
    finally:
        os.close(root)


def write_target(root: int, name: str, content: bytes) -> None:
    folder = make_folder(TARGETS, (os.geteuid(),), root)
    temporary = name_temporary()
    try:
        descriptor = os.open(temporary, CREATE, MODE, dir_fd=folder)
        try:
            write_whole(descriptor, content)
            os.fchmod(descriptor, MODE)
        finally:
            os.close(descriptor)
        put_in_place(folder, temporary, name)
    finally:
        os.close(folder)


def write_link(root: int, name: str, launcher: str) -> None:
    folder = make_folder(LINKS, (os.geteuid(),), root)
    temporary = name_temporary()
    try:
        os.symlink(launcher, temporary, dir_fd=folder)
        put_in_place(folder, temporary, name)
    finally:
        os.close(folder)


def name_temporary() -> str:
    return f"%tmp-{os.getpid()}-{time.time_ns():x}"


def put_in_place(folder: int, temporary: str, name: str) -> None:
    try:
        os.rename(temporary, name, src_dir_fd=folder, dst_dir_fd=folder)
    except BaseException:
        os.unlink(temporary, dir_fd=folder)
        raise


def remove_shim(data: str, name: str) -> bool:
    """Remove the shim *name*; False if there was none.  Raises Refused or OSError."""
    removed = [remove_file(data, folder, name) for folder in (LINKS, TARGETS)]
    return any(removed)


def remove_file(data: str, folder: str, name: str) -> bool:
    try:
        descriptor = open_folder(f"{data}/{folder}", (os.geteuid(),))
    except FileNotFoundError:
        return False
    try:
        os.unlink(name, dir_fd=descriptor)
    except FileNotFoundError:
        return False
    finally:
        os.close(descriptor)
    return True


def list_shims(data: str) -> list[str]:
    """The names of the shims that there are."""
    try:
        names = os.listdir(f"{data}/{LINKS}")
    except OSError:
        return []
    return sorted(name for name in names if not name.startswith("%tmp-"))


def read_target(data: str, name: str) -> Target | None:
    """What the shim *name* stands for, or None if that cannot be told."""
    owners = (0, os.geteuid())
    try:
        folder = open_folder(f"{data}/{TARGETS}", owners)
        return Target.parse(read_trusted_file(folder, name, owners)[0])
    except (OSError, Refused, ValueError):
        return None


def see_through(command: str, environment: Mapping[str, str]) -> str:
    """The script that *command* stands for, if that is the path of a shim; else *command* itself."""
    folder, name = os.path.split(command)
    data = find_data_folder(environment)
    if data is None or folder != f"{data}/{LINKS}":
        return command
    target = read_target(data, name)
    return command if target is None else target.script
