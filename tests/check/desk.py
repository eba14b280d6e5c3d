"""Programs to check, in a folder of their own, and what `mainspring check` says of them."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

TIMEOUT = 110
#: what a program can tell a start with Mainspring by
IS_COUNTED = "os.path.exists(os.environ['MAINSPRING_CACHE_DIR'] + '/%starts')"
KINDS = ("cold", "first", "cached", "recorded", "warm")


@dataclass(frozen=True)
class Report:
    """What a check ended with and printed."""

    status: int
    facts: dict[str, Any]

    def find(self, kind: str) -> dict[str, Any]:
        [row] = [row for row in self.facts["kinds"] if row["kind"] == kind]
        return row

    @property
    def findings(self) -> dict[str, str]:
        return {row["kind"]: row["finding"] for row in self.facts["kinds"]}

    def list_facets(self, kind: str) -> list[str]:
        return [one["facet"] for one in self.find(kind)["differences"]]


@dataclass(frozen=True)
class Desk:
    """A folder, a home, and a folder for temporary files."""

    world: World
    folder: Path

    @property
    def temporary(self) -> Path:
        return self.folder.parent / "temporary"

    def write(self, text: str, name: str = "tool.py") -> Path:
        path = self.folder / name
        path.write_text(text)
        return path

    def environment(self) -> dict[str, str]:
        return self.world.environment(TMPDIR=str(self.temporary))

    def compose(self, *words: str | Path) -> list[str]:
        python = str(self.world.plain_python)
        return [str(self.world.launcher), "check", "--python", python, *map(str, words)]

    def give(self, *words: str | Path, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            self.compose(*words),
            cwd=self.folder,
            env=self.environment(),
            input=stdin,
            capture_output=True,
            check=False,
            timeout=TIMEOUT,
        )

    def check(self, text: str, *words: str, options: tuple[str, ...] = (), stdin: bytes = b"") -> Report:
        """Check the program *text* with the arguments *words*."""
        done = self.give("--json", *options, self.write(text), *words, stdin=stdin)
        assert done.stderr == b""
        self.assert_nothing_left()
        return Report(done.returncode, json.loads(done.stdout))

    def assert_nothing_left(self) -> None:
        """Neither files nor processes: whoever was told of the temporary folder is gone."""
        assert list(self.temporary.iterdir()) == []
        assert find_processes(os.fsencode(self.temporary)) == []


def find_processes(word: bytes) -> list[int]:
    """The processes in whose environment *word* is."""
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/environ", "rb") as file:
                if word in file.read():
                    found.append(int(name))
        except OSError:
            pass
    return found
