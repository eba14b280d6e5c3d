"""Whatever of an entry is not as compiling gives it is found, and told from what is no difference."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from security.people import STRANGER, list_tree, need_root, read_identity
from security.test_beside import deploy

from mainspring.codecache.entry import hash_source
from mainspring.observe.verify.findings import FINDINGS

from .entries import (
    SCRIPT,
    WARNING_SCRIPT,
    alter,
    alter_code,
    change_inner,
    make_entry,
    verify,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import World


def test_damage_anywhere_is_found(world: World) -> None:
    _, entry = make_entry(world)
    whole = entry.read_bytes()
    damaged = [
        b"",
        whole[:50],
        whole[:-1],
        whole + b"\0",
        *(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in range(0, len(whole), 97)),
    ]
    for content in damaged:
        entry.write_bytes(content)
        assert verify(world).findings == ["corrupt"]


@pytest.mark.parametrize(
    "changes",
    [
        {"co_consts": ("other",)},
        {"co_names": ("TypeError",)},
        {"co_freevars": ("second", "first")},
        {"co_filename": "/elsewhere.py"},
        {"co_name": "renamed"},
        {"co_qualname": "renamed"},
        {"co_firstlineno": 7},
        {"co_linetable": b""},
        {"co_exceptiontable": b""},
        {"co_stacksize": 99},
        {"co_flags": 0},
        {"co_code": b"\x09\x00"},
    ],
    ids=str,
)
def test_another_part_of_the_innermost_function(world: World, changes: dict[str, Any]) -> None:
    """With a checksum that holds: no start would find anything wrong."""
    _, entry = make_entry(world)
    alter_code(entry, lambda code: change_inner(code, **changes))
    assert verify(world).findings == ["code"]


@pytest.mark.parametrize(
    ("text", "constant"),
    [
        ("x = 0.0", -0.0),
        ("x = 1", True),
        ("x = 1.0", 1),
        ("x = 2j", complex(-0.0, 2)),
        ("x = (1, (2.0, 3))", (1, (2, 3))),
        ("x = y in {1, 2}\n", frozenset({1, 2.0})),
        ("x = 'text'", b"text"),
    ],
)
def test_a_constant_that_is_equal_but_not_the_same(world: World, text: str, constant: object) -> None:
    _, entry = make_entry(world, text=f"y = 1\n{text}\n")

    def put(others: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(constant if other in {constant, "text"} else other for other in others)

    alter_code(entry, lambda code: code.replace(co_consts=put(code.co_consts)))
    assert verify(world).findings == ["code"]


@pytest.mark.parametrize(
    "warnings",
    [
        (),
        (("SyntaxWarning", "another", 11),),
        (("SyntaxWarning", "assertion is always true, perhaps remove parentheses?", 12),),
    ],
)
def test_other_warnings(world: World, warnings: tuple[tuple[str, str, int], ...]) -> None:
    _, entry = make_entry(world, text=WARNING_SCRIPT)
    alter(entry, warnings=warnings)
    assert verify(world).findings == ["warnings"]


@pytest.mark.parametrize("modules", [(), ("unicodedata", "antigravity"), ("this",)])
def test_other_modules(world: World, modules: tuple[str, ...]) -> None:
    _, entry = make_entry(world, text=WARNING_SCRIPT)
    alter(entry, modules=modules)
    assert verify(world).findings == ["modules"]


def test_a_source_that_does_not_compile(world: World) -> None:
    script, entry = make_entry(world)
    other, other_entry = make_entry(world, "other.py", "print('ran') #\n")
    script.write_text("print('ran' #)\n")
    alter(entry, source_hash=hash_source(script.read_bytes()))
    verified = verify(world)
    assert verified.of(script) == "does-not-compile"
    assert verified.of(other) == "same"
    assert other_entry.exists()


def open_entry(entry: Path) -> None:
    entry.chmod(0o620)


def open_folder(entry: Path) -> None:
    entry.parent.chmod(0o702)


def give_entry(entry: Path) -> None:
    os.chown(entry, STRANGER, STRANGER)


def give_folder(entry: Path) -> None:
    os.chown(entry.parents[1], STRANGER, STRANGER)


@pytest.mark.parametrize("do", [open_entry, open_folder, give_entry, give_folder])
def test_what_somebody_else_could_have_written(world: World, do: Callable[[Path], None]) -> None:
    need_root()
    _, entry = make_entry(world)
    do(entry)
    assert verify(world).findings == ["untrusted"]


def test_what_is_no_difference(world: World) -> None:
    changed, _ = make_entry(world, "changed.py")
    gone, _ = make_entry(world, "gone.py")
    unreadable, _ = make_entry(world, "unreadable.py")
    touched, _ = make_entry(world, "touched.py")
    foreign, entry = make_entry(world, "foreign.py")
    changed.write_text(SCRIPT + "# more\n")
    gone.unlink()
    unreadable.unlink()
    unreadable.mkdir()
    os.utime(touched, (1, 1))
    alter(entry, identity=f"{read_identity(entry.read_bytes())}other")
    before = list_tree(world.cache)
    verified = verify(world, "--fix")
    assert (verified.status, verified.summary["removed"]) == (0, 0)
    assert verified.of(changed) == "outdated"
    assert verified.of(gone) == "orphan"
    assert verified.of(unreadable) == "no-source"
    assert verified.of(touched) == "same"
    assert verified.of(foreign) == "foreign"
    assert list_tree(world.cache) == before


def test_each_answer_is_a_row_of_the_one_table(world: World) -> None:
    _, entry = make_entry(world)
    _, damaged = make_entry(world, "damaged.py")
    damaged.write_bytes(b"")
    for answer in verify(world).entries:
        row = FINDINGS[answer["finding"]]
        assert answer["meaning"] == row.meaning
        assert answer["difference"] == row.is_difference
        assert answer["checked"] == row.is_checked
    assert entry.exists()


# ---- beside the script ------------------------------------------------------------------------


def test_an_entry_beside_a_script_is_checked_when_the_script_is_given(world: World) -> None:
    script, place = deploy(world)
    assert verify(world).findings == []
    verified = verify(world, script)
    assert verified.findings == ["same"]
    assert (verified.entries[0]["place"], verified.entries[0]["path"]) == ("beside", str(place))
    alter_code(place, lambda code: code.replace(co_name="renamed"))
    assert verify(world, script).findings == ["code"]
    verified = verify(world, script, "--fix")
    assert (verified.status, place.exists()) == (0, False)


def test_both_places_are_looked_at(world: World) -> None:
    script, place = deploy(world)
    kept = place.read_bytes()
    place.unlink()
    world.start("enabled", script)
    place.write_bytes(kept)
    assert sorted(entry["place"] for entry in verify(world, script).entries) == ["beside", "cache"]
    place.chmod(0o666)
    assert sorted(verify(world, script).findings) == ["same", "untrusted"]


def test_what_cpython_keeps_beside_a_script_is_left_alone(world: World) -> None:
    script, place = deploy(world)
    place.write_bytes(b"not ours")
    other = place.with_name(place.name.replace(".py", ".other.py"))
    other.write_bytes(b"not ours")
    before = list_tree(place.parent)
    assert verify(world, script, "--fix").findings == []
    assert list_tree(place.parent) == before


def test_an_entry_beside_that_no_interpreter_here_made_is_not_checked(world: World) -> None:
    script, place = deploy(world)
    alter(place, identity=read_identity(place.read_bytes()).replace("3.", "9.", 1))
    verified = verify(world, script)
    assert (verified.status, verified.findings) == (0, ["unknown-interpreter"])


# ---- links --------------------------------------------------------------------------------------


def test_links_in_the_cache_are_not_followed(world: World) -> None:
    _, entry = make_entry(world)
    outside = world.home / "outside"
    shutil.copytree(world.cache, outside, copy_function=shutil.copy2)
    build = entry.relative_to(world.cache).parts[0]
    for copy in outside.rglob("*%*.pyc"):
        copy.write_bytes(b"damaged")
    (world.cache / "linked-build").symlink_to(outside / build)
    (world.cache / build / "linked-folder").symlink_to(outside / build)
    entry.with_name("linked.py%.pyc").symlink_to(next(outside.rglob("*%*.pyc")))
    before = list_tree(outside)
    verified = verify(world, "--fix")
    assert verified.findings == ["same"]
    assert list_tree(outside) == before
