"""What the runs of a check have for themselves, at the same paths for each; all of it goes in the end.

Cache, recipes, hosts, log and temporary files lie in one folder.  What else the user has in the folders
that XDG_RUNTIME_DIR and XDG_STATE_HOME name can be found there through links.
"""

import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress

from mainspring.observe.check.request import Request
from mainspring.observe.hosts import Host, end_hosts, find_hosts
from mainspring.places import OPEN_FOLDER

OWN = "mainspring"
SECONDS = 5.0
PAUSE = 0.02


class Surroundings:
    """A folder, and the environment that leads there."""

    def __init__(self, folder: str, request: Request) -> None:
        self.folder = folder
        self.temporary = os.path.join(folder, "tmp")
        self.input = f"{folder}/input"
        self._log = f"{folder}/log"
        self._runtime = f"{folder}/runtime"
        for name in ("cache", "runtime", "runtime/mainspring", "state"):
            os.mkdir(f"{folder}/{name}", 0o700)
        given = request.environment
        mirror(find_runtime_base(given), self._runtime)
        mirror(given.get("XDG_STATE_HOME") or f"{given.get('HOME', '')}/.local/state", f"{folder}/state")
        os.mkdir(self.temporary, 0o700)
        with open(self.input, "wb") as file:
            file.write(request.content)
        self.environment = {
            **{name: value for name, value in given.items() if name != "MAINSPRING"},
            "MAINSPRING_CACHE_DIR": f"{folder}/cache",
            "MAINSPRING_LOG": self._log,
            "TMPDIR": self.temporary,
            "XDG_RUNTIME_DIR": self._runtime,
            "XDG_STATE_HOME": f"{folder}/state",
        }

    def clear(self) -> None:
        """Have no temporary files, and an empty log."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        os.mkdir(self.temporary, 0o700)
        with suppress(FileNotFoundError):
            os.unlink(self._log)

    def read_outcome(self, script: str) -> str | None:
        """What the log says of the start of *script*; None if it says nothing."""
        try:
            with open(self._log, encoding="utf-8", errors="surrogateescape") as file:
                rows = [line.split("\t") for line in file]
        except OSError:
            return None
        name = os.path.basename(script)
        return next((row[1] for row in rows if len(row) == 3 and row[0].endswith(name)), None)

    # ---- hosts ------------------------------------------------------------------------------

    def read_recipe_state(self) -> str:
        """The state of the only recipe; empty if there is none yet."""
        for content in self._read_files(".recipe"):
            state = next((line for line in content.splitlines() if line.startswith("state ")), "")
            return state.removeprefix("state ")
        return ""

    def read_cold_reason(self) -> str:
        """Why the last start that could have been warm was not."""
        lines = [line for content in self._read_files(".cold") for line in content.splitlines()]
        return lines[-1].partition(" ")[2] if lines else ""

    def read_host_log(self) -> list[str]:
        try:
            with open(f"{self.folder}/state/{OWN}/hosts.log", encoding="utf-8", errors="replace") as file:
                return file.read().splitlines()
        except OSError:
            return []

    def await_host(self, seconds: float) -> Host | None:
        """The host that comes up within *seconds*; None if one ended first, or none came."""
        deadline = time.monotonic() + seconds
        known = len(self.read_host_log())
        while time.monotonic() < deadline:
            hosts = [host for host in self.find_hosts() if host.state == "waiting"]
            if hosts:
                return hosts[0]
            if any(" ended " in line or " failed " in line for line in self.read_host_log()[known:]):
                return None
            time.sleep(PAUSE)
        return None

    def find_hosts(self) -> list[Host]:
        folder = os.open(f"{self._runtime}/{OWN}", OPEN_FOLDER)
        try:
            return find_hosts(folder)
        finally:
            os.close(folder)

    def _read_files(self, ending: str) -> Iterator[str]:
        folder = f"{self._runtime}/{OWN}"
        for name in os.listdir(folder):
            if name.endswith(ending):
                with open(f"{folder}/{name}", encoding="utf-8", errors="replace") as file:
                    yield file.read()

    # ---- the end ----------------------------------------------------------------------------

    def leave(self) -> None:
        """End all that runs still, hosts first, and remove the folder."""
        folder = os.open(f"{self._runtime}/{OWN}", OPEN_FOLDER)
        try:
            end_hosts(folder, find_hosts(folder), SECONDS)
        finally:
            os.close(folder)
            end_descendants()
            shutil.rmtree(self.folder, ignore_errors=True)


def find_runtime_base(environment: Mapping[str, str]) -> str:
    return environment.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"


def mirror(source: str, target: str) -> None:
    """Link everything in *source*, but for what is ours, into *target*.  Best effort."""
    if not os.path.isabs(source):
        return
    with suppress(OSError):
        for name in os.listdir(source):
            if name != OWN:
                os.symlink(f"{source}/{name}", f"{target}/{name}")


def end_descendants() -> None:
    """Kill what the runs left behind: this process has become the parent of all of it."""
    while processes := list_children(os.getpid()):
        for process in processes:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)
        for process in processes:
            with suppress(ChildProcessError):
                os.waitpid(process, 0)


def list_children(process: int) -> list[int]:
    try:
        with open(f"/proc/{process}/task/{process}/children", encoding="ascii") as file:
            return [int(word) for word in file.read().split()]
    except OSError:
        return []
