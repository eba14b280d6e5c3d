"""A start depends on more than what it imports: the script, the interpreter, its settings, libraries."""

import os
import sys

#: what is mapped and is no file that somebody could replace
UNREAL = (b"/dev/", b"/memfd:", b"/SYSV", b"/anon_hugepage")


def list_own_files(script: str) -> set[str]:
    """What is not imported, but just as much of the program: its libraries, too."""
    executable = sys.executable
    configured = {f"{sys.prefix}/pyvenv.cfg", f"{os.path.dirname(executable)}/pyvenv.cfg"}
    return {script, executable, *configured, *list_libraries()}


def list_libraries() -> set[str]:
    """The files that are mapped into this process."""
    with open("/proc/self/maps", "rb") as file:
        paths = {line.split(maxsplit=5)[5] for line in file.read().splitlines() if b" /" in line}
    paths = {path.removesuffix(b" (deleted)") for path in paths}  # another may be in its place
    return {os.fsdecode(path) for path in paths if path.startswith(b"/") and not path.startswith(UNREAL)}
