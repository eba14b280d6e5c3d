"""What hosts do is told in one log in the state folder, which is kept short.

    line := DATE SP TIME SP PID SP WHAT SP REST LF

WHAT is `up`, `ended` or `failed`; a REST's control characters are escaped, as in counters.py.
"""

import os
import stat
import time

from mainspring.codecache.counters import APPEND_FILE, escape_program
from mainspring.places import make_cache_folder, read_file, write_file
from mainspring.settings import find_state_folder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

HOST_LOG = "hosts.log"
HOST_LOG_LIMIT = 256 * 1024
WRITE_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC


def tell_of_host(environment: "Mapping[str, str]", what: str, rest: str) -> None:
    """Append a line; best effort."""
    path = find_state_folder(environment)
    if path is None:
        return
    try:
        folder = make_cache_folder(path, os.geteuid())
    except Exception:  # noqa: BLE001 - a log is no reason to fail
        return
    try:
        append_line(folder, what, rest)
    except OSError:
        pass
    finally:
        os.close(folder)


def append_line(folder: int, what: str, rest: str) -> None:
    moment = time.strftime("%Y-%m-%d %H:%M:%S")
    line = f"{moment} {os.getpid()} {what} ".encode() + escape_program(rest) + b"\n"
    descriptor = os.open(HOST_LOG, APPEND_FILE, 0o600, dir_fd=folder)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.write(descriptor, line)
            is_long = os.fstat(descriptor).st_size > HOST_LOG_LIMIT
        else:
            is_long = False
    finally:
        os.close(descriptor)
    if is_long:
        shorten_log(folder)


def shorten_log(folder: int) -> None:
    """Keep the newer half, from the begin of a line on."""
    descriptor = os.open(HOST_LOG, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    content = read_file(descriptor)
    os.close(descriptor)
    newer = content[-HOST_LOG_LIMIT // 2 :].partition(b"\n")[2]
    temporary = f"{HOST_LOG}-{os.getpid()}"
    descriptor = os.open(temporary, WRITE_ANEW, 0o600, dir_fd=folder)
    write_file(descriptor, newer)
    os.close(descriptor)
    os.rename(temporary, HOST_LOG, src_dir_fd=folder, dst_dir_fd=folder)
