"""What a file of the cache came from, a script, an interpreter or a writer, and whether that has gone."""

import os

from mainspring.codecache.key import PARENT, QUOTED_PARENT
from mainspring.codecache.writer import INTERPRETER_NOTE, TEMPORARY_PREFIX
from mainspring.places import OPEN_FILE, read_file

TEMPORARY_AGE = 3600.0  # seconds


def find_script(entry_path: str) -> str:
    """The script that the entry at *entry_path*, relative to the cache, is of."""
    *folders, name = entry_path.split("/")[1:]
    name = name[: name.rindex("%")] if "%" in name else name
    return "/" + "/".join(unquote_component(part) for part in (*folders, name))


def unquote_component(name: str) -> str:
    return PARENT if name == QUOTED_PARENT else name.replace("%25", "%")


def read_interpreter(root: int, build: str) -> str | None:
    """The path of the interpreter that made the entries of *build*, or None where that is not known."""
    try:
        descriptor = os.open(f"{build}/{INTERPRETER_NOTE}", OPEN_FILE, dir_fd=root)
    except OSError:
        return None
    try:
        path = os.fsdecode(read_file(descriptor))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    # a crash may have cut the note short
    return path if path.startswith("/") and "\0" not in path else None


def is_gone(path: str) -> bool:
    """Whether there is certainly nothing at *path*: what cannot be looked at may well be there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except (OSError, ValueError):
        return False
    return False


def is_left_over(name: str, status: os.stat_result, now: float) -> bool:
    """Whether nobody will rename the temporary file *name*, with that *status*, any more."""
    writer = name.removeprefix(TEMPORARY_PREFIX).partition("-")[0]
    return now - status.st_mtime > TEMPORARY_AGE or not is_running(writer)


def is_running(process: str) -> bool:
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
