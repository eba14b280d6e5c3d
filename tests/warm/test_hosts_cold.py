"""`mainspring hosts` shows the cold starts that matter; `forget` removes what was learnt."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from status.reading import read_terminal

from .hosting import RECIPE

if TYPE_CHECKING:
    from .hosting import Hosts


def test_cold_starts_that_still_matter_are_shown(hosts: Hosts) -> None:
    """Of programs that exist, ten at most, and nothing that was learnt for a host that is up."""
    for number in range(12):
        script = hosts.home / f"tool{number:02}"
        script.touch()
        recipe = RECIPE.replace("/p/tool", str(script))
        hosts.note_cold(f"{number:x}", recipe, f"17000000{number:02} no-host", "1600000000 recorded")
    hosts.note_cold("c", RECIPE, "1800000000 no-host")
    hosts.note_cold("d", None, "1800000000 no-host")
    hosts.let_answer("a", program=str(hosts.home / "tool11"))
    status, shown = read_terminal(hosts, "hosts")
    assert status == 0
    cold = shown[shown.index("Cold starts") :]
    told = re.findall(r"tool(\d\d)", cold)
    assert told == [f"{number:02}" for number in range(11, 1, -1)]
    assert [word for word in ("/p/tool", "without a recipe", "recorded:") if word in cold] == []
    assert "... and 16 more rows of cold starts: mainspring hosts --all" in cold
    _, shown = read_terminal(hosts, "hosts", "--all")
    assert shown.count("recorded:") == 12
    assert [word for word in ("/p/tool", "without a recipe") if word in shown] == [
        "/p/tool",
        "without a recipe",
    ]
    assert "--all" not in shown


@pytest.mark.parametrize("recipe", [None, "", "mainspring-recipe 1\nprogram /p/tool\n"])
def test_cold_starts_of_a_program_without_a_recipe(hosts: Hosts, recipe: str | None) -> None:
    hosts.note_cold("c", recipe, "1700000000 no-host", "nonsense", "1700000000", "x y", "5 new-reason")
    cold = hosts.list_facts()["cold"]
    assert [(one["reason"], one["times"], one["recipe"]) for one in cold] == [
        ("no-host", [1700000000], "absent"),
        ("new-reason", [5], "absent"),
    ]
    assert "c" * 32 in cold[0]["program"]


def test_a_line_that_is_not_whole_yet_is_not_read(hosts: Hosts) -> None:
    (hosts.runtime / f"{'c' * 32}.cold").write_text("1700000000 no-host\n1700000001 no-h")
    [one] = hosts.list_facts()["cold"]
    assert one["times"] == [1700000000]


def test_forget_ends_hosts_and_removes_what_was_learnt(hosts: Hosts) -> None:
    process = hosts.let_answer("a", program="/p/tool")
    other = hosts.let_answer("b")
    hosts.note_cold("c", RECIPE, "1700000000 no-host")
    hosts.note_cold("d", RECIPE.replace("/p/tool", "/p/left"), "1700000000 no-host")
    status, output, errors = hosts.call("hosts", "forget", "tool")
    assert (status, errors) == (0, "")
    assert output == f"forgot /p/tool\nended /p/tool (process {process.pid})\n"
    assert process.wait() == 0
    assert other.poll() is None
    assert hosts.list_known() == [f"{'d' * 32}.cold", f"{'d' * 32}.recipe"]


def test_forget_forgets_all(hosts: Hosts) -> None:
    hosts.note_cold("c", RECIPE, "1700000000 no-host")
    hosts.note_cold("d", None, "1700000000 no-host")
    assert hosts.call("hosts", "forget")[1].splitlines() == [
        "forgot /p/tool",
        f"forgot a program without a recipe ({'d' * 32})",
    ]
    assert hosts.list_known() == []
    assert hosts.call("hosts", "forget") == (0, "nothing was learnt\n", "")


def test_forget_of_a_program_that_nothing_was_learnt_of(hosts: Hosts) -> None:
    hosts.note_cold("c", RECIPE, "1700000000 no-host")
    status, output, errors = hosts.call("hosts", "forget", "tool", "lack")
    assert (status, output, "nothing was learnt of lack; " in errors) == (1, "", True)
    assert hosts.list_known() != []
