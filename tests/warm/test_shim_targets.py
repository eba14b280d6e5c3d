"""A shim starts nothing but what its target says, and says how to mend or remove one that is broken."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, need_root

from mainspring.warm.targets import Target

from .shimming import Desk, link

if TYPE_CHECKING:
    from pathlib import Path


def test_a_target_that_is_gone_is_told_with_what_removes_it(desk: Desk, bare_python: Path) -> None:
    script = desk.write(f"#!{bare_python}")
    desk.install("tell")
    script.unlink()
    assert desk.start_command("tell") == (
        127,
        "",
        (
            f"mainspring: {script} is gone, which the shim tell started; remove the shim with "
            "`mainspring uninstall tell`\n"
        ),
    )
    assert desk.call("uninstall", "tell") == (0, f"removed {desk.shims}/tell\n", "")
    assert list(desk.shims.iterdir()) + list(desk.targets.iterdir()) == []


def test_an_interpreter_that_is_gone_is_told_too(desk: Desk, bare_python: Path) -> None:
    own = link(desk.folder / "own/python3", bare_python)
    desk.write(f"#!{own}")
    desk.install("tell")
    own.unlink()
    status, output, errors = desk.start_command("tell")
    assert (status, output) == (127, "")
    assert f"{own} is gone" in errors
    assert "`mainspring uninstall tell`" in errors


def test_a_script_of_another_interpreter_by_now_is_the_kernel_s(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    desk.write("#!/bin/sh", text='echo "$0" "$@"; exit 5\n')
    assert desk.start_command("tell", "x") == (5, f"{desk.folder}/tell x\n", "")


@pytest.mark.parametrize(
    ("content", "mode", "word"),
    [
        (None, 0o666, "somebody else"),
        (b"", 0o644, "does not say"),
        (b"mainspring-target 1\n", 0o644, "does not say"),
        (b"mainspring-target 1\n/a\0/b\0", 0o644, "does not say"),
        (b"mainspring-target 1\n/a\0/b\0#!/b\n\0-s", 0o644, "does not say"),
        (b"mainspring-target 1\na\0/b\0#!/b\n\0", 0o644, "does not say"),
        (b"mainspring-target 2\n/a\0/b\0#!/b\n\0", 0o644, "does not say"),
        (b"mainspring-target 1\n/a\0/b\0#!/b\n\0" + b"\0" * 9, 0o644, "does not say"),
        (b"x" * 40_000, 0o644, "does not say"),
    ],
)
def test_a_target_that_is_not_to_be_used(
    desk: Desk, bare_python: Path, content: bytes | None, mode: int, word: str
) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    target = desk.targets / "tell"
    target.write_bytes(target.read_bytes() if content is None else content)
    target.chmod(mode)
    status, output, errors = desk.start_command("tell")
    assert (status, output, errors.count("\n"), word in errors) == (126, "", 1, True)
    assert "`mainspring install tell`" in errors
    desk.install("tell")
    assert desk.start_command("tell")[0] == 7


def test_a_target_is_of_root_the_user_or_whose_the_shim_is(desk: Desk, bare_python: Path) -> None:
    need_root()
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    os.chown(desk.targets / "tell", STRANGER, STRANGER)
    assert desk.start_command("tell")[0] == 126
    os.chown(desk.shims / "tell", STRANGER, STRANGER, follow_symlinks=False)
    assert desk.start_command("tell")[0] == 7


def test_a_pipe_in_a_target_s_place_is_not_waited_for(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    (desk.targets / "tell").unlink()
    os.mkfifo(desk.targets / "tell")
    assert desk.start_command("tell")[0] == 126


def test_a_target_is_what_its_grammar_says(desk: Desk, bare_python: Path) -> None:
    script = desk.write(f"#!{bare_python} -s")
    desk.install("tell")
    content = (desk.targets / "tell").read_bytes()
    assert content == os.fsencode(
        f"mainspring-target 1\n{script}\0{bare_python}\0#!{bare_python} -s\n\0-s\0"
    )
    assert Target.parse(content) == Target(
        str(script), str(bare_python), f"#!{bare_python} -s\n", ("-s",)
    )
    assert Target.parse(content).format() == content
    assert (desk.shims / "tell").readlink() == desk.launcher
