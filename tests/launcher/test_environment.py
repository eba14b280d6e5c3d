"""What the launcher changes in the environment, and what it leaves as it was."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from .layout import make_package

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout

BEFORE: dict[str, str] = {"A": "1", "Z": "", "B": "two words"}
AFTER: dict[str, str] = {"C": "\n", "LC_ALL": "C", "PYTHONPATHS": "x"}


def start(layout: Layout, environment: dict[str, str], *words: str) -> list[bytes]:
    python = layout.stand_in()
    layout.environment.clear()
    layout.environment.update(environment)
    layout.call("run", *words, "script")
    return python.environment


def raw(environment: dict[str, str]) -> list[bytes]:
    return [os.fsencode(name) + b"=" + os.fsencode(value) for name, value in environment.items()]


def test_the_hook_goes_in_front_of_the_old_path_in_place(layout: Layout) -> None:
    given = BEFORE | {"PYTHONPATH": "/one:/two"} | AFTER
    expected = BEFORE | {"PYTHONPATH": f"{layout.start}:/one:/two"} | AFTER
    expected["MAINSPRING_START"] = "1:/one:/two"
    assert start(layout, given) == raw(expected)


def test_an_empty_path_is_not_an_unset_one(layout: Layout) -> None:
    given = BEFORE | {"PYTHONPATH": ""} | AFTER
    expected = BEFORE | {"PYTHONPATH": str(layout.start)} | AFTER | {"MAINSPRING_START": "1:"}
    assert start(layout, given) == raw(expected)


def test_an_unset_path_is_appended(layout: Layout) -> None:
    expected = BEFORE | AFTER | {"PYTHONPATH": str(layout.start), "MAINSPRING_START": "1"}
    assert start(layout, BEFORE | AFTER) == raw(expected)


@pytest.mark.parametrize("paths", [{}, {"PYTHONPATH": "/one"}])
def test_an_inherited_mark_is_replaced(layout: Layout, paths: dict[str, str]) -> None:
    given = BEFORE | {"MAINSPRING_START": "1:/planted"} | paths | AFTER
    environment = start(layout, given)
    marks = [one for one in environment if one.startswith(b"MAINSPRING_START=")]
    assert marks == [b"MAINSPRING_START=1" + (b":/one" if paths else b"")]
    assert environment[-1] == marks[0]


def test_of_two_paths_the_first_is_the_one_that_counts(layout: Layout) -> None:
    given: dict[Any, str] = {"PYTHONPATH": "/one", b"PYTHONPATH": "/two"}
    assert start(layout, given) == [
        os.fsencode(f"PYTHONPATH={layout.start}:/one"),
        b"PYTHONPATH=/two",
        b"MAINSPRING_START=1:/one",
    ]


def test_an_environment_of_nothing_is_enough(layout: Layout) -> None:
    expected = {"PYTHONPATH": str(layout.start), "MAINSPRING_START": "1"}
    assert start(layout, {}) == [os.fsencode(f"{name}={value}") for name, value in expected.items()]


def test_values_that_are_no_text_are_kept(layout: Layout) -> None:
    given = {"\udcff": "\udcfe\n", "PYTHONPATH": "/\udcff"}
    assert start(layout, given) == [
        b"\xff=\xfe\n",
        b"PYTHONPATH=" + os.fsencode(layout.start) + b":/\xff",
        b"MAINSPRING_START=1:/\xff",
    ]


def test_a_plain_start_has_the_environment_as_it_was(layout: Layout) -> None:
    given = BEFORE | {"MAINSPRING": "off", "PYTHONPATH": "/one", "MAINSPRING_START": "1"} | AFTER
    assert start(layout, given) == raw(given)


def test_an_environment_that_leaves_no_room_is_left_as_it_was(layout: Layout) -> None:
    python = layout.stand_in()
    layout.keep_log()
    layout.environment["PYTHONPATH"] = "/x" * 65_520
    ended = layout.call("run", "script")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert python.environment == raw(layout.environment)
    assert layout.logged() == [(os.fsencode(layout.root / "script"), b"environment-too-big")]


@pytest.mark.parametrize("preloaded", [None, "", "libc.so.6", ":libc.so.6: libm.so.6"])
@pytest.mark.parametrize("option", ["-E", "-I", "-sE", "-IP"])
def test_the_program_sees_none_of_what_was_preloaded(
    launcher: Path, bare_python: Path, layout: Layout, option: str, preloaded: str | None
) -> None:
    """What ignores PYTHONPATH is reached by the loader, and keeps what is set for that."""
    script = layout.script("import os, sys; print(sys.path, sys.flags, list(os.environ.items()))")
    layout.environment["PYTHONPATH"] = "/ignored"
    layout.environment["MAINSPRING_MIN_SIZE"] = "0"
    if preloaded is not None:
        layout.environment["LD_PRELOAD"] = preloaded
    layout.environment["LAST"] = "1"
    expected = layout.execute(bare_python, option, script)
    layout.keep_log()
    actual = layout.execute(launcher, "run", "--python", bare_python, option, script)
    assert layout.logged() == [(os.fsencode(script), b"absent")]
    told = b", ('MAINSPRING_LOG', '%b')" % os.fsencode(layout.log)
    assert (actual.stdout.replace(told, b""), actual.stderr) == (expected.stdout, expected.stderr)


@pytest.mark.parametrize("preloaded", ["", "libm.so.6:"])
def test_what_has_no_audit_hooks_sees_none_of_it_either(
    launcher: Path, layout: Layout, preloaded: str
) -> None:
    """As a Python before 3.8, in which nothing of ours would run that could take it away."""
    given = BEFORE | {"LD_PRELOAD": f"{preloaded}{find_start(launcher)}/_preload.abi3.so"} | AFTER
    wishes = {"MAINSPRING_START": "1", "MAINSPRING_WARM": "record:0@1"}
    layout.environment.clear()
    layout.environment.update(given | wishes)
    printed = layout.execute(shutil.which("env") or "env", "-0").stdout.split(b"\0")[:-1]
    kept = {"LD_PRELOAD": preloaded.removesuffix(":")} if preloaded else {}
    assert printed == raw(BEFORE | kept | AFTER)


def find_start(launcher: Path) -> Path:
    """The folder of the installed hook."""
    [folder] = launcher.parents[1].glob("lib/python3.*/site-packages/mainspring/start")
    return folder


@pytest.mark.parametrize("folder", ["a folder", "$ORIGIN"])
def test_a_path_that_the_loader_would_not_find_is_not_preloaded(
    bare_python: Path, layout: Layout, folder: str
) -> None:
    """It would complain of it, in the program's own start."""
    root = layout.root / folder
    (root / "bin").mkdir(parents=True)
    shutil.copy(layout.mainspring, root / "bin")
    (make_package(root / "lib/python3.11/site-packages") / "_preload.abi3.so").touch()
    layout.keep_log()
    script = layout.script("print(1)")
    ended = layout.execute(root / "bin/mainspring", "run", "--python", bare_python, "-I", script)
    assert (ended.stdout, ended.stderr) == (b"1\n", b"")
    assert layout.logged() == [(os.fsencode(script), b"isolated")]


def test_the_program_sees_none_of_it(
    launcher: Path, bare_python: Path, layout: Layout, tmp_path: Path
) -> None:
    code = "import os, sys; print(sys.path, sorted(os.environ.items()), sys.argv)"
    script = layout.script(code)
    for paths in (None, "", str(tmp_path), f":{tmp_path}:"):
        layout.environment.pop("PYTHONPATH", None)
        if paths is not None:
            layout.environment["PYTHONPATH"] = paths
        expected = layout.execute(bare_python, script, "x")
        actual = layout.execute(launcher, "run", "--python", bare_python, script, "x")
        assert (actual.stdout, actual.stderr) == (expected.stdout, expected.stderr)
