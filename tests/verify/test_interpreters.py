"""Only the interpreter that made an entry checks it, and none is started that others could change."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from security.people import list_tree, need_root
from starts import give_command

from .decoys import (
    cut_short,
    empty,
    give_interpreter,
    give_note,
    link_from_an_open_folder,
    link_note,
    link_of_a_stranger_s,
    link_through_an_open_folder,
    link_to_an_open_folder,
    make_decoy,
    open_a_folder_above,
    open_interpreter,
    open_its_folder,
    open_note,
    point_beside,
    point_nowhere,
    remove_note,
)
from .entries import find_note, make_entry, start, verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from starts import World


@pytest.mark.parametrize(
    ("do", "finding"),
    [
        (remove_note, "unknown-interpreter"),
        (point_nowhere, "unknown-interpreter"),
        (empty, "unknown-interpreter"),
        (cut_short, "unknown-interpreter"),
        (point_beside, "unknown-interpreter"),
        (link_note, "unknown-interpreter"),
        (open_interpreter, "unsafe-interpreter"),
        (open_its_folder, "unsafe-interpreter"),
        (open_a_folder_above, "unsafe-interpreter"),
        (give_interpreter, "unsafe-interpreter"),
        (link_from_an_open_folder, "unsafe-interpreter"),
        (link_to_an_open_folder, "unsafe-interpreter"),
        (link_through_an_open_folder, "unsafe-interpreter"),
        (link_of_a_stranger_s, "unsafe-interpreter"),
        (open_note, "unsafe-interpreter"),
        (give_note, "unsafe-interpreter"),
    ],
)
def test_one_that_is_not_started(
    world: World, tmp_path: Path, do: Callable[[Path, Path], None], finding: str
) -> None:
    need_root()
    _, entry = make_entry(world)
    entry.write_bytes(entry.read_bytes()[:-1])
    decoy = make_decoy(tmp_path)
    do(find_note(entry, world), decoy)
    verified = verify(world, "--fix")
    assert (verified.status, verified.findings) == (0, [finding])
    assert not verified.entries[0]["checked"]
    assert entry.exists()
    assert not (tmp_path / "started").exists()


def test_the_decoy_would_be_started_if_it_were_safe(world: World, tmp_path: Path) -> None:
    _, entry = make_entry(world)
    decoy = make_decoy(tmp_path)
    find_note(entry, world).write_text(str(decoy))
    assert verify(world).findings == ["not-checked"]
    assert (tmp_path / "started").exists()


def test_links_that_only_the_user_can_change_are_followed(world: World, tmp_path: Path) -> None:
    _, entry = make_entry(world)
    note = find_note(entry, world)
    (tmp_path / "folder").symlink_to(Path(note.read_text()).parent)
    (tmp_path / "one").symlink_to("./folder/../bin")
    (tmp_path / "python").symlink_to(f"one/{Path(note.read_text()).name}")
    note.write_text(f"{tmp_path}/./python")
    assert verify(world).findings == ["same"]


def test_an_interpreter_of_another_build_in_its_place(world: World) -> None:
    _, entry = make_entry(world)
    build = entry.relative_to(world.cache).parts[0]
    other = world.cache / f"{build[:-1]}{'1' if build[-1] == '0' else '0'}"
    (world.cache / build).rename(other)
    verified = verify(world, "--fix")
    assert (verified.status, verified.findings) == (0, ["other-interpreter"])
    assert len(world.entries) == 1


def test_an_interpreter_that_is_too_old_in_its_place(world: World, tmp_path: Path) -> None:
    """It says so itself, as an old Python would: this one answers like that whatever it is asked."""
    _, entry = make_entry(world)
    decoy = tmp_path / "python3"
    decoy.write_text('#!/bin/sh\necho \'{"build": "", "variant": ""}\'\n')
    decoy.chmod(0o755)
    find_note(entry, world).write_text(str(decoy))
    assert verify(world).findings == ["other-interpreter"]


@pytest.mark.parametrize("answer", ["", "null", "{}", "[]", "nonsense", '{"build": 1}'])
def test_an_interpreter_that_answers_nonsense(world: World, tmp_path: Path, answer: str) -> None:
    script, entry = make_entry(world)
    make_entry(world, "other.py")
    decoy = tmp_path / "python3"
    decoy.write_text(f"#!/bin/sh\necho '{answer}'\n")
    decoy.chmod(0o755)
    find_note(entry, world).write_text(str(decoy))
    verified = verify(world)
    assert (verified.status, verified.findings) == (0, ["not-checked"] * 2)
    assert script.exists()


@pytest.mark.parametrize("variant", ["0123456789abcdef", "opt-x", "opt-1.other", "digits-", "a b"])
def test_options_that_an_entry_s_name_does_not_tell_of(world: World, variant: str) -> None:
    _, entry = make_entry(world)
    entry.rename(entry.with_name(f"program.py%{variant}.pyc"))
    verified = verify(world, "--fix")
    assert (verified.status, verified.findings) == (0, ["unknown-options"])
    assert len(world.entries) == 1


def test_an_option_that_mainspring_does_not_know(world: World) -> None:
    script, _ = make_entry(world)
    start(world, script, "-X", "future=1")
    assert sorted(verify(world).findings) == ["same", "unknown-options"]


def test_a_name_that_says_other_options_than_the_entry(world: World) -> None:
    _, entry = make_entry(world)
    entry.rename(entry.with_name("program.py%opt-1.pyc"))
    assert verify(world).findings == ["foreign"]


def test_the_checks_of_one_build_do_not_depend_on_another(world: World) -> None:
    _, entry = make_entry(world)
    build = entry.relative_to(world.cache).parts[0]
    shutil.copytree(world.cache / build, world.cache / f"cpython-399-{build[12:]}")
    (world.cache / f"cpython-399-{build[12:]}" / "%interpreter").write_text("/nowhere/python")
    assert sorted(verify(world).findings) == ["same", "unknown-interpreter"]
    status, output, errors = give_command(world, "verify")
    assert (status, errors) == (0, "")
    assert output.splitlines()[-1] == "2 entries: 0 differences; 1 could not be checked"


def test_a_link_in_place_of_a_build_is_no_build(world: World, tmp_path: Path) -> None:
    _, entry = make_entry(world)
    decoy = make_decoy(tmp_path)
    find_note(entry, world).write_text(str(decoy))
    build = entry.relative_to(world.cache).parts[0]
    (world.cache / build).rename(tmp_path / "moved")
    (world.cache / build).symlink_to(tmp_path / "moved")
    before = list_tree(tmp_path / "moved")
    assert verify(world, "--fix").findings == []
    assert list_tree(tmp_path / "moved") == before
    assert not (tmp_path / "started").exists()
