"""The command: what it prints, what it removes, how it ends, and whose cache it looks into."""

from __future__ import annotations

import os
import threading
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, as_user, list_tree, need_root, put_before, write_script
from starts import give_command

from .entries import SCRIPT, alter_code, make_entry, start, verify

if TYPE_CHECKING:
    from pathlib import Path

    from security.people import Installation, PrefixedWorld
    from starts import World


def test_it_lists_each_difference_and_sums_up_in_its_last_line(world: World) -> None:
    make_entry(world, "good.py")
    damaged, entry = make_entry(world, "damaged.py")
    altered, other = make_entry(world, "altered.py")
    entry.write_bytes(b"")
    alter_code(other, lambda code: code.replace(co_name="renamed"))
    status, output, errors = give_command(world, "verify")
    assert (status, errors) == (1, "")
    lines = output.splitlines()
    assert [line.split()[:2] for line in lines[:2]] == [["code", str(altered)], ["corrupt", str(damaged)]]
    assert lines[-1] == "3 entries: 2 differences"
    assert "compiling the source gives other code" in output


def test_fixing_removes_what_differs_and_nothing_else(world: World) -> None:
    good, kept = make_entry(world, "good.py")
    damaged, entry = make_entry(world, "damaged.py")
    entry.write_bytes(entry.read_bytes()[:-1])
    before = list_tree(world.cache)
    status, output, errors = give_command(world, "verify", "--fix")
    assert (status, errors) == (0, "")
    assert output.splitlines()[0].endswith("; removed")
    assert output.splitlines()[-1] == "2 entries: 1 difference, 1 removed"
    after = list_tree(world.cache)
    gone = before.keys() - after.keys()
    assert gone == {str(entry.relative_to(world.cache))}
    assert kept.exists()
    start(world, damaged)
    assert verify(world).findings == ["same", "same"]
    assert good.exists()


def test_what_cannot_be_removed_is_said_and_remains(world: World) -> None:
    """It is in a folder that somebody else could have exchanged."""
    _, entry = make_entry(world)
    entry.parent.chmod(0o777)
    status, output, errors = give_command(world, "verify", "--fix")
    assert (status, errors) == (1, "")
    assert "not removed: others than its owner can write to it" in output
    assert output.splitlines()[-1] == "1 entry: 1 difference"
    assert entry.exists()


def test_only_the_scripts_that_are_given(world: World, tmp_path: Path) -> None:
    script, entry = make_entry(world, "one.py")
    _, other = make_entry(world, "two.py")
    start(world, script, "-O")
    entry.write_bytes(b"")
    other.write_bytes(b"")
    link = tmp_path / "link.py"
    link.symlink_to(script)
    for name in (script, "one.py", "./one.py", "../home/one.py", link):
        assert sorted(verify(world, name).findings) == ["corrupt", "same"], name
    assert verify(world, "one.py", "two.py", "--fix").summary["removed"] == 2


def test_entries_of_a_script_that_is_gone(world: World) -> None:
    script, _ = make_entry(world)
    script.unlink()
    assert verify(world, script).findings == ["orphan"]


def test_a_start_through_another_path(world: World) -> None:
    """Such as `python ../home/program.py`: the entry is another, the script the same."""
    script, _ = make_entry(world)
    assert world.start("enabled", "../home/program.py", cwd=world.home).status == 0
    assert len(world.entries) == 2
    assert verify(world, script).findings == ["same", "same"]


def test_odd_names_are_printed_on_one_line(world: World) -> None:
    """And printed at all, where only text may be."""
    _, entry = make_entry(world, "caf\udce9 \n\x1b.py")
    entry.write_bytes(b"")
    status, output, errors = give_command(world, "verify", PYTHONIOENCODING="utf-8:strict")
    assert (status, errors) == (1, "")
    assert output.startswith("corrupt ")
    assert f"{world.home}/caf\ufffd \\n\\x1b.py (" in output.splitlines()[0]


