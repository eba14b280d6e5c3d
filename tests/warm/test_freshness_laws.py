"""However files are changed, a watch sees what a look at all of them sees, and nothing else."""

from __future__ import annotations

import os
import random
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .watch_apart import LATER
from .watched import ABSENT, FILES, IRRELEVANT, NAMES, SEARCHED, Program

if TYPE_CHECKING:
    from collections.abc import Callable

EDITS = 500
MODULES = NAMES | {"__init__"}
IMPORTABLE = {"", ".py", ".pyc", ".abi3.so"}
SUFFIXES = ("", ".py", ".pyc", ".abi3.so", ".pth", ".txt")


def read_state(root: Path) -> tuple[object, object]:
    """What a cold start would find, and all that a stat tells of it."""
    files = [root / path for path in sorted({*FILES, *ABSENT} - IRRELEVANT)]
    files += [root / "current/in/the/way/deep.py", root / "current-data.csv"]
    found: list[object] = [(path.resolve(), read(path)) for path in files]
    found += [find_modules(root / folder) for folder in SEARCHED]
    found.append(sorted(os.listdir(root / "plugins")) if (root / "plugins").is_dir() else None)
    ways = [*files, *(root / folder / name for folder in SEARCHED for name in sorted(NAMES))]
    return found, [stat_way(path) for path in ways]


def read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None


def find_modules(folder: Path) -> dict[str, object]:
    """As import would, one folder deep, and with the site module's eye for .pth files."""
    found: dict[str, object] = {}
    try:
        entries = sorted(os.listdir(folder))
    except OSError:
        return found
    for entry in entries:
        stem, dot, suffix = entry.partition(".")
        if entry.endswith(".pth") or (stem in MODULES and dot + suffix in IMPORTABLE):
            found[entry] = (folder / entry).is_dir()
        if entry in MODULES and (folder / entry).is_dir():
            found[entry] = sorted(find_modules(folder / entry))
    return found


def stat_way(path: Path) -> list[tuple[int, ...] | None]:
    def sign(step: Path) -> tuple[int, ...] | None:
        try:
            is_folder, of = step.is_dir() and not step.is_symlink(), step.lstat()
        except OSError:
            return None
        return (
            (of.st_ino, of.st_mode) if is_folder else (of.st_ino, of.st_mode, of.st_ctime_ns, of.st_nlink)
        )

    ways = {path, path.parent.resolve() / path.name}
    return [sign(step) for way in sorted(ways) for step in (way, *way.parents)]


class Editor:
    """Changes files below *root* at random."""

    def __init__(self, root: Path, seed: int) -> None:
        self.root = root
        self.random = random.Random(seed)  # noqa: S311  # to be the same each time
        self.ways: list[Callable[[Path], object]] = [
            lambda path: path.write_text(str(self.random.random())),
            lambda path: path.open("a").close(),
            Path.unlink,
            Path.mkdir,
            lambda path: path.rename(self.choose()),
            lambda path: path.symlink_to(self.choose()),
            lambda path: os.link(path, self.choose()),
            shutil.rmtree,
            lambda path: shutil.copytree(path, self.choose()),
            lambda path: path.chmod(self.random.choice((0o644, 0o755))),
            os.utime,
            lambda path: os.truncate(path, 3),
            Path.read_bytes,
        ]

    def choose(self) -> Path:
        """A path that is there, or a new one beside it."""
        paths = sorted(path for path in self.root.rglob("*") if len(path.parts) < 40)
        path = self.random.choice(paths)
        if self.random.random() < 0.5:
            return path
        name = self.random.choice(sorted(MODULES | {"note"}))
        return path.with_name(name + self.random.choice(SUFFIXES))

    def edit(self) -> None:
        try:
            self.random.choice(self.ways)(self.choose())
        except (OSError, shutil.Error):
            pass


@pytest.mark.parametrize("seed", range(2))
def test_a_watch_and_a_look_at_everything_agree(tmp_path: Path, seed: int) -> None:
    program, changes = None, 0
    for number in range(EDITS):
        if program is None or number % 50 == 0:
            root = tmp_path / str(number)
            root.mkdir()
            program, editor = Program(root), Editor(root, seed * EDITS + number)
        found, stats = read_state(root)
        watch, other = (program.watch(time.time_ns() + LATER) for _ in range(2))
        assert watch.find_change() is None
        editor.edit()
        after, stats_after = read_state(root)
        changed = watch.find_change()
        by_signature = other.compare_all()
        if found != after:
            assert changed is not None
            assert by_signature is not None
            changes += 1
        elif stats == stats_after:
            assert (changed, by_signature) == (None, None)
        watch.close()
        other.close()
    assert changes > EDITS / 20
