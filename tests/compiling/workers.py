"""Runs that take a while, and the worker processes that they have meanwhile."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from starts import Argument, World

PATIENCE = 60
#: takes hundreds of megabytes, and seconds, to compile
GIANT = "x = [" + "[],\n" * 1_500_000 + "]\n"
SMALLER_GIANT = "x = [" + "[],\n" * 300_000 + "]\n"
MEGABYTE = 1 << 20


def write_modules(folder: Path, number: int, lines: int = 250) -> Path:
    """A tree of *number* modules, each of which takes some milliseconds to compile."""
    folder.mkdir(parents=True, exist_ok=True)
    for module in range(number):
        text = "".join(f"def f{line}(a, b={module}): return [a + {line}, b]\n" for line in range(lines))
        (folder / f"module{module}.py").write_text(text)
    return folder


def start(world: World, *words: Argument, before: tuple[Argument, ...] = ()) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*before, world.launcher, "compile", *words],
        cwd=world.home,
        env=world.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "this did not come about"
        time.sleep(0.002)


def find_workers(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that *process* has started."""
    found: list[int] = []
    for children in Path(f"/proc/{process.pid}/task").glob("*/children"):
        try:
            found += map(int, children.read_text().split())
        except OSError:
            pass
    return found


def measure(worker: int) -> int:
    """The bytes of memory that a process uses; none if it has gone."""
    try:
        return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def is_there(process: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    output, errors = process.communicate(timeout=PATIENCE)
    return process.returncode, output, errors
