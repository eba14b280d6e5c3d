"""Caches made by starts, and what `clean` did to them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from security.people import write_script
from starts import give_command

from mainspring.codecache.writer import TEMPORARY_PREFIX

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Argument, World

HOUR = 3600.0
DAY = 24 * HOUR
SCRIPT = "print('ran')\n"


def command(
    world: World, *words: Argument, cwd: Path | None = None, **changes: str | None
) -> tuple[int, str, str]:
    """`mainspring clean WORDS`; its status, and what it printed."""
    return give_command(world, "clean", *words, cwd=cwd, **changes)


def clean(world: World, *words: Argument, **changes: str | None) -> dict[str, Any]:
    """What it freed, which has to be what is gone, and what a dry run says before."""
    before = measure(world.entries)
    tried = call(world, "--dry-run", *words, **changes)
    assert measure(world.entries) == before
    freed = call(world, *words, **changes)
    assert (tried.pop("dry_run"), freed.pop("dry_run")) == (True, False)
    assert tried == freed
    after = measure(world.entries)
    assert freed["entries"] >= len(before) - len(after)
    assert (freed["kept_entries"], freed["kept_bytes"]) == (len(after), sum(after.values()))
    return freed


def call(world: World, *words: Argument, **changes: str | None) -> dict[str, Any]:
    status, output, errors = command(world, "--json", *words, **changes)
    assert (status, errors) == (0, "")
    answer = json.loads(output)
    assert isinstance(answer, dict)
    return answer


def measure(entries: list[Path]) -> dict[Path, int]:
    return {entry: entry.stat().st_size for entry in entries if not entry.is_symlink()}


def make_entry(
    world: World,
    name: str = "program.py",
    *options: str,
    age: float = 0.0,
    filling: int = 0,
) -> Path:
    """The entry that a start of the script *name* made, last used *age* seconds ago."""
    before = set(world.entries)
    (world.home / name).parent.mkdir(parents=True, exist_ok=True)
    script = write_script(world, SCRIPT + f"x = '{'f' * filling}'\n" * bool(filling), name)
    assert world.start("enabled", *options, script).status == 0
    [entry] = set(world.entries) - before
    use(entry, age)
    return entry


def use(path: Path, age: float) -> None:
    """Make *path* one that was last used *age* seconds ago."""
    then = time.time() - age
    os.utime(path, (then, then))


def copy_build(world: World, entry: Path, interpreter: str) -> Path:
    """*entry* as if another interpreter had made it."""
    build, *rest = entry.relative_to(world.cache).parts
    other = world.cache.joinpath("cpython-399-other", *rest)
    other.parent.mkdir(mode=0o700, parents=True)
    other.write_bytes(entry.read_bytes())
    (world.cache / "cpython-399-other" / "%interpreter").write_text(interpreter)
    assert build != "cpython-399-other"
    return other


def put_temporary(folder: Path, process: int, *, age: float = 0.0) -> Path:
    path = folder / f"{TEMPORARY_PREFIX}{process}-1"
    path.write_bytes(bytes(100))
    use(path, age)
    return path


def find_dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])
    process.wait()
    return process.pid
