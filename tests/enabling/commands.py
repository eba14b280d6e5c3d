"""The commands of the installed launcher, and what starts say after them."""

from __future__ import annotations

import os
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument

#: scripts below and above the size from which a start looks at all
SMALL = "print('ran')\n"
LARGE = SMALL + "# filling\n" * 300


@dataclass
class Commands:
    """A home, in which commands are given and programs are started."""

    launcher: Path
    home: Path
    settings: dict[str, str] = field(default_factory=dict)
    prefix: tuple[Argument, ...] = ()

    @property
    def log(self) -> Path:
        return self.home / "starts.log"

    def call(self, *words: Argument, env: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Give a command; its status, and what it printed."""
        done = subprocess.run(
            [*self.prefix, self.launcher, *words],
            cwd=self.home,
            env=self.environment() | (env or {}),
            check=False,
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
        return done.returncode, done.stdout, done.stderr

    def environment(self) -> dict[str, str]:
        return {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "COLUMNS": "10000",
            **self.settings,
        }

    def start(
        self, python: Path, text: str = LARGE, *options: str, env: dict[str, str] | None = None
    ) -> tuple[int, str, str]:
        """Start a script of that *text*; its status, and what it printed."""
        script = self.home / "program.py"
        script.write_text(text)
        done = subprocess.run(
            [*self.prefix, python, *options, script],
            cwd=self.home,
            env=self.environment() | (env or {}),
            check=False,
            capture_output=True,
            text=True,
            errors="surrogateescape",
        )
        return done.returncode, done.stdout, done.stderr

    def is_enabled(self, python: Path, *options: str, env: dict[str, str] | None = None) -> bool:
        """Whether a start of *python* comes past Mainspring."""
        self.log.unlink(missing_ok=True)
        changes = {"MAINSPRING_LOG": str(self.log), **(env or {})}
        assert self.start(python, LARGE, *options, env=changes) == (0, "ran\n", "")
        return self.log.exists()
