"""A command by name: its script, and every module of its distribution and of what that requires."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib.metadata import distribution
from typing import TYPE_CHECKING

import pytest
from security.people import find_base_executable
from starts import make_bare_venv

from .calls import PROGRAM, ask, call, check_hit, count, list_compiled, make_program

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

TAG = sys.implementation.cache_tag
#: a distribution with a command, and what it requires
INSTALLED = ("markdown-it-py", "mdurl")
SCRIPT = """\
#!{python}
import sys
from markdown_it.cli.parse import main
if __name__ == "__main__":
    sys.exit(main())
"""


def install(python: Path, *names: str) -> Path:
    """Put distributions of this environment into that of *python*, as an installer does; its packages."""
    [packages] = python.parents[1].glob("lib/python*/site-packages")
    for name in names:
        for file in distribution(name).files or ():
            target = packages / file
            if file.suffix != ".pyc" and ".." not in file.parts:
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file.locate(), target)
    make_program(python.with_name("markdown-it"), SCRIPT.format(python=python))
    return packages


@pytest.fixture
def equipped(world: World) -> Path:
    """An interpreter of an environment without Mainspring, that has a command and its modules."""
    return make_bare_venv(world.home / "venv")


def path_of(python: Path) -> str:
    return f"{python.parent}:{os.environ['PATH']}"


def find_sources(packages: Path, *parts: str) -> set[str]:
    return {
        str(path.relative_to(packages)) for part in parts for path in packages.glob(f"{part}/**/*.py")
    }


def find_compiled(packages: Path) -> set[str]:
    """The modules in *packages* that have their `.pyc`, which has to be the one that Python looks for."""
    return {
        name.replace("__pycache__/", "").removesuffix(f".{TAG}.pyc") + ".py"
        for name in list_compiled(packages)
    }


def test_a_command_of_another_environment(world: World, equipped: Path) -> None:
    packages = install(equipped, *INSTALLED)
    make_program(packages / "unrelated.py")
    path = path_of(equipped)
    facts = ask(world, "markdown-it", PATH=path)
    expected = find_sources(packages, "markdown_it", "mdurl")
    assert find_compiled(packages) == expected
    assert len(expected) > 40
    assert count(facts) == (len(expected) + 1, 0, 0)
    # of its modules, none is a script
    assert [path.name for path in world.entries] == ["markdown-it%.pyc"]
    assert count(ask(world, "markdown-it", PATH=path)) == (0, len(expected) + 1, 0)
    script = equipped.with_name("markdown-it")
    check_hit(world, script, PATH=path)
    done = subprocess.run([script, "--version"], check=True, capture_output=True)
    assert done.stdout.startswith(b"markdown-it")


def test_it_is_compiled_by_the_interpreter_that_runs_it(world: World) -> None:
    """Which is found by the script's first line; here one that tells what it was started with."""
    python = make_bare_venv(world.home / "venv")
    packages = install(python, *INSTALLED)
    note = world.home / "note"
    (packages / "note.pth").write_text(
        f"import sys; open({str(note)!r}, 'a').write(sys.executable + ' ' + sys.argv[0] + chr(10))\n"
    )
    assert ask(world, "markdown-it", PATH=path_of(python))["failed"] == 0
    assert f"{python} -c\n" in note.read_text()


def test_several_commands_of_one_environment(world: World, equipped: Path) -> None:
    packages = install(equipped, *INSTALLED)
    make_program(equipped.with_name("other"), f"#!{equipped}\nprint('other')\n")
    assert ask(world, "markdown-it", "other", PATH=path_of(equipped))["failed"] == 0
    assert {path.name for path in world.entries} == {"markdown-it%.pyc", "other%.pyc"}
    assert find_compiled(packages) == find_sources(packages, "markdown_it", "mdurl")


