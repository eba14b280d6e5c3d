"""A run that finds a tree as the last one left it asks for a stat of each file, and is never wrong.

Whatever was changed, the next run does what it would have done without the record of the last.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from starts import World

from .calls import PROGRAM, ask, call, count, make_program, make_tree

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import Argument

TAG = sys.implementation.cache_tag
SETTLED_NS = 2_200_000_000


@dataclass
class Twins:
    """Two equal trees, and a cache for each: the second will have lost its records.

    Their paths differ in one letter.
    """

    homes: tuple[Path, Path]
    worlds: tuple[World, World]

    def change(self, change: Callable[[Path], None]) -> None:
        for home in self.homes:
            change(home / "tree")

    def run(self) -> tuple[object, object]:
        """What a run comes to with the record of the last one, and without."""
        shutil.rmtree(self.worlds[1].cache / "%trees", ignore_errors=True)
        first, second = map(describe_run, self.worlds, self.homes)
        return first, second


def describe_run(world: World, home: Path) -> tuple[int, bytes, dict[str, bytes]]:
    """Its status, what it reported, and what it left behind, apart from times and the home's path."""
    ended = call(world, "tree", cwd=home)
    assert ended.stderr == b""
    left = {
        str(path.relative_to(home)): blank_time(path.read_bytes()).replace(os.fsencode(home), b"")
        for path in sorted((home / "tree").rglob("*.pyc"))
    }
    entries = [path for path in world.entries if f"{home}/" in str(path)]
    left |= {path.name: path.read_bytes()[8:16] for path in entries}
    return ended.status, ended.stdout.rpartition(b" in ")[0], left


def blank_time(content: bytes) -> bytes:
    return content[:8] + content[12:]


def wait_until_aged(*folders: Path) -> None:
    """Wait until all below *folders* was changed so long ago that its stat can be trusted."""
    newest = max(path.lstat().st_ctime_ns for folder in folders for path in [folder, *folder.rglob("*")])
    while time.time_ns() < newest + SETTLED_NS:
        time.sleep(0.05)


def make_one(home: Path) -> Path:
    tree = make_tree(home / "tree", a="a = 1\n", b="b = 1\n", sub__c="c = 1\n", sub__deep__d="d = 1\n")
    make_program(tree / "bin" / "tool")
    return home


@pytest.fixture(scope="module")
def all_twins(
    tmp_path_factory: pytest.TempPathFactory,
    bare_python: Path,
    enabled_python: Path,
    launcher: Path,
) -> dict[str, Twins]:
    """Twins for each test: made together, since they have to age."""
    base = tmp_path_factory.mktemp("twins")
    homes = {name: (make_one(base / "1" / name), make_one(base / "2" / name)) for name in NAMES}
    first, second = (World(base / n, bare_python, enabled_python, launcher) for n in ("1", "2"))
    for world in (first, second):
        trees = [f"{name}/tree" for name in NAMES]
        assert call(world, *trees).status == 0
        wait_until_aged(world.home)
        assert count(ask(world, *trees)) == (0, 5 * len(NAMES), 0)
        assert len(list(world.cache.glob("%trees/*"))) == len(NAMES)
    return {name: Twins(pair, (first, second)) for name, pair in homes.items()}


@pytest.fixture
def twins(all_twins: dict[str, Twins], request: pytest.FixtureRequest) -> Twins:
    return all_twins[request.node.name]


def trace(world: World, home: Path) -> list[str]:
    """What a run opens and asks of files in its tree."""
    log = world.home / "trace"
    command: list[Argument] = ["strace", "-f", "-qq", "-e", "trace=file", "-o", log]
    call(world, "tree", before=tuple(command), cwd=home)
    return [line for line in log.read_text().splitlines() if '"tree/' in line]


def test_nothing_of_an_unchanged_tree_is_opened(twins: Twins) -> None:
    lines = trace(twins.worlds[0], twins.homes[0])
    opened = [line for line in lines if " open" in line and "tree/bin/" not in line]
    assert opened == []
    assert len([line for line in lines if '"tree/a.py"' in line]) == 1


