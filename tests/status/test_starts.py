"""What starts came to: outcomes with their meanings, time saved and spent, who gained most."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from security.people import check_start, write_script

from mainspring.codecache.counters import count_start
from mainspring.codecache.tally import sum_up
from mainspring.observe.starts import is_time
from mainspring.observe.status import format_time
from mainspring.reasons import REASONS, VERDICTS

from .reading import command_as, find_line, read_facts, read_lines, read_terminal

if TYPE_CHECKING:
    from pathlib import Path

    from enabling.commands import Commands
    from security.people import PrefixedWorld
    from starts import World

NONE = {"count": 0, "saved_us": 0, "spent_us": 0}


def test_nothing_was_started_yet(commands: Commands) -> None:
    starts = read_facts(commands)["starts"]
    assert starts == {
        "since": None, **NONE, "outcomes": [], "programs": [], "not_understood": 0, "problem": None,
    }  # fmt: skip
    assert find_line(commands, "starts") == ["0"]
    assert find_line(commands, "saved_us") == ["0"]


def test_each_outcome_is_counted_with_its_meaning(world: World, commands: Commands) -> None:
    script = write_script(world)
    check_start(world, "absent", script)
    for _ in range(2):
        check_start(world, "hit", script)
    script.write_text("print('changed')\n")
    check_start(world, "stale", script)
    starts = read_facts(commands)["starts"]
    assert starts["count"] == 4
    counts = {outcome["verdict"]: outcome["count"] for outcome in starts["outcomes"]}
    assert counts == {"hit": 2, "absent": 1, "stale": 1}
    assert [outcome["reason"] for outcome in starts["outcomes"]] == [None] * 3
    assert starts["outcomes"][0]["verdict"] == "hit"
    lines = [line[1:] for line in read_lines(commands) if line[0] == "outcome"]
    assert lines[0] == ["2", "hit", VERDICTS["hit"].meaning]
    assert sorted(lines[1:]) == [["1", word, VERDICTS[word].meaning] for word in ("absent", "stale")]  # type: ignore[index]
    _, shown = read_terminal(commands, "status")
    assert VERDICTS["stale"].meaning in shown


def test_a_reason_is_told_apart_from_its_verdict(
    world: World, commands: Commands, small_disk: Path
) -> None:
    cache = small_disk / "cache"
    world.settings["MAINSPRING_CACHE_DIR"] = commands.settings["MAINSPRING_CACHE_DIR"] = str(cache)
    check_start(world, "absent", write_script(world, name="first.py"))
    filler = small_disk / "filler"
    filler.write_bytes(b"x" * (shutil.disk_usage(small_disk).free - 4096))
    script = write_script(world, f"print({'x' * 20_000!r})\n")
    check_start(world, "absent disk-full", script)
    found = {(one["verdict"], one["reason"]): one for one in read_facts(commands)["starts"]["outcomes"]}
    assert found.keys() == {("absent", None), ("absent", "disk-full")}
    meaning = f"{VERDICTS['absent'].meaning}; {REASONS['disk-full'].meaning}"
    assert found["absent", "disk-full"]["meaning"] == meaning
    assert ["outcome", "1", "absent disk-full", meaning] in read_lines(commands)


def count(cache: Path, *starts: tuple[str, int, int, str]) -> None:
    """Leave word of *starts*, (outcome, saved, spent, program), as starts do; in microseconds."""
    cache.mkdir(parents=True, mode=0o700, exist_ok=True)
    root = os.open(cache, os.O_RDONLY)
    for outcome, saved_us, spent_us, program in starts:
        count_start(root, outcome, saved_us * 1000, spent_us * 1000, program)
    os.close(root)


def test_the_ten_programs_that_gained_most_come_first(world: World, commands: Commands) -> None:
    gains = [(number, 1000 * number) for number in range(1, 14)]
    count(world.cache, *[("hit", saved, 10, f"/p/{number}") for number, saved in gains])
    count(world.cache, ("hit", 50_000, 49_000, "/p/1"), ("absent", 0, 500, "/p/13"))
    count(world.cache, ("absent", 0, 900, "/p/loss"))
    programs = read_facts(commands)["starts"]["programs"]
    assert [one["program"] for one in programs] == [f"/p/{number}" for number in range(13, 3, -1)]
    assert programs[0] == {"program": "/p/13", "count": 2, "saved_us": 13_000, "spent_us": 510}
    lines = [line[1:] for line in read_lines(commands) if line[0] == "program"]
    assert lines[0] == ["2", "13000", "510", "/p/13"]
    assert len(lines) == 10


def test_a_program_that_gained_nothing_is_not_among_them(world: World, commands: Commands) -> None:
    count(world.cache, ("absent", 0, 900, "/p/first"), ("hit", 10, 10, "/p/even"))
    starts = read_facts(commands)["starts"]
    assert starts["programs"] == []
    assert (starts["count"], starts["saved_us"], starts["spent_us"]) == (2, 10, 910)


def test_the_time_of_the_first_start_is_told_in_utc() -> None:
    assert format_time(1_000_000_000.5) == "2001-09-09T01:46:40Z"
    assert format_time(None) == "-"


@pytest.mark.parametrize("seconds", [-1.0, 0.0, 1e30, float("nan"), float("inf")])
def test_a_time_that_is_none_is_not_known(seconds: float) -> None:
    assert is_time(1_000_000_000.5)
    assert not is_time(seconds)


def test_what_is_summed_up_counts_as_well(world: World, commands: Commands) -> None:
    count(world.cache, *[("hit", 100, 10, "/p")] * 5)
    root = os.open(world.cache, os.O_RDONLY)
    sum_up(root)
    for taken in world.cache.glob("%starts-*"):
        os.utime(taken, (1, 1))
    sum_up(root)
    os.close(root)
    assert (world.cache / "%sums").stat().st_size > 0
    count(world.cache, ("hit", 100, 10, "/p"))
    starts = read_facts(commands)["starts"]
    assert (starts["count"], starts["saved_us"], starts["problem"]) == (6, 600, None)


def test_control_characters_in_a_program_s_name_do_nothing(world: World, commands: Commands) -> None:
    name = "a\tb\nc\x1b]0;title\x07\\[red]\udcff.py"
    script = write_script(world, name=name)
    check_start(world, "absent", script)
    check_start(world, "hit", script)
    count(world.cache, ("hit", 10**6, 1, str(script)))
    shown_name = "a\\tb\\nc\\x1b]0;title\\x07\\\\[red]"
    [line] = [line for line in read_lines(commands) if line[0] == "program"]
    assert line[-1] == f"{world.home}/{shown_name}\\xff.py"
    [program] = read_facts(commands)["starts"]["programs"]
    assert program["program"] == f"{world.home}/{shown_name}\udcff.py"
    status, shown = read_terminal(commands, "status", NO_COLOR="1")
    assert status == 0
    assert f"{shown_name}\\xff.py" in shown
    assert "\x1b]" not in shown
    assert "\x07" not in shown


@pytest.mark.parametrize(
    "content",
    [
        b"no sums at all\n",
        os.urandom(3000) + b"\n",
        b"hit\t" + b"9" * 5000 + b"\t1\t1\t/p\n",
        b"\0" * 4096,
        b"hit\t1\t1\t1\t/p\nhit\t1\t\n",
    ],
    ids=["words", "noise", "digits", "zeros", "cut"],
)
def test_sums_that_are_damaged(world: World, commands: Commands, content: bytes) -> None:
    count(world.cache, ("hit", 100, 10, "/p/known"))
    (world.cache / "%sums").write_bytes(content)
    problem = read_facts(commands)["starts"]["problem"]
    assert "damaged" in problem
    assert ["problem", problem] in read_lines(commands)
    status, shown = read_terminal(commands, "status")
    assert (status, problem in shown) == (0, True)


@pytest.mark.parametrize("kind", ["folder", "link", "unreadable"])
@pytest.mark.parametrize("name", ["%sums", "%starts"])
def test_counts_that_cannot_be_read(stranger: PrefixedWorld, kind: str, name: str) -> None:
    check_start(stranger, "absent", write_script(stranger))
    path = stranger.cache / name
    path.unlink(missing_ok=True)
    if kind == "folder":
        path.mkdir()
        path.chmod(0o755)
    elif kind == "link":
        path.symlink_to("/etc/passwd")
    else:
        path.write_bytes(b"")
        path.chmod(0)
    theirs = command_as(stranger)
    facts = read_facts(theirs)
    assert "cannot be read" in facts["starts"]["problem"]
    assert facts["cache"]["entries"] == 1
    assert find_line(theirs, "problem") == [facts["starts"]["problem"]]


def test_outcomes_that_no_start_gives_are_set_apart(world: World, commands: Commands) -> None:
    count(world.cache, ("hit", 100, 10, "/p"), ("\x1b[2J", 5, 5, "/q"), ("hit strange", 5, 5, "/q"))
    starts = read_facts(commands)["starts"]
    assert (starts["count"], starts["not_understood"]) == (1, 2)
    assert [one["verdict"] for one in starts["outcomes"]] == ["hit"]
    assert find_line(commands, "problem")[0].startswith("2 starts ")
