"""What keeps shims from starting commands warm."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from warm.shimming import Desk, link

from mainspring.observe.doctor.findings import FINDINGS
from mainspring.observe.shims import STATES

from .calling import examine, find_one

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def desk(launcher: Path, tmp_path: Path, enabled_python: Path) -> Desk:
    """With one shim, the script of which is tell."""
    desk = Desk(launcher, tmp_path / "home")
    link(desk.folder / "python3", enabled_python)
    desk.write(f"#!{enabled_python}")
    desk.install("tell")
    return desk


def test_a_shim_that_starts_warm_is_in_nobody_s_way(desk: Desk) -> None:
    assert examine(desk) == []


def test_a_shim_whose_script_is_gone(desk: Desk) -> None:
    (desk.folder / "tell").unlink()
    found = find_one(desk)
    assert (found["finding"], found["subject"]) == ("shim-gone", f"{desk.shims}/tell")
    assert (found["detail"], found["remedy"]) == (f"{desk.folder}/tell", "mainspring uninstall tell")


def test_a_shim_whose_script_has_another_first_line(desk: Desk) -> None:
    desk.write("#!/usr/bin/env python3")
    found = find_one(desk)
    assert (found["finding"], found["remedy"]) == ("shim-changed", "mainspring install tell")


def test_shims_that_are_not_on_path(desk: Desk) -> None:
    found = find_one(desk, PATH=f"{desk.folder}:/usr/bin:/bin")
    assert (found["finding"], found["subject"]) == ("shims-not-on-path", str(desk.shims))


def test_a_runtime_folder_that_cannot_be_used(desk: Desk) -> None:
    found = find_one(desk, XDG_RUNTIME_DIR="/nowhere")
    assert (found["finding"], found["subject"]) == ("no-runtime-folder", "/nowhere/mainspring")


def test_who_uses_shims_need_not_enable_anything(desk: Desk, bare_python: Path) -> None:
    (desk.folder / "python3").unlink()
    link(desk.folder / "python3", bare_python)
    assert examine(desk) == []
    [note] = json.loads(desk.call("doctor", "--json")[1])["notes"]
    assert (note["finding"], note["subject"]) == ("not-enabled", str(desk.folder / "python3"))
    assert f"note: {note['subject']}: {note['meaning']}" in desk.call("doctor")[1]
    desk.call("uninstall", "tell")
    assert find_one(desk)["finding"] == "not-enabled"


def test_a_command_is_examined_by_its_name(desk: Desk) -> None:
    checked = json.loads(desk.call("doctor", "--json", "tell")[1])["checked"]
    assert f"script {desk.folder}/tell" in checked
    status, output, errors = desk.call("doctor", "nothing")
    assert (status, output) == (2, "")
    assert errors == "mainspring: there is no script or command nothing; check its path, or its name\n"


def test_every_state_of_a_shim_can_be_found() -> None:
    states = {name.removeprefix("shim-") for name in FINDINGS if name.startswith("shim-")}
    assert states | {"warm", "not-on-path"} == set(STATES)
