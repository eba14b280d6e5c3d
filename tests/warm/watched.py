"""A small program as a host would watch it: its script, a package, a site folder and links on the way."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from mainspring.warm.freshness import Watch
from mainspring.warm.sight import Sight

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "app/script.py": "import pack.one, plain",
    "app/plain.py": "x = 1",
    "lib/site-packages/pack/__init__.py": "",
    "lib/site-packages/pack/one.py": "one = 1",
    "lib/site-packages/pack/two.py": "two = 2",
    "lib/site-packages/pack/three.py": "three = 3",
    "lib/site-packages/names.pth": "",
    "lib/site-packages/other.py": "other = 1",
    "data/table.csv": "1,2",
    "plugins/first.txt": "first",
    "spaces/portion/inner.py": "",
    "stood/in/the/way/deep.py": "deep = 1",
}
SEARCHED = ("app", "lib/site-packages", "lib/site-packages/pack", "spaces", "missing")
ABSENT = ("pyvenv.cfg", "lib/python.zip")
NAMES = {"pack", "plain", "one", "two", "three", "portion", "json", "deep"}


class Program:
    """Files under a folder, and a watch over them."""

    def __init__(self, root: Path, *, make_files: bool = True) -> None:
        self.root = root
        if make_files:
            make_program(root)

    def watch(self, since_ns: int | None = None, sight: Sight | None = None) -> Watch:
        """Watch what is as it was at *since_ns*, or as *sight* has it."""
        files = {str(self.root / path) for path in (*FILES, *ABSENT) if path not in IRRELEVANT}
        files |= {str(self.root / "current/in/the/way/deep.py"), str(self.root / "current-data.csv")}
        searched = {str(self.root / folder) for folder in SEARCHED}
        if since_ns is None and sight is None:
            settle(self.root)
        sight = sight or Sight(since_ns or time.time_ns())
        return Watch(files, searched, NAMES, {str(self.root / "plugins")}, sight)


IRRELEVANT = {"lib/site-packages/other.py", "plugins/first.txt", "spaces/portion/inner.py"}


def make_program(root: Path) -> None:
    for path, text in FILES.items():
        target = root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
    (root / "current").symlink_to("stood")
    os.link(root / "lib/site-packages/pack/three.py", root / "other-name.py")
    (root / "current-data.csv").symlink_to("data/table.csv")


def settle(root: Path) -> None:
    """Wait until the clock of time stamps is well past what was written below *root*."""
    newest = max(path.lstat().st_ctime_ns for path in (root, *root.rglob("*")))
    while time.time_ns() < newest + 40_000_000:
        os.sched_yield()
