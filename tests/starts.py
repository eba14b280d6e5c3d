"""Starts real programs, in an environment of their own, each way that there is to start them."""

import os
import subprocess
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Kind = Literal["plain", "run", "enabled"]
KINDS: tuple[Kind, ...] = ("plain", "run", "enabled")
Argument = str | bytes | os.PathLike[str]


@dataclass(frozen=True)
class Ended:
    """How a start ended: exit status (negative: a signal), and all that it wrote."""

    status: int
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True)
class LogLine:
    """A line of MAINSPRING_LOG."""

    program: str
    outcome: str
    milliseconds: float


@dataclass
class World:
    """A home, a cache, a log and two bare interpreters: one plain, one enabled.

    The paths of the two are of the same length and differ in one word, so that what they print can be
    compared byte for byte.
    """

    home: Path
    plain_python: Path
    enabled_python: Path
    launcher: Path
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def cache(self) -> Path:
        return self.home / ".cache" / "mainspring"

    @property
    def log(self) -> Path:
        return self.home / "starts.log"

    @property
    def entries(self) -> list[Path]:
        """The entries in the user's cache."""
        return sorted(path for path in self.cache.rglob("*%*.pyc") if path.is_file())

    def environment(self, **changes: str | None) -> dict[str, str]:
        """What a start gets; a change to None removes a name."""
        whole: dict[str, str | None] = {
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "MAINSPRING_MIN_SIZE": "0",
            "MAINSPRING_LOG": str(self.log),
            **self.settings,
            **changes,
        }
        return {name: value for name, value in whole.items() if value is not None}

    def command(self, kind: Kind, arguments: Sequence[Argument]) -> list[Argument]:
        """The command that starts `python ARGUMENTS` in the way *kind*."""
        if kind == "run":
            return [self.launcher, "run", "--python", self.plain_python, *arguments]
        return [self.plain_python if kind == "plain" else self.enabled_python, *arguments]

    def start(
        self,
        kind: Kind,
        *arguments: Argument,
        stdin: bytes = b"",
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 60,
    ) -> Ended:
        """Start `python ARGUMENTS` in the way *kind*, and wait for its end."""
        done = subprocess.run(
            self.command(kind, arguments),
            input=stdin,
            capture_output=True,
            cwd=cwd or self.home,
            env=dict(self.environment() if env is None else env),
            timeout=timeout,
            check=False,
        )
        return Ended(done.returncode, self.unify(done.stdout), self.unify(done.stderr))

    def unify(self, output: bytes) -> bytes:
        """*output* with the enabled interpreter's paths put in terms of the plain one's."""
        enabled, plain = self.enabled_python.parents[1], self.plain_python.parents[1]
        return output.replace(os.fsencode(enabled), os.fsencode(plain))

    def read_log(self) -> list[LogLine]:
        """What the starts so far left in the log."""
        if not self.log.exists():
            return []
        lines = []
        for line in self.log.read_bytes().decode("utf-8", "surrogateescape").splitlines():
            program, outcome, milliseconds = line.split("\t")
            lines.append(LogLine(program, outcome, float(milliseconds)))
        return lines

    def outcome_of(self, *arguments: Argument, kind: Kind = "enabled", **changes: str | None) -> str:
        """Start a program once, and tell the one outcome that this adds to the log."""
        before = len(self.read_log())
        self.start(kind, *arguments, env=self.environment(**changes))
        [line] = self.read_log()[before:]
        return line.outcome


def give_command(
    world: World, *words: Argument, cwd: Path | None = None, **changes: str | None
) -> tuple[int, str, str]:
    """Give a command of the installed launcher; its status, and what it printed.

    It goes through the world's other command first, if there is one, and leaves no line in the log.
    """
    prefix = getattr(world, "prefix", ())
    done = subprocess.run(
        [*prefix, world.launcher, *words],
        cwd=cwd or world.home,
        env=world.environment(MAINSPRING_LOG=None, **changes),
        check=False,
        capture_output=True,
        text=True,
        errors="surrogateescape",
    )
    return done.returncode, done.stdout, done.stderr


def make_bare_venv(folder: Path) -> Path:
    """Make a virtual environment that holds nothing; the path of its interpreter."""
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    return folder / "bin" / "python"
