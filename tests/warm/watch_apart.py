"""Watches in a place of their own: file systems mounted for it, or limits of the kernel's.

    python -m warm.watch_apart CASE FOLDER

run within `unshare`, so that nobody else has these mounts and limits.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from warm.watched import Program
from warm.ways import CHANGES, NO_CHANGES

LATER = 3600 * 10**9  # nothing is newer than a host that begins in an hour


def mount(*words: str | Path) -> None:
    subprocess.run(["mount", *words], check=True)


# overlayfs copies a file from below when it is written, linked or opened to be written: its other names
# keep what it was, and it is another file
COPIED_UP = frozenset({
    "write by another hard link", "truncate by another hard link", "opened to write",
    "one more hard link", "one more hard link to a file that has some",
})  # fmt: skip


def check_all(make: Callable[[Path], Path], folder: Path, but: frozenset[str] = frozenset()) -> None:
    """Every way of changing, each on a file system that *make* makes."""
    for number, (ways, seen) in enumerate(((CHANGES, True), (NO_CHANGES, False))):
        for name in ways.keys() - but:
            space = folder / f"{number} {name}".replace(":", "").replace(",", "")
            space.mkdir()
            root = make(space)
            program = Program(root, make_files=not (root / "app").exists())
            watch = program.watch(time.time_ns() + LATER)
            assert watch.find_change() is None, name
            ways[name](root)
            assert (watch.find_change() is not None) == seen, f"{name}: {watch.find_change()}"
            watch.close()


def make_tmpfs(space: Path) -> Path:
    mount("-t", "tmpfs", "tmpfs", space)
    (space / "tree").mkdir()
    return space / "tree"


def make_overlay(space: Path, *, files_below: bool) -> Path:
    mount("-t", "tmpfs", "tmpfs", space)
    for name in ("below", "above", "work", "merged"):
        (space / name).mkdir()
    (space / "below/tree").mkdir()
    if files_below:
        Program(space / "below/tree")
    layers = f"lowerdir={space}/below,upperdir={space}/above,workdir={space}/work,userxattr"
    mount("-t", "overlay", "overlay", "-o", layers, space / "merged")
    return space / "merged/tree"


def check_tmpfs(folder: Path) -> None:
    check_all(make_tmpfs, folder)


def check_overlay_above(folder: Path) -> None:
    check_all(lambda space: make_overlay(space, files_below=False), folder)


def check_overlay_below(folder: Path) -> None:
    check_all(lambda space: make_overlay(space, files_below=True), folder, COPIED_UP)


def check_mount_over(folder: Path) -> None:
    program = Program(folder)
    other = folder.parent / "other"
    other.mkdir()
    watch = program.watch()
    mount("--bind", other, folder / "data")
    subprocess.run(["umount", folder / "data"], check=True)
    mount("--bind", other, other)
    assert watch.find_change() is None, "a mount elsewhere, or gone again"
    mount("--bind", other, folder / "lib/site-packages")
    assert watch.find_change() is not None


def check_unmount(folder: Path) -> None:
    mount("-t", "tmpfs", "tmpfs", folder)
    program = Program(folder)
    watch = program.watch()
    subprocess.run(["umount", "--lazy", folder], check=True)
    assert watch.find_change() is not None


def check_bound_folder(folder: Path) -> None:
    """What is written by the other name of a folder that is mounted twice."""
    program = Program(folder)
    other = folder.parent / "other"
    other.mkdir()
    mount("--bind", folder / "lib", other)
    watch = program.watch()
    with (other / "site-packages/pack/one.py").open("a") as file:
        file.write("#")
    assert watch.find_change() is not None


def check_all_by_signature(folder: Path) -> None:
    def make(space: Path) -> Path:
        (space / "tree").mkdir()
        return space / "tree"

    check_all(make, folder)


def limit(name: str, value: int) -> None:
    Path("/proc/sys/user", name).write_text(str(value))


def check_no_watches(folder: Path) -> None:
    for left in (0, 1, 5, 12):
        limit("max_inotify_watches", left)
        (folder / str(left)).mkdir()
        check_all_by_signature(folder / str(left))


def check_no_instances(folder: Path) -> None:
    limit("max_inotify_instances", 0)
    check_all_by_signature(folder)


def check_unreadable(folder: Path) -> None:
    """Folders that a user may pass through, but not read."""
    program = Program(folder)
    (folder / "lib/site-packages").chmod(0o711)
    (folder / "lib/site-packages/pack").chmod(0o711)
    one = folder / "lib/site-packages/pack/one.py"
    one.chmod(0o666)
    os.setresuid(65534, 65534, 65534)
    watch = program.watch(time.time_ns() + LATER)
    assert watch.find_change() is None
    with one.open("a") as file:
        file.write("#")
    assert watch.find_change() is not None


if __name__ == "__main__":
    globals()[f"check_{sys.argv[1]}"](Path(sys.argv[2]))