def test_commands_of_several_environments_are_refused_in_one_line(world: World, equipped: Path) -> None:
    install(equipped, *INSTALLED)
    other = make_bare_venv(world.home / "other")
    make_program(other.with_name("tool"), f"#!{other}\nprint('other')\n")
    path = f"{other.parent}:{path_of(equipped)}"
    ended = call(world, "markdown-it", "tool", PATH=path)
    assert (ended.status, ended.stdout) == (2, b"")
    assert ended.stderr.count(b"\n") == 1
    assert b" runs under another interpreter, " in ended.stderr


def test_a_command_that_no_distribution_installed(world: World, equipped: Path) -> None:
    script = make_program(equipped.with_name("own-tool"), f"#!{equipped}\n{PROGRAM}")
    assert count(ask(world, "own-tool", PATH=path_of(equipped))) == (1, 0, 0)
    check_hit(world, script)


def test_a_command_that_is_no_program_of_python_s(world: World) -> None:
    ended = call(world, "ls")
    assert (ended.status, ended.stderr) == (0, b"")
    assert b"/ls: left alone: its first line names no Python\n" in ended.stdout


def test_a_path_goes_before_a_command_of_its_name(world: World, equipped: Path) -> None:
    packages = install(equipped, *INSTALLED)
    (world.home / "markdown-it").mkdir()
    assert count(ask(world, "markdown-it", PATH=path_of(equipped))) == (0, 0, 0)
    assert find_compiled(packages) == set()


def test_the_distribution_that_is_imported_is_the_one_that_is_compiled(
    world: World, equipped: Path
) -> None:
    """Where a distribution is there twice, as the first of its folders has it."""
    packages = install(equipped, *INSTALLED)
    below = world.home / "below"
    shutil.copytree(packages, below)
    (packages / "below.pth").write_text(f"{below}\n")
    ask(world, "markdown-it", PATH=path_of(equipped))
    assert find_compiled(packages) == find_sources(packages, "markdown_it", "mdurl")
    assert find_compiled(below) == set()


# ---- the interpreter that is asked for -----------------------------------------------------------


def test_an_interpreter_without_mainspring(world: World, equipped: Path) -> None:
    script = make_program(world.home / "tree" / "tool")
    (script.parent / "module.py").write_text("x = 1\n")
    assert count(ask(world, "--python", equipped, "tree")) == (2, 0, 0)
    check_hit(world, script)


def test_an_interpreter_that_there_is_not(world: World) -> None:
    for python in ("/missing/python", "/bin/ls"):
        ended = call(world, "--python", python, ".")
        assert (ended.status, ended.stdout) == (127, b"")
        assert ended.stderr.startswith(b"mainspring: ")
        assert ended.stderr.count(b"\n") == 1


def test_what_lies_in_the_working_directory_is_not_run(world: World, equipped: Path) -> None:
    """Modules and commands of the names of what is used; also where it goes on elsewhere."""
    install(equipped, *INSTALLED)
    trap = world.home / "trap"
    trap.mkdir()
    for name in (
        "click",
        "rich",
        "mainspring",
        "packaging",
        "json",
        "os",
        "re",
        "subprocess",
        "cloudpickle",
    ):
        (trap / f"{name}.py").write_text("open('sprung', 'w')\n")
    for name in ("mainspring", "python", "python3"):
        make_program(trap / name, "#!/bin/sh\necho > sprung\n")
    for words in (["markdown-it"], ["--python", str(equipped), "click.py"], ["click.py"], ["."]):
        path = path_of(equipped)
        assert call(world, "-q", *words, cwd=trap, PATH=path).status == 0
        assert not (trap / "sprung").exists(), words


def test_the_interpreter_behind_an_environment_is_another(world: World, equipped: Path) -> None:
    """They share a build, and what they import differs."""
    install(equipped, *INSTALLED)
    base = find_base_executable()
    script = make_program(world.home / "tool", f"#!{base}\n{PROGRAM}")
    assert count(ask(world, "--python", base, "tool")) == (1, 0, 0)
    check_hit(world, script)
