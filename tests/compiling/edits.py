"""What can happen to a tree between two runs: each is something that the later one has to notice."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from .calls import PROGRAM, make_program, make_tree

if TYPE_CHECKING:
    from pathlib import Path

TAG = sys.implementation.cache_tag


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
