"""A world in which programs are started plainly, cold and warm, and in which nothing is left running."""

from __future__ import annotations

import json
import os
import signal
import socket
import struct
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from starts import World

from .remains import end_all, list_descendants, reap_orphans, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from starts import Argument, Ended

    from .remains import Process

Inhabited = TypeVar("Inhabited", bound="WarmWorld")
WarmKind = Literal["plain", "cold", "warm"]
INSPECT = struct.pack("<IB", 1, ord("I"))
#: within which everything of a start is gone once its launcher, its child or its host is
AT_ONCE = 1.0
#: within which a program that was started often enough must have a host
WARM_UP = 30.0
#: so that a program that is started to be warmed up can end before it does anything
WARM_UP_WORD = "warm-up"


@dataclass
class WarmWorld(World):
    """A home, a runtime folder, a log, a work folder and one bare interpreter."""

    prefix: tuple[Argument, ...] = ()

    @property
    def runtime(self) -> Path:
        """XDG_RUNTIME_DIR."""
        return self.home.parent / "run"

    @property
    def folder(self) -> Path:
        """Where recipes and sockets are."""
        return self.runtime / "mainspring"

    @property
    def work(self) -> Path:
        return self.home.parent / "work"

    def environment(self, **changes: str | None) -> dict[str, str]:
        return super().environment(**{"XDG_RUNTIME_DIR": str(self.runtime), **changes})

    def start(self, kind: WarmKind, *arguments: Argument, **how: Any) -> Ended:  # type: ignore[override]
        """Start `python ARGUMENTS` in the way *kind*, in the work folder, and wait for its end."""
        return super().start(kind, *arguments, **{"cwd": self.work, **how})  # type: ignore[arg-type]

    def command(self, kind: str, arguments: Sequence[Argument]) -> list[Argument]:
        """The command that starts `python ARGUMENTS` in the way *kind*."""
        if kind == "plain":
            return [*self.prefix, self.plain_python, *arguments]
        warm = ["--warm"] if kind == "warm" else []
        return [*self.prefix, self.launcher, "run", *warm, "--python", self.plain_python, *arguments]

    def write(self, name: str, text: str) -> Path:
        path = self.work / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def start_plain(self, *arguments: Argument, **how: Any) -> Ended:
        return self.start("plain", *arguments, **how)

    def start_warm(self, *arguments: Argument, **how: Any) -> Ended:
        """A start that comes from a host; the program is warmed up first if it needs to be."""
        self.warm_up(arguments[0], **how)
        ended = self.ask_for_warm(*arguments, **how)
        assert self.last_outcome == "warm", self.explain()
        return ended

    def ask_for_warm(self, *arguments: Argument, **how: Any) -> Ended:
        """A start that may come from a host."""
        return self.start("warm", *arguments, **how)

    def begin(self, kind: WarmKind, *arguments: Argument, **how: Any) -> subprocess.Popen[bytes]:
        """A start that goes on; nothing comes in, and what it prints is piped, unless *how* says so."""
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        place = {"cwd": self.work, "env": self.environment()}
        return subprocess.Popen(self.command(kind, arguments), **{**place, **streams, **how})

    def warm_up(self, program: Argument, **how: Any) -> None:
        """Start *program* until a start of it is warm, or fail."""
        self.repeat_until_warm(lambda: self.ask_for_warm(program, WARM_UP_WORD, **how))

    def repeat_until_warm(self, start: Any) -> None:
        """Call *start*, which makes a start, until one is warm, or fail."""

        def is_warm() -> bool:
            self.log.unlink(missing_ok=True)
            start()
            return self.is_log_warm

        try:
            wait_for(is_warm, "warm", WARM_UP)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.explain()}") from None

    @property
    def is_log_warm(self) -> bool:
        """Whether the log tells of warm starts alone."""
        return {line.outcome for line in self.read_log()} == {"warm"}

    @property
    def last_outcome(self) -> str | None:
        lines = self.read_log()
        return lines[-1].outcome if lines else None

    @property
    def last_reason(self) -> str | None:
        """Why the last start was cold, as the launcher has noted it."""
        noted = max(self.folder.glob("*.cold"), key=lambda path: path.stat().st_mtime_ns)
        return noted.read_text().splitlines()[-1].split()[1]

    # ---- hosts ------------------------------------------------------------------------------

    def list_hosts(self) -> list[dict[str, Any]]:
        """What each host of this world says of itself."""
        if not self.folder.is_dir():
            return []
        answers = [
            ask_host(self.folder, name) for name in os.listdir(self.folder) if name.endswith(".sock")
        ]
        return [answer for answer in answers if answer is not None]

    def find_host(self) -> int:
        """The process of the one host that is up."""
        [host] = self.list_hosts()
        return int(host["pid"])

    def list_running(self) -> list[Process]:
        """Processes of this test but hosts, the child that each has ready, and its mirror at first."""
        hosts = {int(host["pid"]): int(host["running"]) for host in self.list_hosts()}
        descendants = [process for process in list_descendants() if process.runs]
        spare = {
            number
            for number, running in hosts.items()
            if len([process for process in descendants if process.parent == number]) - running <= 2
        }
        return [
            process
            for process in descendants
            if process.number not in hosts and not (process.parent in spare and not hosts[process.parent])
        ]

    def assert_nothing_runs(self, seconds: float = AT_ONCE) -> None:
        """Within *seconds*, nothing is left of any start but hosts, which have no child at work."""
        try:
            wait_for(lambda: not self.list_running(), "ended", seconds)
        except AssertionError:
            raise AssertionError(f"still there: {self.list_running()}") from None

    def stop_hosts(self) -> None:
        """End all hosts, and what is about to become one; nothing else may be left."""
        wait_for(self.is_all_stopped, "ended: all hosts")

    def is_all_stopped(self) -> bool:
        descendants = list_descendants()
        for process in descendants:
            try:
                os.kill(process.number, signal.SIGTERM)
            except ProcessLookupError:
                pass
        return not descendants

    def explain(self) -> str:
        """What is known of starts and hosts."""
        paths = [
            self.log,
            *self.home.glob(".local/state/mainspring/hosts.log"),
            *self.folder.glob("*.cold"),
        ]
        paths += self.folder.glob("*.recipe")
        told = [f"{path}:\n{path.read_text(errors='replace')}" for path in paths if path.is_file()]
        return "\n".join([*told, f"processes: {list_descendants()}"])


