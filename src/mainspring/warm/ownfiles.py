"""A start depends on more than what it imports: the script, the interpreter, its settings, libraries."""

import os
import sys

#: what is mapped and is no file that somebody could replace
UNREAL = (b"/dev/", b"/memfd:", b"/SYSV", b"/anon_hugepage")
DELETED = b" (deleted)"


def list_own_files(script: str) -> set[str]:
    """What is not imported, but just as much of the program: its libraries, too."""
    executable = sys.executable
    configured = {f"{sys.prefix}/pyvenv.cfg", f"{os.path.dirname(executable)}/pyvenv.cfg"}
    return {script, executable, *configured, *list_libraries()}


def list_libraries() -> set[str]:
    """The files that are mapped into this process."""
    return {os.fsdecode(path.removesuffix(DELETED)) for _, path in list_mappings()}  # others by now


def find_gone_library() -> str | None:
    """What a start would not find any more, though this process still has it."""
    for access, path in list_mappings():
        library = os.fsdecode(path.removesuffix(DELETED))
        if b"x" in access and path.endswith(DELETED) and not os.path.exists(library):
            return library
    return None


def list_mappings() -> "set[tuple[bytes, bytes]]":
    """How files are mapped, and their paths."""
    with open("/proc/self/maps", "rb") as file:
        lines = [line.split(maxsplit=5) for line in file.read().splitlines() if b" /" in line]
    mappings = {(access, path) for _, access, _, _, _, path in lines}
    return {one for one in mappings if one[1].startswith(b"/") and not one[1].startswith(UNREAL)}
