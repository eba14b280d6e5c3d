"""Runs a program to its end plainly and with the quick end, and compares all that either showed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

import mainspring

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starts import World

TIMEOUT = 60
QUICK: Final = "quick"


@dataclass(frozen=True)
class Ending:
    """A program, and which end it gets: `quick`, or `full` with the reason."""

    name: str
    script: str
    end: str = QUICK
    status: int | None = 0
    shows: bytes = b""  # what the plain end must write: else the program shows nothing
    options: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    stdout: str | None = None  # a device that standard output goes to
    since: tuple[int, ...] = (0,)


@dataclass(frozen=True)
class Seen:
    """All that a run showed: apart, and both streams in one."""

    status: int
    stdout: bytes
    stderr: bytes
    both: bytes
    files: Mapping[str, bytes]


def each(*endings: Ending) -> pytest.MarkDecorator:
    """Run a test with each of the *endings* that the interpreter at hand can show."""
    names = [ending.name for ending in endings]
    assert len(set(names)) == len(names), "two programs have the same name"
    able = [ending for ending in endings if sys.version_info >= ending.since]
    return pytest.mark.parametrize("ending", able, ids=[ending.name for ending in able])


def assert_same_end(ending: Ending, world: World) -> None:
    """The program shows the same with either end, and gets the one that it should."""
    plain, _ = see(ending, world, world.plain_python, None)
    seen, ends = see(ending, world, world.plain_python, "quick")
    for part in ("status", "stdout", "stderr", "both", "files"):
        ours, theirs = getattr(seen, part), getattr(plain, part)
        assert ours == theirs, f"{part}: {ours}, not {theirs}"
    assert ending.shows in plain.both, plain.both
    assert ending.status in (plain.status, None)
    # a reason is followed by what it was found at, whose name is the version's own
    assert all(end.startswith(ending.end) for end in ends), ends


def see(ending: Ending, world: World, python: Path, warm: str | None) -> tuple[Seen, list[str]]:
    """Run the program twice: its streams apart, and in one, so that their order shows."""
    apart, end = run(ending, world, python, warm, None)
    files = read_files(world.home / "work")
    both, second_end = run(ending, world, python, warm, subprocess.STDOUT)
    seen = Seen(
        apart.returncode,
        *(normalise(world.unify(text or b"")) for text in (apart.stdout, apart.stderr, both.stdout)),
        {name: world.unify(content) for name, content in files.items()},
    )
    return seen, [end, second_end]


def run(
    ending: Ending, world: World, python: Path, warm: str | None, stderr: int | None
) -> tuple[subprocess.CompletedProcess[bytes], str]:
    work = world.home / "work"
    subprocess.run(["rm", "-rf", work], check=True)
    work.mkdir()
    (work / "main.py").write_text(ending.script)
    reading, writing = os.pipe()
    setting = {} if warm is None else ask_hook(f"{warm}:{writing}", ending.env.get("PYTHONPATH"))
    with open(ending.stdout or os.devnull, "wb") as device, open(reading, "rb") as told:
        done = subprocess.run(
            [python, *ending.options, "main.py"],
            stdin=subprocess.DEVNULL,
            stdout=device if ending.stdout else subprocess.PIPE,
            stderr=subprocess.PIPE if stderr is None else stderr,
            cwd=work,
            env={**world.environment(MAINSPRING_LOG=None), **ending.env, **setting},
            pass_fds=(writing,),
            timeout=TIMEOUT,
            check=False,
        )
        os.close(writing)
        return done, told.read().decode().strip()


def ask_hook(wish: str, search_path: str | None) -> dict[str, str]:
    """What the launcher puts into the environment of a start (native/launcher/environment.c)."""
    start = str(Path(mainspring.__file__).parent / "start")
    if search_path is None:
        return {"PYTHONPATH": start, "MAINSPRING_START": "1", "MAINSPRING_WARM": wish}
    return {
        "PYTHONPATH": f"{start}:{search_path}",
        "MAINSPRING_START": f"1:{search_path}",
        "MAINSPRING_WARM": wish,
    }


def normalise(output: bytes) -> bytes:
    """*output* without what two plain runs do not show alike: addresses, times, sizes."""
    output = re.sub(rb"0x[0-9a-f]+", b"0x", output)
    output = re.sub(rb"[0-9.]+s elapsed|objects in each generation: [0-9 ]+", b"", output)
    output = re.sub(rb"\d+ unreachable", b"", output)  # the hook, too, leaves some
    return re.sub(rb"(?s)Small block threshold.*", b"memory statistics", output)


def read_files(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}