def make_world(folder: Path, python: Path, launcher: Path) -> WarmWorld:
    world = WarmWorld(folder / "home", python, python, launcher)
    world.home.mkdir()
    world.work.mkdir()
    world.runtime.mkdir(mode=0o700)
    return world


def live_in(world: Inhabited) -> Iterator[Inhabited]:
    """The *world*; at its end, nothing is left of it but hosts, and they end when they are told to.

    This process is to have adopted all orphans.
    """
    try:
        yield world
        world.assert_nothing_runs()
        world.stop_hosts()
    finally:
        end_all()
        reap_orphans()


def ask_host(folder: Path, name: str) -> dict[str, Any] | None:
    """What the host at the socket *name* says of itself; None if it does not."""
    descriptor = os.open(folder, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            # the path of a socket has room for 107 bytes
            connection.connect(f"/proc/self/fd/{descriptor}/{name}")
            connection.sendall(INSPECT)
            answer = read_frame(connection)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    return dict(json.loads(answer[5:])) if answer[4:5] == b"J" else None


def read_frame(connection: socket.socket) -> bytes:
    content = b""
    while len(content) < 4 or len(content) < 4 + int.from_bytes(content[:4], "little"):
        part = connection.recv(1 << 16)
        if not part:
            break
        content += part
    return content
