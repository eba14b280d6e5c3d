"""`explain` says what a start would do now, and why, and does nothing."""

from __future__ import annotations

import json
import os
from _imp import source_hash
from typing import TYPE_CHECKING, Any

import pytest
from security.people import check_start, let_age, list_tree, write_script

from mainspring.codecache.entry import SUM_KEY
from mainspring.reasons import REASONS, VERDICTS

from .commands import Commands

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import World


def explain(world: World, script: str | Path, **changes: str | None) -> dict[str, Any]:
    """The facts that it gives; giving them has to leave everything as it is."""
    before = list_tree(world.home)
    facts = json.loads(call(world, "--json", script, **changes))
    assert list_tree(world.home) == before
    text = call(world, script, **changes)
    row = (REASONS | VERDICTS)[facts["reason"] or facts["verdict"]]
    assert facts["meaning"] == row.meaning
    assert facts["remedy"] == row.remedy
    assert str(script) in text
    assert facts["would"] in text
    assert list_tree(world.home) == before
    assert isinstance(facts, dict)
    return facts


def call(world: World, *words: str | Path, **changes: str | None) -> str:
    environment = {"MAINSPRING_LOG": None, **changes}
    commands = Commands(world.launcher, world.home, world.environment(**environment))
    status, output, errors = commands.call("explain", "--python", world.enabled_python, *words)
    assert (status, errors) == (0, "")
    return output


def test_there_is_no_entry_yet(world: World) -> None:
    script = write_script(world)
    facts = explain(world, script)
    assert (facts["verdict"], facts["reason"]) == ("absent", None)
    assert facts["would"] == "compile the script and keep the code"
    assert facts["script"] == str(script)
    assert [look["place"] for look in facts["looks"]] == ["beside", "cache"]
    check_start(world, "absent", script)
    assert [facts["looks"][1]["path"]] == [str(path) for path in world.entries]


def test_there_is_an_entry(world: World) -> None:
    script = write_script(world)
    let_age(script)
    check_start(world, "absent", script)
    facts = explain(world, script)
    assert (facts["verdict"], facts["reason"]) == ("hit", None)
    assert facts["would"] == "use the entry"
    assert facts["interpreter"] == str(world.enabled_python)
    assert str(facts["enabled_by"]).endswith("/sitecustomize.py")


def damage(script: Path, entry: Path) -> None:
    del script
    entry.write_bytes(entry.read_bytes()[:-1])


def touch(script: Path, entry: Path) -> None:
    del entry
    os.utime(script, (1, 1))


def change(script: Path, entry: Path) -> None:
    del entry
    script.write_text("print('changed')\n")


def open_to_others(script: Path, entry: Path) -> None:
    del script
    entry.chmod(0o666)


def put_another_format(script: Path, entry: Path) -> None:
    del script
    content = entry.read_bytes()
    entry.write_bytes(content[:-10] + b"\7\7" + content[-8:])


@pytest.mark.parametrize(
    ("do", "verdict", "reason", "would"),
    [
        (damage, "corrupt", None, "compile the script and keep the code"),
        (touch, "refreshed", None, "use the entry"),
        (change, "stale", None, "compile the script and keep the code"),
        (open_to_others, "untrusted", "writable-by-others", "be left to plain CPython"),
        (put_another_format, "foreign", None, "compile the script and keep the code"),
    ],
)
def test_each_verdict(
    world: World, do: Callable[[Path, Path], None], verdict: str, reason: str | None, would: str
) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    [entry] = world.entries
    do(script, entry)
    facts = explain(world, script)
    assert (facts["verdict"], facts["reason"], facts["would"]) == (verdict, reason, would)
    # and this is what a start then says
    check_start(world, " ".join(filter(None, (verdict, reason))), script)


def test_what_was_compared_and_what_differed(world: World) -> None:
    script = write_script(world)
    let_age(script)
    check_start(world, "absent", script)
    before = script.stat()
    os.utime(script, (1, 1))
    [look] = [look for look in explain(world, script)["looks"] if look["place"] == "cache"]
    compared = look["compared"]
    assert compared["mtime_ns"] == [before.st_mtime_ns, 10**9]
    assert compared["size"] == [before.st_size] * 2
    assert compared["content"][0] == compared["content"][1]
    text = call(world, script)
    assert f"{before.st_mtime_ns} in the entry, {10**9} now" in text
    assert f"{before.st_size} (same)" in text


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"MAINSPRING": "off"}, "off"),
        ({"MAINSPRING_MIN_SIZE": "1M"}, "small"),
        ({"PYTHONDONTWRITEBYTECODE": "1"}, "read-only"),
        ({"MAINSPRING_READONLY": "1"}, "read-only"),
        ({"HOME": ""}, "no-cache-folder"),
    ],
)
def test_each_setting_has_its_reason(world: World, changes: dict[str, str | None], reason: str) -> None:
    facts = explain(world, write_script(world), **changes)
    assert (facts["reason"], facts["would"]) == (reason, "be left to plain CPython")


def test_what_is_no_script(world: World) -> None:
    assert explain(world, world.home)["reason"] == "not-a-file"
    compiled = world.home / "x.pyc"
    compiled.touch()
    assert explain(world, compiled)["reason"] == "compiled"


def test_a_name_of_odd_bytes(world: World) -> None:
    script = write_script(world, name="caf\udce9 \n.py")
    before = list_tree(world.home).keys()
    commands = Commands(world.launcher, world.home, world.environment(MAINSPRING_LOG=None))
    for words in (["explain"], ["explain", "--json"]):
        status, _, errors = commands.call(*words, "--python", world.enabled_python, script)
        assert (status, errors) == (0, "")
    assert list_tree(world.home).keys() == before


def test_it_is_no_start_and_leaves_no_line_in_the_log(world: World) -> None:
    call(world, write_script(world), MAINSPRING_LOG=str(world.log))
    assert world.read_log() == []


def test_an_entry_that_cannot_be_read_is_explained(world: World) -> None:
    """Even one with a checksum that holds over what no start wrote."""
    script = write_script(world)
    check_start(world, "absent", script)
    [entry] = world.entries
    content = bytearray(entry.read_bytes())
    content[-32:-24] = bytes(8)
    content[-8:] = source_hash(SUM_KEY, bytes(content[:-8]))
    entry.write_bytes(content)
    assert explain(world, script)["verdict"] == "corrupt"


def test_an_interpreter_that_is_none(world: World) -> None:
    commands = Commands(world.launcher, world.home, world.environment())
    status, output, errors = commands.call("explain", "--python", "/no/python", write_script(world))
    assert (status, output) == (127, "")
    assert errors.count("\n") == 1
