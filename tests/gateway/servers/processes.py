"""Servers that a test starts: in a folder and on ports of their own, ended with all that they started."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from warm.parity.remains import wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

IS_ROOT: Final = os.geteuid() == 0
#: no web server needs to be root, and PostgreSQL refuses to be
AS_NOBODY: Final = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups") if IS_ROOT else ()
PATIENCE: Final = 60.0
#: .ci/run asks for it, and has installed them
ALL_SERVERS: Final = os.environ.get("MAINSPRING_ALL_SERVERS") == "1"
#: where Debian puts servers, whatever PATH has
FOLDERS: Final = ":".join(
    (os.environ["PATH"], "/usr/sbin", *map(str, Path("/usr/lib/postgresql").glob("*/bin")))
)


def find_server(name: str) -> str:
    """The path of the command *name*; where it is missing, the test is skipped, or fails in .ci/run."""
    found = shutil.which(name, path=FOLDERS)
    if found is None and ALL_SERVERS:
        pytest.fail(f"{name} is not installed")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


@contextmanager
def make_folder() -> Iterator[Path]:
    """A folder that the servers can enter, with a short name: it holds sockets."""
    folder = Path(tempfile.mkdtemp(prefix="mainspring-"))
    try:
        folder.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def make_own_folder(parent: Path, name: str) -> Path:
    """A folder of the user that servers run as."""
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=parent))
    if IS_ROOT:
        os.chown(folder, 65534, 65534)
    return folder


def find_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        port: int = door.getsockname()[1]
        return port


def answers(address: str) -> bool:
    """Whether somebody accepts connections at `unix:/path` or `host:port`."""
    host, _, rest = address.partition(":")
    is_path = host == "unix"
    with socket.socket(socket.AF_UNIX if is_path else socket.AF_INET) as door:
        return door.connect_ex(rest if is_path else (host, int(rest))) == 0


@contextmanager
def run_server(
    command: Sequence[str | os.PathLike[str]],
    folder: Path,
    *addresses: str,
    environment: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """A server while it runs; it has come up when it accepts connections at all *addresses*."""
    log = folder / "output.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=None if environment is None else dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        for address in addresses:
            wait_for(lambda at=address: has_ended(process, log) or answers(at), address, PATIENCE)
        yield process
    finally:
        end(process)


def has_ended(process: subprocess.Popen[bytes], log: Path) -> bool:
    if process.poll() is not None:
        pytest.fail(f"{process.args} ended with {process.returncode}: {log.read_text(errors='replace')}")
    return False


def end(process: subprocess.Popen[bytes]) -> None:
    """End a server, and by force what does not listen or is left of its group."""
    process.terminate()
    try:
        process.wait(PATIENCE)
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
