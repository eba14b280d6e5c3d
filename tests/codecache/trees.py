"""Caches made by hand, as starts would have left them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

from mainspring.codecache.key import locate_entry
from mainspring.codecache.sweep import sweep_all, sweep_slice

if TYPE_CHECKING:
    from pathlib import Path

HOUR = 3600.0


class Tree:
    """A cache, and a folder of scripts."""

    def __init__(self, folder: Path) -> None:
        self.cache = folder / "cache"
        self.scripts = folder / "scripts"
        self.cache.mkdir(mode=0o700)
        self.scripts.mkdir()
        self.root = os.open(self.cache, os.O_RDONLY)

    def close(self) -> None:
        os.close(self.root)

    def add_entry(self, name: str, *, size: int = 100, age: float = 0.0, build: str = "build") -> Path:
        """An entry of the script *name*, which is made too, last used *age* seconds ago."""
        script = self.scripts / name
        script.parent.mkdir(parents=True, exist_ok=True)
        script.touch()
        folders, entry_name = locate_entry(str(script), "")
        entry = self.cache.joinpath(build, *folders, entry_name)
        entry.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self.add_file(entry, size=size, age=age)

    def add_file(self, path: Path, *, size: int = 0, age: float = 0.0) -> Path:
        path.write_bytes(bytes(size))
        used = time.time() - age
        os.utime(path, (used, used))
        return path

    def sweep(self, bound: int = 1 << 30) -> int:
        """Two whole passes; the bytes that are left."""
        return sweep_all(self.root, bound)

    def sweep_slice(self, bound: int = 1 << 30) -> float:
        """A slice, of the least budget; how many seconds of the processor it took."""
        started = time.process_time()
        sweep_slice(self.root, bound, 0)
        return time.process_time() - started

    def list_files(self) -> set[Path]:
        """All files of the cache but those at its top."""
        return {path for path in self.cache.rglob("*") if not path.is_dir()} - set(self.cache.iterdir())


def find_dead_process() -> int:
    """The number of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-I", "-S", "-c", ""])
    process.wait()
    return process.pid
