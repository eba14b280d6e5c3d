"""Interpreters whose starts do not come past Mainspring, and what keeps them from it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
from enabling.test_neighbours import take_slot
from security.people import STRANGER, list_tree, need_root
from starts import make_bare_venv

from mainspring.observe.interpreters import SECONDS

from .calling import examine, find_one, list_names

if TYPE_CHECKING:
    from pathlib import Path

    from enabling.commands import Commands
    from starts import World

    from .conftest import Copy


def test_the_python_of_env_is_not_enabled(commands: Commands, on_path: Path) -> None:
    found = find_one(commands)
    python = str(on_path.parent / "python3")
    assert (found["finding"], found["subject"]) == ("not-enabled", python)
    assert found["detail"] == "python3 on PATH"
    command = found["remedy"].partition(",")[0].split(" ")
    assert command[0] == "mainspring"
    assert commands.call(*command[1:])[0] == 0
    assert examine(commands) == []


def test_there_is_no_python_for_env(commands: Commands, tmp_path: Path) -> None:
    commands.settings["PATH"] = str(tmp_path)
    assert list_names(commands) == ["no-python"]


def test_a_relative_folder_on_path_is_not_looked_at(commands: Commands, on_path: Path) -> None:
    del on_path
    python = commands.home / "python3"
    python.write_text("#!/bin/sh\necho x > asked\n")
    python.chmod(0o755)
    commands.settings["PATH"] = ".:"
    assert list_names(commands) == ["no-python"]
    assert not (commands.home / "asked").exists()


def test_one_that_is_known_but_not_used_may_stay_as_it_is(commands: Commands) -> None:
    make_bare_venv(commands.home / ".venv")
    assert examine(commands) == []


def test_one_that_was_enabled_somewhere_is_looked_at(commands: Commands, fresh: Path, site: Path) -> None:
    commands.call("enable", "--python", fresh)
    assert examine(commands) == []
    slot = site / "sitecustomize.py"
    slot.write_text(slot.read_text().replace("2048", "4096"))
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("slot-outdated", str(fresh))
    assert commands.call("enable", "--python", fresh)[0] == 0
    assert examine(commands) == []


@pytest.mark.parametrize("taken", [False, True])
def test_its_package_is_gone(
    copy: Copy, commands: Commands, on_path: Path, site: Path, taken: bool
) -> None:
    if taken:
        take_slot(site)
    assert copy.commands.call("enable", "--python", on_path)[0] == 0
    assert examine(commands) == []
    shutil.rmtree(copy.package)
    assert list_names(commands) == ["slot-package-gone"]
    assert commands.start(on_path) == (0, "ran\n", "")


def test_another_sitecustomize_is_found_first(commands: Commands, on_path: Path, site: Path) -> None:
    commands.call("enable", "--python", on_path)
    earlier = on_path.parents[1] / "earlier"
    earlier.mkdir()
    (site / "a.pth").write_text(f"import sys; sys.path.insert(0, {str(earlier)!r})\n")
    take_slot(earlier)
    found = find_one(commands)
    assert found["finding"] == "slot-shadowed"
    assert commands.call("enable", "--python", on_path)[0] == 0
    assert examine(commands) == []


def test_a_sitecustomize_on_pythonpath_is_found_first(commands: Commands) -> None:
    folder = commands.home / "library"
    folder.mkdir()
    take_slot(folder)
    assert list_names(commands, PYTHONPATH=str(folder)) == ["slot-passed-over"]


RAISING = "raise ValueError('theirs')\n"


@pytest.mark.parametrize("enabled", [False, True])
def test_its_sitecustomize_raises(commands: Commands, on_path: Path, site: Path, enabled: bool) -> None:
    take_slot(site, RAISING)
    if enabled:
        commands.call("enable", "--python", on_path)
        assert (site / "mainspring.pth").exists()
    names = ["sitecustomize-raises"] if enabled else ["not-enabled", "sitecustomize-raises"]
    found = examine(commands)
    assert [one["finding"] for one in found] == names
    assert "ValueError: theirs" in found[-1]["detail"]
    assert found[-1]["subject"] == str(on_path.parent / "python3")


def test_one_that_is_loaded_after_the_slot_raises(commands: Commands, on_path: Path, site: Path) -> None:
    later = on_path.parents[1] / "later"
    later.mkdir()
    (site / "a.pth").write_text(f"{later}\n")
    take_slot(later, RAISING)
    commands.call("enable", "--python", on_path)
    assert list_names(commands) == ["sitecustomize-raises"]


def test_its_sitecustomize_ends_it(commands: Commands, on_path: Path, site: Path) -> None:
    take_slot(site, "raise SystemExit(5)\n")
    assert list_names(commands) == ["not-working"]
    del on_path


def test_its_sitecustomize_never_ends(commands: Commands, on_path: Path, site: Path) -> None:
    take_slot(site, "import time\ntime.sleep(1000)\n")
    status, output, errors = commands.call("doctor", "--json")
    assert (status, errors) == (1, "")
    [found] = json.loads(output)["findings"]
    assert found["finding"] == "no-answer"
    assert found["subject"] == str(on_path.parent / "python3")


def test_the_native_module_cannot_be_loaded(copy: Copy, commands: Commands, on_path: Path) -> None:
    assert copy.commands.call("enable", "--python", on_path)[0] == 0
    assert examine(commands) == []
    native = copy.package / "_native.abi3.so"
    native.unlink()
    native.write_bytes(b"\x7fELF of another machine")
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("no-native", str(on_path.parent / "python3"))
    assert commands.start(on_path) == (0, "ran\n", "")


def test_nor_by_the_commands_themselves(copy: Copy, on_path: Path) -> None:
    copy.commands.settings["PATH"] = str(on_path.parent)
    (copy.package / "_native.abi3.so").unlink()
    names = list_names(copy.commands)
    assert names == ["no-native", "not-enabled", "no-native"]
    status, output, errors = copy.commands.call("status")
    assert (status, output) == (1, "")
    assert errors.startswith("mainspring: mainspring._native cannot be loaded; ")
    assert errors.count("\n") == 1
    assert copy.commands.call("disable", "--python", on_path)[0] == 0


@pytest.mark.parametrize("part", ["_start.py", "codecache"])
def test_the_package_could_be_changed_by_somebody_else(
    copy: Copy, commands: Commands, on_path: Path, part: str
) -> None:
    copy.commands.settings["PATH"] = commands.settings["PATH"] = str(on_path.parent)
    assert copy.commands.call("enable", "--python", on_path)[0] == 0
    path = copy.package / part
    path.chmod(path.stat().st_mode | 0o002)
    found = find_one(copy.commands)
    assert found["finding"] == "unsafe-package"
    assert str(path) in found["detail"]


@pytest.mark.parametrize("version", ["3.6.15", "3.10.2"])
def test_it_is_too_old(commands: Commands, tmp_path: Path, version: str) -> None:
    answer = json.dumps({"version": [*map(int, version.split("."))], "implementation": "python"})
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\necho '{answer}'\n")
    python.chmod(0o755)
    commands.settings["PATH"] = str(tmp_path)
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("old-python", str(python))


@pytest.mark.parametrize("fault", ["owner", "mode"])
def test_it_could_be_changed_by_somebody_else_and_is_not_run(
    commands: Commands, tmp_path: Path, fault: str
) -> None:
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\necho x > {commands.home}/asked\n")
    python.chmod(0o777 if fault == "mode" else 0o755)
    if fault == "owner":
        need_root()
        os.chown(python, STRANGER, STRANGER)
    commands.settings["PATH"] = str(tmp_path)
    found = find_one(commands)
    assert (found["finding"], found["subject"]) == ("not-asked", str(python))
    assert str(python) in found["detail"]
    assert not (commands.home / "asked").exists()


@pytest.mark.parametrize("name", ["PYTHONPROFILEIMPORTTIME", "PYTHONTRACEMALLOC", "PYTHONVERBOSE"])
def test_a_python_variable_makes_every_start_stand_aside(commands: Commands, name: str) -> None:
    # doctor's own interpreter heeds it as well, and reports on stderr
    status, output, _ = commands.call("doctor", "--json", env={name: "1"})
    assert status == 1
    [found] = json.loads(output)["findings"]
    assert found["finding"] == "stands-aside"
    assert found["detail"].startswith("observed: ")


def test_what_it_runs_is_a_start_and_changes_nothing(world: World, commands: Commands) -> None:
    before = list_tree(world.enabled_python.parents[1])
    assert examine(commands) == []
    assert list_tree(world.enabled_python.parents[1]) == before


def test_an_interrupt_ends_it_at_once(commands: Commands, on_path: Path, site: Path) -> None:
    started = commands.home / "started"
    take_slot(site, f"import time\nopen({str(started)!r}, 'w').close()\ntime.sleep(1000)\n")
    with subprocess.Popen(
        [commands.launcher, "doctor"],
        env=commands.environment(),
        process_group=0,
        stderr=subprocess.PIPE,
        # what the shell around the tests ignores must not be ignored here
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509
    ) as process:
        while not started.exists():
            assert process.poll() is None
        os.killpg(process.pid, signal.SIGINT)
        _, errors = process.communicate(timeout=SECONDS / 2)
    assert on_path.exists()
    assert process.returncode == 1
    assert b"Traceback" not in errors
