"""Where the launcher finds the hook of its own installation."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from .layout import make_package, make_stand_in

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout

SITE = "lib/python3.11/site-packages"


def find_start(layout: Layout) -> str | None:
    """The folder that was put in front of PYTHONPATH."""
    python = layout.stand_in()
    layout.call("run", "script")
    found = [one for one in python.environment if one.startswith(b"PYTHONPATH=")]
    return os.fsdecode(found[0].removeprefix(b"PYTHONPATH=")) if found else None


@pytest.mark.parametrize(
    "packages",
    [
        *("lib/python3.11/site-packages", "lib/python3.14t/site-packages"),
        *("lib/python3.11/dist-packages", "lib/python3/dist-packages"),
        *("lib64/python3.12/site-packages", "lib64/python3.12/dist-packages", "."),
    ],
)
def test_every_kind_of_installation_is_known(layout: Layout, packages: str) -> None:
    shutil.rmtree(layout.root / "lib")
    start = make_package(layout.root / packages)
    assert find_start(layout) == str(start)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("lib/python3.12/site-packages", "lib/python3.9/site-packages"),
        ("lib/python3.9/site-packages", "lib/python3.12/dist-packages"),
        ("lib/python3.9/dist-packages", "lib64/python3.12/site-packages"),
        ("lib64/python3.9/site-packages", "lib64/python3.12/dist-packages"),
        ("lib64/python3.9/dist-packages", "."),
    ],
)
def test_one_kind_of_folder_goes_before_another(layout: Layout, first: str, second: str) -> None:
    shutil.rmtree(layout.root / "lib")
    make_package(layout.root / second)
    start = make_package(layout.root / first)
    assert find_start(layout) == str(start)


@pytest.mark.parametrize("minors", [range(8, 14), range(13, 7, -1)])
def test_the_newest_version_that_has_the_hook_is_taken(layout: Layout, minors: range) -> None:
    shutil.rmtree(layout.root / "lib")
    starts = [make_package(layout.root / f"lib/python3.{minor}/site-packages") for minor in minors]
    (layout.root / "lib/python3.99/site-packages/mainspring/start").mkdir(parents=True)
    (layout.root / "lib/python3.98").touch()
    assert find_start(layout) == str(starts[minors.index(13)])


@pytest.mark.parametrize("name", ["python3.12x", "python3.", "python3.x", "python2.7", "pypy3.10"])
def test_other_folders_hold_no_hook(layout: Layout, name: str) -> None:
    (layout.root / "lib" / "python3.11").rename(layout.root / "lib" / name)
    assert find_start(layout) is None


def test_the_installation_is_that_of_the_real_launcher(layout: Layout, tmp_path: Path) -> None:
    python = layout.stand_in()
    make_package(tmp_path / "planted" / SITE)
    link = tmp_path / "planted" / "bin" / "mainspring"
    link.parent.mkdir()
    link.symlink_to(layout.mainspring)
    layout.execute(link, "run", "script")
    assert os.fsencode(f"PYTHONPATH={layout.start}") in python.environment


def test_an_installation_in_an_odd_folder_works(layout: Layout, tmp_path: Path) -> None:
    moved = tmp_path / "a b\n\udcff;$(c)"
    shutil.copytree(layout.root, moved)
    python = make_stand_in(moved / "bin" / "python3")
    layout.execute(moved / "bin" / "mainspring", "run", "script")
    start = moved / layout.start.relative_to(layout.root)
    assert b"PYTHONPATH=" + os.fsencode(start) in python.environment


@pytest.mark.parametrize("missing", ["lib", SITE, f"{SITE}/mainspring/start"])
def test_without_its_hook_the_start_is_plain(layout: Layout, missing: str) -> None:
    shutil.rmtree(layout.root / missing)
    layout.keep_log()
    assert find_start(layout) is None
    assert layout.logged() == [(os.fsencode(layout.root / "script"), b"incomplete-install")]


def test_a_folder_that_does_not_fit_on_the_path_makes_a_plain_start(
    layout: Layout, tmp_path: Path
) -> None:
    moved = tmp_path / "with:colon"
    layout.keep_log()
    shutil.copytree(layout.root, moved)
    python = layout.stand_in()
    layout.execute(moved / "bin" / "mainspring", "run", "--python", python.path, "script")
    assert not [one for one in python.environment if one.startswith(b"PYTHONPATH=")]
    assert layout.logged() == [(os.fsencode(layout.root / "script"), b"colon-in-path")]