# ---- the changes, each of which the next run has to notice ------------------------------------


def edit(tree: Path) -> None:
    (tree / "a.py").write_text("a = 2\n")


def edit_keeping_size_and_time(tree: Path) -> None:
    path = tree / "sub" / "c.py"
    status = path.stat()
    path.write_text("c = 2\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 10**9))


def replace(tree: Path) -> None:
    (tree / "new").write_text("a = 22\n")
    (tree / "new").rename(tree / "a.py")


def touch(tree: Path) -> None:
    os.utime(tree / "a.py", (10**9, 10**9))


def add(tree: Path) -> None:
    (tree / "sub" / "new.py").write_text("new = 1\n")


def add_folder(tree: Path) -> None:
    make_tree(tree / "sub" / "deep" / "below", e="e = 1\n")


def remove_source(tree: Path) -> None:
    (tree / "a.py").unlink()


def remove_bytecode(tree: Path) -> None:
    (tree / "__pycache__" / f"a.{TAG}.pyc").unlink()


def remove_all_bytecode(tree: Path) -> None:
    shutil.rmtree(tree / "sub" / "__pycache__")


def overwrite_bytecode(tree: Path) -> None:
    (tree / "__pycache__" / f"a.{TAG}.pyc").write_bytes(b"overwritten in place")


def replace_bytecode(tree: Path) -> None:
    path = tree / "__pycache__" / f"a.{TAG}.pyc"
    path.unlink()
    path.write_bytes(b"another")


def link_bytecode_folder(tree: Path) -> None:
    folder = tree / "__pycache__"
    folder.rename(tree.parent / "aside")
    folder.symlink_to(tree / "sub" / "deep" / "__pycache__")


def remove_folder(tree: Path) -> None:
    shutil.rmtree(tree / "sub" / "deep")


def rename_folder(tree: Path) -> None:
    (tree / "sub" / "deep").rename(tree / "sub" / "shallow")


def exchange_folders(tree: Path) -> None:
    make_tree(tree.parent / "other", c="c = 'other'\n")
    (tree / "sub").rename(tree.parent / "was-sub")
    (tree.parent / "other").rename(tree / "sub")


def make_folder_of_file(tree: Path) -> None:
    (tree / "b.py").unlink()
    make_tree(tree / "b.py", f="f = 1\n")


def add_program(tree: Path) -> None:
    make_program(tree / "sub" / "another-tool")


def edit_program(tree: Path) -> None:
    (tree / "bin" / "tool").write_text(PROGRAM + "# changed\n")


def let_program_be_another_s(tree: Path) -> None:
    (tree / "bin" / "tool").write_text("#!/bin/sh\n")


def let_module_be_a_program(tree: Path) -> None:
    (tree / "a.py").write_text(PROGRAM)
    (tree / "a.py").chmod(0o755)


def link_to_another(tree: Path) -> None:
    (tree / "a.py").unlink()
    (tree / "a.py").symlink_to("b.py")


def break_module(tree: Path) -> None:
    (tree / "a.py").write_text("a = (\n")


CHANGES = [
    edit, edit_keeping_size_and_time, replace, touch, add, add_folder, remove_source, remove_bytecode,
    remove_all_bytecode, overwrite_bytecode, replace_bytecode, link_bytecode_folder, remove_folder,
    rename_folder, exchange_folders, make_folder_of_file, add_program, edit_program,
    let_program_be_another_s, let_module_be_a_program, link_to_another, break_module,
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_change_is_noticed(twins: Twins, change: Callable[[Path], None]) -> None:
    twins.change(change)
    with_record, without = twins.run()
    assert with_record == without


NAMES = [
    "test_nothing_of_an_unchanged_tree_is_opened",
    *(f"test_a_change_is_noticed[{change.__name__}]" for change in CHANGES),
]
