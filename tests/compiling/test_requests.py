"""A run heeds what it was asked for: what another request left on record does not stand for it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from .calls import PROGRAM, ask, call, check_hit, count, list_compiled, make_program, make_tree
from .test_unchanged import wait_until_aged

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

REQUESTS: list[list[str]] = [
    [],
    ["-o0", "-o1"],
    ["-o2"],
    ["-l"],
    ["-r1"],
    ["-b"],
    ["-x", "a[.]py"],
    ["--invalidation-mode", "checked-hash"],
    ["--invalidation-mode", "unchecked-hash"],
    ["--beside"],
    ["--read-only-image"],
    ["-o0", "-o1", "--hardlink-dupes"],
]


def test_each_after_all_others(world: World) -> None:
    """What each leaves where every other request was run is what it leaves by itself."""
    tree = make_tree(world.home / "tree", a="a = 1\nassert a\n", sub__b="b = 1\n")
    make_program(tree / "tool")
    wait_until_aged(tree)
    expected = [leave_alone(world, tree, request) for request in REQUESTS]
    for number, request in [*enumerate(REQUESTS), *reversed(list(enumerate(REQUESTS)))]:
        assert ask(world, *request, tree)["failed"] == 0
        left = list_compiled(tree)
        assert {name: left.get(name) for name in expected[number]} == expected[number], request


def leave_alone(world: World, tree: Path, request: list[str]) -> dict[str, tuple[int, bytes]]:
    """The modules that *request* leaves in *tree*, where nothing was before or is afterwards."""
    ask(world, "-f", *request, tree)
    left = list_compiled(tree)
    for name in left:
        (tree / name).unlink()
    return {name: content for name, content in left.items() if "%" not in name}


def test_the_interpreter_s_own_level_of_optimisation(world: World) -> None:
    tree = make_tree(world.home / "tree", a="assert True\n")
    call(world, "tree")
    wait_until_aged(tree)
    assert count(ask(world, "tree")) == (0, 1, 0)
    command = [sys.executable, "-O", "-m", "mainspring", "compile", "tree"]
    subprocess.run(command, cwd=world.home, env=world.environment(), check=True, capture_output=True)
    assert (tree / "__pycache__" / f"a.{sys.implementation.cache_tag}.opt-1.pyc").is_file()


def test_a_relative_path_is_one_of_the_working_directory(world: World) -> None:
    here, there = (
        make_tree(world.home / name / "tree", a=f"a = '{name}'\n") for name in ("here", "there")
    )
    wait_until_aged(here, there)
    for folder in (here, there):
        assert count(ask(world, "tree", cwd=folder.parent)) == (1, 0, 0)
        wait_until_aged(folder)
        assert count(ask(world, "tree", cwd=folder.parent)) == (0, 1, 0)
    (there / "a.py").write_text("a = 3\n")
    assert count(ask(world, "tree", cwd=here.parent)) == (0, 1, 0)
    assert count(ask(world, "tree", cwd=there.parent)) == (1, 0, 0)
    assert count(ask(world, here, there)) == (0, 2, 0)


def test_edits_right_after_runs(world: World) -> None:
    """Within a second, of one size, and with the same time where the file system's clock allows it."""
    tree = make_tree(world.home / "tree", a="a = 0\n")
    path = tree / "a.py"
    for number in range(1, 8):
        path.write_text(f"a = {number}\n")
        os.utime(path, ns=(10**18, 10**18 + number * 10**9))
        assert count(ask(world, "tree")) == (1, 0, 0)
        assert count(ask(world, "tree")) == (0, 1, 0)


def test_a_program_whose_interpreter_becomes_another(world: World) -> None:
    python = world.home / "python3"
    python.symlink_to("/bin/sh")
    script = make_program(world.home / "tree" / "tool", f"#!{python}\n" + PROGRAM)
    assert ask(world, "tree")["left"] == [{"path": "tree/tool", "reason": "other-interpreter"}]
    wait_until_aged(script.parent)
    ask(world, "tree")
    python.unlink()
    python.symlink_to(sys.executable)
    assert count(ask(world, "tree")) == (1, 0, 0)
    check_hit(world, script)
    wait_until_aged(script.parent)
    ask(world, "tree")
    python.unlink()
    python.symlink_to("/bin/sh")
    assert ask(world, "tree")["left"] == [{"path": "tree/tool", "reason": "other-interpreter"}]


def test_an_entry_that_was_removed_is_made_again(world: World) -> None:
    script = make_program(world.home / "tree" / "tool")
    wait_until_aged(script.parent)
    for _ in range(2):
        ask(world, "tree")
    [entry] = world.entries
    entry.unlink()
    assert count(ask(world, "tree")) == (1, 0, 0)
    assert world.entries == [entry]


def test_what_failed_fails_again(world: World) -> None:
    tree = make_tree(world.home / "tree", a="a = (\n", b="b = 1\n")
    wait_until_aged(tree)
    for _ in range(3):
        assert len(ask(world, "tree", status=1)["errors"]) == 1
