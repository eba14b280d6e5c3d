"""What was edited a moment ago is what the very next start runs."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from .world import WarmWorld

LONG = os.environ.get("MAINSPRING_LONG") == "1"
EDITS = 1000 if LONG else 30
PROGRAM = """\
import argparse, json, logging
import near, package.deep
print("program", near.value, package.deep.value)
"""
VALUE = "value = {!r}\n"


@pytest.fixture
def edited(warm_world: WarmWorld) -> WarmWorld:
    """A world with a warm program, which shows what it is made of."""
    warm_world.write("near.py", VALUE.format("near"))
    warm_world.write("package/__init__.py", "")
    warm_world.write("package/deep.py", VALUE.format("deep"))
    warm_world.write("program.py", PROGRAM)
    warm_world.warm_up("program.py")
    return warm_world


def append(text: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        with path.open("a") as file:
            file.write(text)

    return edit


def replace(path: Path) -> None:
    other = path.with_name("other")
    other.write_text(VALUE.format("replaced"))
    other.rename(path)


def keep_stat(path: Path) -> None:
    """Another content of the same size, in the same file, with the old times."""
    status = path.stat()
    path.write_text(path.read_text().replace("'near'", "'NEAR'"))
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


CHANGES = {
    "the script": ("program.py", append("print('more')\n")),
    "an imported module": ("near.py", append("value = 'changed'\n")),
    "a module in a package": ("package/deep.py", append("value = 'changed'\n")),
    "the package itself": ("package/__init__.py", append("print('in the package')\n")),
    "a module that is replaced": ("near.py", replace),
    "a module of the same size": ("near.py", append("")),
    "a module that keeps its times": ("near.py", keep_stat),
    "a module that is removed": ("near.py", Path.unlink),
    "a module that shadows another": ("json.py", append("print('shadows')\n")),
    "a package that shadows a module": ("near/__init__.py", append("value = 'package'\n")),
    "an extension that shadows a module": ("near.so", append("no library")),
    "a part that shadows one of the library": ("logging.py", append("print('shadows')\n")),
    "a broken script": ("program.py", append("def\n")),
    "a broken module": ("near.py", append("def\n")),
}


@pytest.mark.parametrize("name", CHANGES)
def test_the_next_start_is_of_what_was_changed(edited: WarmWorld, name: str) -> None:
    file, change = CHANGES[name]
    path = edited.work / file
    path.parent.mkdir(exist_ok=True)
    change(path)
    warm = edited.ask_for_warm("program.py")
    assert warm == edited.start_plain("program.py")


def test_each_of_many_edits_is_seen_by_the_next_start(edited: WarmWorld) -> None:
    """Some starts are warm: a host comes up between two edits, now and then."""
    path = edited.work / "near.py"
    for number in range(EDITS):
        if number % 10 == 0:
            edited.warm_up("program.py")
        # of another size each time: plain Python compares that, and whole seconds
        path.write_text(VALUE.format(number) + "#" * number)
        assert edited.ask_for_warm("program.py").stdout == b"program %d deep\n" % number


def test_each_of_many_edits_of_the_script_is_seen(edited: WarmWorld) -> None:
    for number in range(EDITS):
        if number % 10 == 0:
            edited.warm_up("program.py")
        edited.write("program.py", f"import near\nprint({number})\n")
        assert edited.ask_for_warm("program.py").stdout == b"%d\n" % number


@pytest.fixture
def with_packages(warm_world: WarmWorld) -> WarmWorld:
    """A world whose interpreter has an environment of its own, where packages can be put."""
    folder = warm_world.home.parent / "own"
    venv.EnvBuilder(symlinks=True, with_pip=False).create(folder)
    warm_world.plain_python = folder / "bin" / "python"
    return warm_world


def find_site(world: WarmWorld) -> Path:
    [site] = world.plain_python.parents[1].glob("lib/python*/site-packages")
    return site


def test_a_pth_file_is_heeded_once_it_is_there(with_packages: WarmWorld) -> None:
    world = with_packages
    world.write("library/near.py", VALUE.format("library"))
    world.write("program.py", "import sys, json\ntry:\n    import near\n    print(near.value)\n"
                "except ImportError as error:\n    print(error)\nprint(sys.path)\n")  # fmt: skip
    world.warm_up("program.py")
    pth = find_site(world) / "more.pth"
    for text in (
        f"{world.work / 'library'}\n",
        "# nothing\n",
        "import sys; sys.path.append('/nowhere')\n",
    ):
        pth.write_text(text)
        assert world.ask_for_warm("program.py") == world.start_plain("program.py")
        world.warm_up("program.py")
    pth.unlink()
    assert world.ask_for_warm("program.py") == world.start_plain("program.py")


def test_an_upgrade_is_seen_at_once(with_packages: WarmWorld) -> None:
    world = with_packages
    world.write("program.py", "import distribution, importlib.metadata\n"
                "print(distribution.value, importlib.metadata.version('distribution'))\n")  # fmt: skip
    for version in ("1.0", "1.1", "2.0"):
        install(world, version)
        expected = f"{version} {version}\n".encode()
        assert world.ask_for_warm("program.py").stdout == expected
        world.warm_up("program.py")
        assert world.ask_for_warm("program.py").stdout == expected


def test_each_of_many_changes_of_what_is_found_is_seen(with_packages: WarmWorld) -> None:
    """In turn: a new module in another's place, a `.pth` file, an upgrade, and the module gone again."""
    world = with_packages
    world.write("program.py", "import json, sys\ntry:\n    import distribution\nexcept ImportError:\n"
                "    print('none')\nelse:\n    print(distribution.value)\n"
                "print(json.__file__, getattr(json, 'value', ''), sys.path)\n")  # fmt: skip
    shadow, pth = world.work / "json.py", find_site(world) / "more.pth"
    turns: tuple[Callable[[int], object], ...] = (
        lambda number: shadow.write_text(VALUE.format(number) + "#" * number),
        lambda number: pth.write_text(f"{world.write(f'library{number % 7}/x.py', '').parent}\n"),
        lambda number: install(world, f"1.{number}"),
        lambda _: shadow.unlink(),
    )
    for number in range(EDITS):
        if number % 10 == 0:
            world.warm_up("program.py")
        turns[number % len(turns)](number)
        assert world.ask_for_warm("program.py") == world.start_plain("program.py"), number


def install(world: WarmWorld, version: str) -> None:
    """`pip install -U` of a wheel that is made here."""
    wheel = make_wheel(world.work, version)
    options = ["--quiet", "--upgrade", "--no-deps", "--no-index", "--disable-pip-version-check"]
    pip = [sys.executable, "-m", "pip", "--python", world.plain_python]
    subprocess.run([*pip, "install", *options, wheel], check=True)


def make_wheel(folder: Path, version: str) -> Path:
    import zipfile

    information = f"distribution-{version}.dist-info"
    wheel = folder / f"distribution-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("distribution.py", VALUE.format(version))
        archive.writestr(
            f"{information}/METADATA", f"Metadata-Version: 2.1\nName: distribution\nVersion: {version}\n"
        )
        archive.writestr(
            f"{information}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr(f"{information}/RECORD", "")
    return wheel
