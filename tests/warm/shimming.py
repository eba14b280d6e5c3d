"""A PATH with commands on it, and shims of them."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enabling.commands import Commands

if TYPE_CHECKING:
    import os
    from pathlib import Path

    from starts import Argument

#: what a start of it was given; large enough for the hook to look at it
TELLING = (
    "import sys\nprint(sys.argv, sys.executable, sys.prefix, sys.flags.no_user_site)\nsys.exit(7)\n"
    + "# filling\n" * 300
)


@dataclass
class Desk(Commands):
    """A home with a folder of commands, which comes on PATH behind that of the shims."""

    @property
    def folder(self) -> Path:
        return self.home / "bin"

    @property
    def shims(self) -> Path:
        return self.home / ".local/share/mainspring/shims"

    @property
    def targets(self) -> Path:
        return self.shims.parent / "targets"

    def environment(self) -> dict[str, str]:
        path = f"{self.shims}:{self.folder}:/usr/bin:/bin"
        return super().environment() | {"PATH": path, **self.settings}

    def write(self, opening: str, name: str = "tell", text: str = TELLING) -> Path:
        """Put a command on PATH; what is written starts with *opening*."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{opening}\n{text}")
        path.chmod(0o755)
        return path

    def start_command(self, *words: Argument, env: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Start a command as a shell does; its status, and what it printed."""
        done = subprocess.run(
            ["/bin/sh", "-c", 'exec "$@"', "sh", *words],
            cwd=self.home,
            env=self.environment() | (env or {}),
            check=False,
            capture_output=True,
            text=True,
        )
        return done.returncode, done.stdout, done.stderr

    def install(self, *words: Argument) -> None:
        """Make shims, which must succeed."""
        status, _, errors = self.call("install", *words)
        assert (status, errors) == (0, "")


def link(path: Path, target: str | os.PathLike[str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)
    return path
