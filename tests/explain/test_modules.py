"""What CPython does with the code of a module is its own business, and is said."""

from __future__ import annotations

import os
import py_compile
import re
from typing import TYPE_CHECKING

import pytest

from mainspring.observe.importing import CODE_STATES
from mainspring.slot.placing import PACKAGE

from .asking import call, explain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import World

TRACE = "import os\nopen(os.environ['HOME'] + '/ran', 'a').close()\n"
STAND_ASIDE = "be left to plain CPython"


def put_module(world: World, name: str = "tool.py", text: str = "print('ran')\n") -> Path:
    path = world.home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def run(world: World, *words: str) -> None:
    assert world.start("plain", *words).stdout == b"ran\n"


def test_one_that_has_no_pyc_yet(world: World) -> None:
    source = put_module(world)
    facts = explain(world, "-m", "tool")
    assert (facts["kind"], facts["script"], facts["reason"]) == ("module", "tool", "no-script")
    assert facts["would"] == STAND_ASIDE
    assert facts["module"]["file"] == str(source)
    assert facts["module"]["state"] == "absent"
    assert facts["looks"] == []


def compile_module(source: Path) -> None:
    py_compile.compile(str(source), doraise=True)


def change_after(source: Path) -> None:
    compile_module(source)
    source.write_text("print('ran') # changed\n")


def touch_after(source: Path) -> None:
    compile_module(source)
    os.utime(source, (1, 1))


def compile_by_hash(source: Path, mode: str = "CHECKED_HASH") -> None:
    mode_of = py_compile.PycInvalidationMode
    py_compile.compile(str(source), doraise=True, invalidation_mode=mode_of[mode])


def change_after_hash(source: Path) -> None:
    compile_by_hash(source)
    source.write_text("print('ran') # changed\n")


def change_unchecked(source: Path) -> None:
    compile_by_hash(source, "UNCHECKED_HASH")
    source.write_text("print('never run')\n")


def find_compiled(source: Path) -> Path:
    [compiled] = (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc")
    return compiled


def spoil_magic(source: Path) -> None:
    compile_module(source)
    compiled = find_compiled(source)
    compiled.write_bytes(b"\0\0\0\0" + compiled.read_bytes()[4:])


def cut_short(source: Path) -> None:
    compile_module(source)
    find_compiled(source).write_bytes(b"\0")


@pytest.mark.parametrize(
    ("do", "state", "is_rewritten"),
    [
        (compile_module, "current", False),
        (change_after, "outdated", True),
        (touch_after, "outdated", True),
        (compile_by_hash, "current", False),
        (change_after_hash, "outdated", True),
        (change_unchecked, "unchecked", False),
        (spoil_magic, "unusable", True),
        (cut_short, "unusable", True),
    ],
)
def test_each_state_of_a_pyc(
    world: World, do: Callable[[Path], None], state: str, is_rewritten: bool
) -> None:
    source = put_module(world)
    do(source)
    module = explain(world, "-m", "tool", python=world.plain_python)["module"]
    compiled = find_compiled(source)
    assert (module["state"], module["compiled"]) == (state, str(compiled))
    # and this is what a start then does
    before = compiled.read_bytes()
    run(world, "-m", "tool")
    assert (compiled.read_bytes() != before) == is_rewritten


def test_a_module_without_a_source(world: World) -> None:
    source = put_module(world)
    py_compile.compile(str(source), cfile=str(world.home / "tool.pyc"), doraise=True)
    source.unlink()
    module = explain(world, "-m", "tool")["module"]
    assert (module["state"], module["file"]) == ("sourceless", str(world.home / "tool.pyc"))


def test_a_package_is_run_through_its_main(world: World) -> None:
    put_module(world, "package/__init__.py", TRACE)
    main = put_module(world, "package/__main__.py")
    module = explain(world, "-m", "package")["module"]
    assert (module["name"], module["file"]) == ("package.__main__", str(main))
    assert not (world.home / "ran").exists()


def test_nothing_of_the_packages_around_is_run(world: World) -> None:
    put_module(world, "one/__init__.py", TRACE)
    put_module(world, "one/two/__init__.py", TRACE)
    source = put_module(world, "one/two/tool.py", TRACE)
    assert explain(world, "-m", "one.two.tool")["module"]["file"] == str(source)
    assert not (world.home / "ran").exists()


def test_namespace_packages(world: World) -> None:
    source = put_module(world, "one/two/three/tool.py")
    module = explain(world, "-m", "one.two.three.tool")["module"]
    assert module["file"] == str(source)
    run(world, "-m", "one.two.three.tool")


@pytest.mark.parametrize(
    "name", ["missing", "tool.missing", "package", ".tool", "tool.", "", "sys", "math"]
)
def test_what_cannot_be_run(world: World, name: str) -> None:
    put_module(world)
    put_module(world, "package/__init__.py")
    facts = explain(world, "-m", name)
    assert (facts["reason"], facts["module"], facts["would"]) == ("no-module", None, STAND_ASIDE)
    assert world.start("plain", "-m", name).status != 0


def test_one_of_the_standard_library(world: World) -> None:
    assert explain(world, "-m", "json.tool")["module"]["file"].endswith("/json/tool.py")


def test_one_that_is_built_in(world: World) -> None:
    assert explain(world, "-m", "__hello__")["module"]["state"] == "frozen"


def test_the_folder_at_hand_is_looked_into_as_python_does(world: World) -> None:
    put_module(world, "folder/tool.py")
    assert explain(world, "-m", "tool")["reason"] == "no-module"
    facts = explain(world, "-m", "tool", cwd=world.home / "folder")
    assert facts["module"]["file"] == str(world.home / "folder" / "tool.py")
    facts = explain(world, "-m", "tool", cwd=world.home / "folder", PYTHONSAFEPATH="1")
    assert facts["reason"] == "no-module"


def test_modules_at_hand_are_not_taken_for_those_that_explaining_needs(world: World) -> None:
    for name in ("json.py", "zipimport.py", "os.py", "importlib.py"):
        put_module(world, name, TRACE)
    facts = explain(world, "-m", "json")
    assert facts["module"]["file"] == str(world.home / "json.py")
    assert not (world.home / "ran").exists()


def test_when_everything_is_off(world: World) -> None:
    put_module(world)
    assert explain(world, "-m", "tool", MAINSPRING="off")["reason"] == "off"


def test_a_start_of_a_module_says_the_same(world: World) -> None:
    put_module(world)
    assert world.outcome_of("-m", "tool") == explain(world, "-m", "tool")["reason"]


def test_every_state_that_is_found_has_its_words() -> None:
    """Another interpreter runs the probe, which cannot read the table."""
    probe = (PACKAGE / "observe" / "moduleprobe.py").read_text(encoding="utf-8")
    judging = probe[probe.index("def judge_code") :]
    assert set(re.findall(r'"([a-z-]+)"', judging)) - {"rb"} == set(CODE_STATES)


@pytest.mark.parametrize("words", [[], ["-m"], ["-m", "tool", "program.py"], ["a", "b"], ["--nonsense"]])
def test_bad_arguments_are_told_in_one_line(world: World, words: list[str]) -> None:
    status, output, errors = call(world, *words)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("mainspring: ")
