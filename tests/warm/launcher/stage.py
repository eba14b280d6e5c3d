"""A launcher, and an interpreter beside it that is a host as well: peer.py."""

from __future__ import annotations

import contextlib
import functools
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mainspring import __version__

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    Word = str | bytes | os.PathLike[str]

Seen = TypeVar("Seen")
Note = dict[str, Any]

#: how long a condition may take to come true before a test gives up
PATIENCE_S = 10
PEER = Path(__file__).with_name("peer.py")


def wait_until(look: Callable[[], Seen]) -> Seen:
    """What *look* gives as soon as that is true."""
    end = time.monotonic() + PATIENCE_S
    while not (seen := look()):
        assert time.monotonic() < end, "it did not come to it"
        time.sleep(0.002)
    return seen


def hash_text(fields: Sequence[bytes]) -> str:
    """FNV-1a of 128 bits, of the fields with a NUL behind each."""
    number = 0x6C62272E07BB014262B821756295C58D
    for byte in b"".join(one + b"\0" for one in fields):
        number = (number ^ byte) * (2**88 + 0x13B) % 2**128
    return f"{number:032x}"


@dataclass
class Stage:
    """A runtime folder, a program with a recipe, and whatever hosts come up for it."""

    root: Path
    launcher: Path
    environment: dict[str, str]
    children: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def python(self) -> Path:
        return self.root / "peer" / "python"

    @property
    def folder(self) -> Path:
        """Of the hosts."""
        return self.root / "runtime" / "mainspring"

    @property
    def script(self) -> Path:
        return self.root / "program.py"

    def write(self, text: str) -> Path:
        """The program."""
        self.script.write_text(text)
        return self.script

    def identify(self, *options: str, script: str | None = None) -> str:
        """The program's ID."""
        words = [__version__, str(self.python), *options, "", "script", script or str(self.script)]
        return hash_text([os.fsencode(word) for word in words])

    def put_recipe(self, state: str = "ready", starts: int = 2, **changes: Any) -> Path:
        """A recipe, for the program; it comes as the recorder has it come."""
        names = "".join(f"env {name}\n" for name in changes.get("names", ()))
        names += "".join(f"select {word}\n" for word in changes.get("selects", ()))
        head = f"mainspring-recipe 1\nprogram {self.script}\npython {self.python}\nstarts {starts}\n"
        self.folder.mkdir(mode=0o700, exist_ok=True)
        recipe = self.folder / f"{changes.get('id', self.identify())}.recipe"
        fresh = recipe.with_suffix(".recipe-new")
        fresh.write_text(f"{head}state {state}\n{names}end\nahead json 1000\n")
        fresh.chmod(0o600)
        return fresh.rename(recipe)

    def behave(self, how: str) -> None:
        """Make hosts do something wrong from now on."""
        (self.root / "peer" / "behaviour").write_text(how)

    def command(self, *arguments: Word) -> list[Word]:
        return [self.launcher, "run", "--warm", "--python", self.python, *arguments]

    def run(self, *arguments: Word, **changes: Any) -> subprocess.CompletedProcess[bytes]:
        """Start the program, warm if it can be, and wait for its end."""
        settings: dict[str, Any] = {"stdin": subprocess.DEVNULL, "capture_output": True}
        settings |= {"env": self.environment, "cwd": self.root, "timeout": PATIENCE_S}
        words = self.command(*(arguments or (self.script,)))
        return subprocess.run(words, check=False, **{**settings, **changes})

    def begin(self, *arguments: Word, **changes: Any) -> subprocess.Popen[bytes]:
        """Start the program, and do not wait."""
        settings: dict[str, Any] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        settings |= {"env": self.environment, "cwd": self.root}
        words = self.command(*(arguments or (self.script,)))
        started = subprocess.Popen(words, **{**settings, **changes})
        self.children.append(started)
        return started

    def notes(self, what: str) -> list[Note]:
        """What interpreters and hosts noted down so far."""
        path = self.root / "peer" / "notes"
        # a line that is being written has no end yet
        lines = path.read_text().split("\n")[:-1] if path.exists() else []
        return [note for note in map(json.loads, lines) if note["what"] == what]

    def bring_up(self, **changes: Any) -> Note:
        """Have a host for the program: a start without one leaves one behind."""
        before = len(self.notes("host"))
        self.run(**changes)
        wait_until(lambda: len(self.notes("host")) > before)
        return self.notes("host")[-1]

    def reasons(self, **changes: str) -> list[str]:
        """Why starts of the program were cold."""
        log = self.folder / f"{changes.get('id', self.identify())}.cold"
        lines = log.read_text().splitlines() if log.exists() else []
        for line in lines:
            assert abs(int(line.split(" ")[0]) - time.time()) < 600
        return [line.split(" ")[1] for line in lines]

    def requests(self) -> list[Note]:
        return self.notes("request")

    def close(self) -> None:
        """End what is left of all, and what would come after it."""
        self.behave("does not come")
        for child in self.children:
            child.kill()
            child.wait()
            if child.stdout:
                child.stdout.close()
        for host in self.notes("host") + self.notes("helper"):
            if "pid" in host:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(host["pid"], signal.SIGKILL)


#: machine code, as the launcher wants an interpreter to be, that has Python run what is beside it
INTERPRETER = """
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int count, char **words)
{
    char path[4096];
    char *called[count + 3];
    snprintf(path, sizeof path, "%%s.py", words[0]);
    called[0] = %(python)s;
    called[1] = "-IS";
    called[2] = path;
    memcpy(called + 3, words + 1, sizeof *words * (size_t)count);
    execv(called[0], called);
    return 127;
}
"""


@functools.cache
def compile_interpreter() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder, "python.c")
        source.write_text(INTERPRETER % {"python": json.dumps(sys.executable)})
        subprocess.run(["cc", "-w", "-o", source.with_suffix(""), source], check=True)
        return source.with_suffix("").read_bytes()


def build_interpreter(path: Path) -> None:
    path.write_bytes(compile_interpreter())
    path.chmod(0o755)


def make_stage(root: Path, launcher: Path, environment: Mapping[str, str]) -> Stage:
    runtime = root / "runtime"
    (root / "peer").mkdir(parents=True)
    runtime.mkdir(mode=0o700)
    stage = Stage(root, launcher, {**environment, "XDG_RUNTIME_DIR": str(runtime)})
    build_interpreter(stage.python)
    stage.python.with_suffix(".py").write_text(PEER.read_text())
    stage.write("print('ran')\n")
    return stage


@contextlib.contextmanager
def staged(root: Path, launcher: Path, environment: Mapping[str, str]) -> Iterator[Stage]:
    stage = make_stage(root, launcher, environment)
    try:
        yield stage
    finally:
        stage.close()
