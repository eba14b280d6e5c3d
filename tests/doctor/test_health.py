"""Where nothing is in the way it says so, and what it looked at; looking leaves nothing behind."""

from __future__ import annotations

from typing import TYPE_CHECKING

from security.people import check_start, let_age, list_tree, write_script
from status.reading import read_terminal

from .calling import examine

if TYPE_CHECKING:
    from pathlib import Path

    from enabling.commands import Commands
    from starts import World


def test_it_says_that_nothing_is_in_the_way_and_what_was_looked_at(
    world: World, commands: Commands
) -> None:
    check_start(world, "absent", write_script(world))
    assert examine(commands) == []
    status, output, errors = commands.call("doctor")
    assert (status, errors) == (0, "")
    first, *checked = output.splitlines()
    assert first == "nothing stands in the way"
    assert checked[:2] == ["checked: settings", f"checked: cache {world.cache}"]
    [interpreter] = checked[2:]
    assert str(world.enabled_python.parent / "python3") in interpreter
    assert "sitecustomize.py" in interpreter
    assert "(python3 on PATH)" in interpreter


def test_before_the_first_start_there_is_no_cache_and_none_is_made(commands: Commands) -> None:
    assert examine(commands) == []
    assert list(commands.home.iterdir()) == []


def test_a_terminal_is_told_the_same(commands: Commands) -> None:
    status, shown = read_terminal(commands, "doctor", MAINSPRING="off")
    expected = commands.call("doctor", env={"MAINSPRING": "off"})[1]
    assert (status, shown.replace("\r\n", "\n")) == (1, expected)


def list_contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All below *folder*, but not when a folder was changed: a file is made there, and removed."""
    return {name: (mode, content) for name, (mode, _, content) in list_tree(folder).items()}


def test_looking_leaves_nothing_behind(world: World, commands: Commands) -> None:
    script = write_script(world)
    let_age(script)
    check_start(world, "absent", script)
    slots = world.enabled_python.parents[1]
    before = list_contents(world.home), list_tree(slots)
    assert examine(commands, script) == []
    assert (list_contents(world.home), list_tree(slots)) == before


def test_it_counts_no_start_and_logs_none(world: World, commands: Commands) -> None:
    check_start(world, "absent", write_script(world))
    before = world.read_log()
    assert examine(commands, MAINSPRING_LOG=str(world.log)) == []
    assert world.read_log() == before
