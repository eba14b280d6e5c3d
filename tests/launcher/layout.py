"""An installation made by hand around a copy of the launcher, and interpreters that tell."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Word = str | bytes | os.PathLike[str]
Finished = subprocess.CompletedProcess[bytes]

TELLING = """#!/bin/sh
PATH=/usr/bin:/bin
cat /proc/$$/cmdline > "$0.arguments"
cat /proc/$$/environ > "$0.environment"
exit 0
"""


@dataclass(frozen=True)
class StandIn:
    """An interpreter that runs nothing, and keeps what the kernel gave it."""

    path: Path

    @property
    def was_started(self) -> bool:
        return self._kept("arguments").exists()

    @property
    def arguments(self) -> list[bytes]:
        """What came after the interpreter's own path."""
        return self._words("arguments")[2:]

    @property
    def environment(self) -> list[bytes]:
        return self._words("environment")

    def forget(self) -> None:
        self._kept("arguments").unlink()

    def _kept(self, what: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{what}")

    def _words(self, what: str) -> list[bytes]:
        return self._kept(what).read_bytes().split(b"\0")[:-1]


def make_stand_in(path: Path) -> StandIn:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TELLING)
    path.chmod(0o755)
    return StandIn(path)


@dataclass(frozen=True)
class Layout:
    """Folders as an installer leaves them: bin/mainspring and the hook's start folder."""

    root: Path
    mainspring: Path
    start: Path
    environment: dict[str, str]

    @property
    def log(self) -> Path:
        return self.root / "log"

    def stand_in(self, name: str = "bin/python3") -> StandIn:
        return make_stand_in(self.root / name)

    def script(self, text: str | bytes, name: str = "program.py") -> Path:
        path = self.root / name
        path.write_bytes(text if isinstance(text, bytes) else os.fsencode(text))
        path.chmod(0o755)
        return path

    def call(self, *arguments: Word, descriptors: Sequence[int] = ()) -> Finished:
        """Runs `mainspring` with these arguments, in the root folder."""
        return self.execute(self.mainspring, *arguments, descriptors=descriptors)

    def execute(self, *command: Word, descriptors: Sequence[int] = ()) -> Finished:
        """Runs any command in the same surroundings."""
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            check=False,
            pass_fds=descriptors,
        )

    def keep_log(self) -> None:
        self.environment["MAINSPRING_LOG"] = str(self.log)

    def logged(self) -> list[tuple[bytes, bytes]]:
        """Program and reason of each line in the log."""
        if not self.log.exists():
            return []
        lines = self.log.read_bytes().splitlines()
        return [(program, reason) for program, reason, _ in (line.split(b"\t") for line in lines)]


def make_package(packages: Path) -> Path:
    """Creates the start folder that an installer leaves in *packages*."""
    start = packages / "mainspring" / "start"
    start.mkdir(parents=True)
    (start / "sitecustomize.py").touch()
    return start
