"""Ways of changing a program's files: those that a host must notice, and those that it must not."""

from __future__ import annotations

import mmap
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACK = "lib/site-packages/pack"


def append(path: Path) -> None:
    with path.open("a") as file:
        file.write("#")


def save_by_rename(path: Path) -> None:
    fresh = path.with_name(f".{path.name}.swp~")
    fresh.write_text(path.read_text() + "#")
    fresh.replace(path)


def overwrite_with_times_kept(path: Path) -> None:
    times = path.stat()
    with path.open("r+") as file:
        file.write("X")
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def write_through_map(path: Path) -> None:
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0) as content:
        content[0] = ord("X")


def copy_range(path: Path) -> None:
    with path.open("rb") as source, path.open("r+b") as target:
        os.copy_file_range(source.fileno(), target.fileno(), 1, 1, 0)


def replace_folder(path: Path) -> None:
    fresh = path.with_name("fresh")
    shutil.copytree(path, fresh)
    shutil.move(path, path.with_name("old"))  # as `mv`: overlayfs does not rename folders from below
    shutil.move(fresh, path)


def exchange(path: Path) -> None:
    other = path.with_name("other-folder")
    shutil.copytree(path, other)
    spare = path.with_name("spare")
    shutil.move(path, spare)
    shutil.move(other, path)
    shutil.move(spare, other)


def turn_link(path: Path, target: str) -> None:
    fresh = path.with_name("fresh-link")
    fresh.symlink_to(target)
    fresh.replace(path)


def add_module(path: Path) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text("")


def turn_to_copy(root: Path) -> None:
    shutil.copytree(root / "stood", root / "copied", copy_function=shutil.copy2)
    turn_link(root / "current", "copied")


def run_git(root: Path) -> None:
    def git(*words: str) -> None:
        identity = ("-c", "user.name=a", "-c", "user.email=a@example.invalid")
        subprocess.run(["git", *identity, *words], cwd=root / "app", check=True, capture_output=True)

    git("init", "-q")
    git("add", "plain.py")
    git("commit", "-qm", "one")
    git("rm", "-q", "plain.py")


CHANGES: dict[str, Callable[[Path], object]] = {
    "append": lambda root: append(root / PACK / "one.py"),
    "append to the script": lambda root: append(root / "app/script.py"),
    "overwrite in place": lambda root: (root / PACK / "one.py").write_text("one = 2"),
    "overwrite with times kept": lambda root: overwrite_with_times_kept(root / PACK / "one.py"),
    "write through a map": lambda root: write_through_map(root / PACK / "one.py"),
    "write with copy_file_range": lambda root: copy_range(root / PACK / "one.py"),
    "truncate": lambda root: os.truncate(root / PACK / "one.py", 0),
    "save by rename": lambda root: save_by_rename(root / PACK / "one.py"),
    "save the script by rename": lambda root: save_by_rename(root / "app/script.py"),
    "remove": lambda root: (root / PACK / "two.py").unlink(),
    "rename away": lambda root: (root / PACK / "two.py").rename(root / "elsewhere.py"),
    "rename within the folder": lambda root: (root / PACK / "two.py").rename(root / PACK / "zwei.py"),
    "link over": lambda root: turn_link(root / PACK / "two.py", "one.py"),
    "remove the right to read": lambda root: (root / PACK / "one.py").chmod(0),
    "touch": lambda root: os.utime(root / PACK / "one.py"),
    "write by another hard link": lambda root: append(root / "other-name.py"),
    "truncate by another hard link": lambda root: os.truncate(root / "other-name.py", 1),
    "data": lambda root: append(root / "data/table.csv"),
    "data removed": lambda root: (root / "data/table.csv").unlink(),
    "link to data turned": lambda root: turn_link(root / "current-data.csv", "plugins/first.txt"),
    "link to a folder turned": turn_to_copy,
    "link to a folder removed": lambda root: (root / "current").unlink(),
    "folder replaced": lambda root: replace_folder(root / PACK),
    "folder exchanged": lambda root: exchange(root / PACK),
    "folder above replaced": lambda root: replace_folder(root / "lib"),
    "folder far above replaced": lambda root: replace_folder(root / "stood"),
    "folder above the tree replaced": replace_folder,
    "folder removed": lambda root: shutil.rmtree(root / PACK),
    "folder closed": lambda root: (root / PACK).chmod(0),
    "folder above closed": lambda root: (root / "lib").chmod(0),
    "shadowing module": lambda root: add_module(root / "app/json.py"),
    "shadowing bytecode": lambda root: add_module(root / "app/json.pyc"),
    "shadowing extension": lambda root: add_module(root / "app/json.abi3.so"),
    "shadowing package": lambda root: add_module(root / "app/json/__init__.py"),
    "shadowing link": lambda root: (root / "app/json.py").symlink_to(root / PACK / "one.py"),
    "shadowing module renamed in": lambda root: (root / "plugins/first.txt").rename(root / "app/json.py"),
    "folder searched comes to be": lambda root: (root / "missing").mkdir(),
    "namespace portion becomes a package": lambda root: add_module(root / "spaces/portion/__init__.py"),
    "package gets an extension": lambda root: add_module(root / PACK / "__init__.abi3.so"),
    "new .pth": lambda root: add_module(root / "lib/site-packages/new.pth"),
    ".pth changed": lambda root: append(root / "lib/site-packages/names.pth"),
    ".pth removed": lambda root: (root / "lib/site-packages/names.pth").unlink(),
    "sitecustomize": lambda root: add_module(root / "lib/site-packages/sitecustomize.py"),
    "absent file comes to be": lambda root: add_module(root / "pyvenv.cfg"),
    "absent archive comes to be": lambda root: add_module(root / "lib/python.zip"),
    "listed folder gets an entry": lambda root: add_module(root / "plugins/second.txt"),
    "listed folder loses an entry": lambda root: (root / "plugins/first.txt").unlink(),
    "listed folder's entry renamed": lambda root: (root / "plugins/first.txt").rename(
        root / "plugins/1.txt"
    ),
    "git takes a file away": run_git,
}