def test_a_script_that_never_was(world: World) -> None:
    """A check of a name that was mistyped is no check that went well."""
    script, _ = make_entry(world)
    status, _, errors = give_command(world, "verify", script, "progam.py")
    path = world.home / "progam.py"
    assert status == 2
    assert errors == f"mainspring: there is no script {path}, and no entry of one; check its path\n"


def test_entries_may_come_and_go_meanwhile(world: World) -> None:
    scripts = [write_script(world, SCRIPT, f"{n}.py") for n in range(3)]
    is_over = threading.Event()

    def make_and_remove() -> None:
        while not is_over.is_set():
            for script in scripts:
                start(world, script)
            give_command(world, "clean", "--all")

    thread = threading.Thread(target=make_and_remove)
    thread.start()
    try:
        findings: Counter[str] = Counter()
        while thread.is_alive() and findings["same"] < 10:
            findings.update(verify(world).findings)
    finally:
        is_over.set()
        thread.join()
    assert findings.keys() <= {"same", "gone", "unknown-interpreter"}


def test_there_is_no_cache_yet(world: World) -> None:
    script = write_script(world, SCRIPT)
    for words in (["verify"], ["verify", "--fix", script]):
        assert give_command(world, *words) == (0, "0 entries: 0 differences\n", "")
    assert not world.cache.exists()


def test_reading_only(world: World) -> None:
    _, entry = make_entry(world)
    entry.write_bytes(b"")
    assert verify(world, MAINSPRING_READONLY="1").findings == ["corrupt"]
    status, output, errors = give_command(world, "verify", "--fix", MAINSPRING_READONLY="1")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert "MAINSPRING_READONLY" in errors
    assert entry.exists()


@pytest.mark.parametrize("words", [["--nonsense"], ["--json=1"], ["--fix", "--no"]])
def test_bad_arguments_are_told_in_one_line(world: World, words: list[str]) -> None:
    status, output, errors = give_command(world, "verify", *words)
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("mainspring: ")


def test_no_setting_leads_to_a_cache(world: World) -> None:
    status, output, errors = give_command(world, "verify", HOME="")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert "set MAINSPRING_CACHE_DIR" in errors


def test_the_cache_of_somebody_else_is_refused(world: World) -> None:
    need_root()
    _, entry = make_entry(world)
    os.chown(world.cache, STRANGER, STRANGER)
    status, output, errors = give_command(world, "verify", "--fix")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert str(world.cache) in errors
    assert "it belongs to somebody else" in errors
    assert entry.exists()


def test_a_link_in_place_of_the_cache_is_refused(world: World) -> None:
    make_entry(world)
    world.cache.rename(world.home / "moved")
    world.cache.symlink_to(world.home / "moved")
    status, output, errors = give_command(world, "verify")
    assert (status, output, errors.count("\n")) == (1, "", 1)


def test_another_user_checks_their_own(stranger: PrefixedWorld) -> None:
    """With an interpreter that is root's."""
    _, entry = make_entry(stranger)
    assert entry.stat().st_uid == STRANGER
    assert verify(stranger).findings == ["same"]
    entry.write_bytes(b"")
    assert verify(stranger, "--fix").summary["removed"] == 1
    assert not entry.exists()


def test_root_does_not_look_into_another_user_s_cache(
    stranger: PrefixedWorld, installation: Installation
) -> None:
    make_entry(stranger)
    before = list_tree(stranger.home)
    status, output, errors = give_command(put_before(stranger), "verify", "--fix")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert "it belongs to somebody else" in errors
    assert list_tree(stranger.home) == before
    assert installation.launcher.exists()


def test_another_user_does_not_get_into_root_s_cache(stranger: PrefixedWorld, tmp_path: Path) -> None:
    need_root()
    cache = tmp_path / "cache"
    cache.mkdir(mode=0o700)
    changes = {"MAINSPRING_CACHE_DIR": str(cache)}
    status, output, errors = give_command(put_before(stranger, *as_user(STRANGER)), "verify", **changes)
    assert (status, output, errors.count("\n")) == (1, "", 1)
