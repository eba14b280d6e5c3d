"""`mainspring shims` says what becomes of a start by each; `uninstall` removes them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from mainspring.observe.shims import STATES, State

from .shimming import Desk, link

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def remove_interpreter(desk: Desk) -> None:
    (desk.folder / "own/python3").unlink()


def change_first_line(desk: Desk) -> None:
    desk.write("#!/usr/bin/env python3")


def remove_script(desk: Desk) -> None:
    (desk.folder / "tell").unlink()


def damage(desk: Desk) -> None:
    (desk.targets / "tell").write_text("nothing")


def lead_nowhere(desk: Desk) -> None:
    (desk.shims / "tell").unlink()
    link(desk.shims / "tell", "/nowhere/mainspring")


def leave_path(desk: Desk) -> None:
    desk.settings["PATH"] = f"{desk.folder}:/usr/bin:/bin"


def hide(desk: Desk) -> None:
    desk.settings["PATH"] = f"{desk.folder}:{desk.shims}:/usr/bin:/bin"


@pytest.mark.parametrize(
    ("change", "state"),
    [
        (None, "warm"),
        (lead_nowhere, "broken"),
        (change_first_line, "changed"),
        (damage, "damaged"),
        (remove_script, "gone"),
        (hide, "hidden"),
        (remove_interpreter, "no-python"),
        (leave_path, "not-on-path"),
    ],
)
def test_the_list_says_what_becomes_of_a_start(
    desk: Desk, bare_python: Path, change: Callable[[Desk], None] | None, state: State
) -> None:
    script = desk.write(f"#!{link(desk.folder / 'own/python3', bare_python)}")
    desk.install("tell")
    if change is not None:
        change(desk)
    meaning, remedy = STATES[state].meaning, STATES[state].remedy.replace("{name}", "tell")
    facts = json.loads(desk.call("shims", "--json")[1])
    [shim] = facts["shims"]
    told = None if state == "damaged" else str(script)
    assert facts["folder"] == str(desk.shims)
    assert (shim["name"], shim["script"], shim["state"]) == ("tell", told, state)
    assert (shim["meaning"], shim["remedy"]) == (meaning, remedy)
    fields = ["tell", told or "-", state, *([] if state == "warm" else [meaning, remedy])]
    assert desk.call("shims", "--list") == (0, "\t".join(fields) + "\n", "")


def test_all_shims_are_removed_at_once(desk: Desk, bare_python: Path) -> None:
    for name in ("one", "two"):
        desk.write(f"#!{bare_python}", name)
        desk.install(name)
    assert desk.call("uninstall", "--all") == (
        0,
        f"removed {desk.shims}/one\nremoved {desk.shims}/two\n",
        "",
    )
    assert list(desk.shims.iterdir()) + list(desk.targets.iterdir()) == []
    assert desk.call("uninstall", "--all") == (0, "", "")
    assert [desk.call("uninstall", *words)[0] for words in ((), ("--all", "one"))] == [2, 2]


def test_one_name_that_is_no_shim_has_none_removed(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    assert desk.call("uninstall", "tell", "nothing")[0] == 1
    assert desk.start_command("tell")[0] == 7


def test_shims_prints_the_folder_for_path(desk: Desk) -> None:
    assert desk.call("shims") == (0, f"{desk.shims}\n", "")
    data = desk.home / "data"
    assert desk.call("shims", env={"XDG_DATA_HOME": str(data)})[1] == f"{data}/mainspring/shims\n"
    assert desk.call("shims", env={"HOME": ""})[0] == 1
    assert not desk.shims.exists()


@pytest.mark.parametrize("name", ["nothing", "", "..", "../targets/tell", "."])
def test_what_is_no_shim_is_not_removed(desk: Desk, bare_python: Path, name: str) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    status, _, errors = desk.call("uninstall", name)
    assert (status, errors.startswith("mainspring: there is no shim")) == (1, True)
    assert desk.start_command("tell")[0] == 7


def test_a_folder_of_shims_that_others_can_write_to_is_refused(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    desk.shims.mkdir(parents=True)
    desk.shims.chmod(0o777)
    status, _, errors = desk.call("install", "tell")
    assert (status, "others than its owner can write to it" in errors) == (1, True)