def make_pycache(root: Path) -> None:
    for folder in (root / "app", root / PACK):
        (folder / "__pycache__").mkdir()
        (folder / "__pycache__" / "one.cpython-311.pyc").write_text("x")


def read_all(root: Path) -> None:
    for path in root.rglob("*"):
        if path.is_file():
            path.read_bytes()
        else:
            list(path.iterdir())


def open_to_write(path: Path) -> None:
    with path.open("r+"):
        pass


def come_and_go(path: Path) -> None:
    path.write_text("")
    path.unlink()


NO_CHANGES: dict[str, Callable[[Path], object]] = {
    "nothing": lambda _root: None,
    "read": read_all,
    "__pycache__": make_pycache,
    "log beside the script": lambda root: append(root / "app/app.log"),
    "data base beside the script": lambda root: append(root / "app/db.sqlite3"),
    "swap file of an editor": lambda root: come_and_go(root / PACK / ".one.py.swp"),
    "backup of an editor": lambda root: shutil.copy(root / PACK / "one.py", root / PACK / "one.py~"),
    "module nobody imports": lambda root: append(root / "lib/site-packages/other.py"),
    "new module nobody imports": lambda root: add_module(root / "lib/site-packages/unknown.py"),
    "folder nobody imports": lambda root: add_module(
        root / "lib/site-packages/unknown-1.dist-info/RECORD"
    ),
    "entry with a name imported, not importable": lambda root: append(root / "app/json.txt"),
    "written entry of a listed folder": lambda root: append(root / "plugins/first.txt"),
    "opened to write": lambda root: open_to_write(root / PACK / "one.py"),
    "one more hard link": lambda root: os.link(root / PACK / "one.py", root / "third-name.py"),
    "one more hard link to a file that has some": lambda root: os.link(
        root / PACK / "three.py", root / "third-name.py"
    ),
    "another hard link removed": lambda root: (root / "other-name.py").unlink(),
    "shadowing module that went again": lambda root: come_and_go(root / "app/json.py"),
    "neighbour of a folder above": lambda root: (root / "new-folder").mkdir(),
    "temporary file beside the tree": lambda root: come_and_go(root.parent / "x.tmp"),
    "unused file of a package": lambda root: append(root / "spaces/portion/inner.py"),
}
