"""A shim starts what the command of its name would."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from .shimming import Desk, link

if TYPE_CHECKING:
    from pathlib import Path

OPENINGS = {
    "a console script": "#!{python}",
    "with an option": "#!{python} -s",
    "blanks": "#! \t{python} \t-s ",
    "by env": "#!/usr/bin/env python3",
    "by env with options": "#!/usr/bin/env -S python3 -s",
    "a long path": "#!/bin/sh\n'''exec' {python} \"$0\" \"$@\"\n' '''",
    "a long path, quoted": "#!/bin/sh\n'''exec' \"{python}\" -s \"$0\" \"$@\"\n' '''",
}
RELOCATABLE = (
    "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python3' \"$0\" \"$@\"\n' '''"
)


@pytest.mark.parametrize("opening", OPENINGS.values(), ids=list(OPENINGS))
def test_a_shim_starts_what_the_command_does(desk: Desk, bare_python: Path, opening: str) -> None:
    desk.write(opening.format(python=bare_python))
    plain = desk.start_command("tell", "a b", "--c")
    assert plain[0] == 7
    desk.install("tell")
    assert desk.start_command("sh", "-c", "command -v tell")[1] == f"{desk.shims}/tell\n"
    assert desk.start_command("tell", "a b", "--c") == plain


def test_a_first_line_that_runs_a_module(desk: Desk, bare_python: Path) -> None:
    """It is given the script as its first argument, and starts plainly."""
    desk.write(f"#!/usr/bin/env -S {bare_python} -m timeit -n1 -r1 -u sec", text="")
    plain = desk.start_command("tell")
    assert plain[0] == 1  # a path is no statement
    desk.install("tell")
    assert desk.start_command("tell") == plain


def test_a_command_of_another_folder_by_a_link(desk: Desk, bare_python: Path) -> None:
    """As pipx and uv leave it: a link to the script in a venv."""
    script = desk.write(f"#!{bare_python}", "venvs/tell/bin/tell")
    link(desk.folder / "tell", script)
    plain = desk.start_command("tell", "x")
    assert f"{desk.folder}/tell" in plain[1]
    desk.install("tell")
    assert desk.start_command("tell", "x") == plain


def test_a_venv_that_can_be_moved(desk: Desk, bare_python: Path) -> None:
    venv = desk.folder / "moved"
    shutil.copytree(bare_python.parents[1], venv, symlinks=True)
    link(desk.folder / "tell", desk.write(RELOCATABLE, "moved/bin/tell"))
    plain = desk.start_command("tell")
    assert str(venv) in plain[1]
    desk.install("tell")
    assert desk.start_command("tell") == plain


def test_it_starts_from_cached_code(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    desk.settings["MAINSPRING_LOG"] = str(desk.log)
    for _ in range(2):
        assert desk.start_command("tell")[0] == 7
    lines = [line.split("\t")[:2] for line in desk.log.read_text().splitlines()]
    assert lines == [[f"{desk.folder}/tell", "absent"], [f"{desk.folder}/tell", "hit"]]


def test_env_finds_the_interpreter_anew_at_each_start(desk: Desk, enabled_python: Path) -> None:
    desk.write("#!/usr/bin/env python3")
    desk.install("tell")
    path = f"{enabled_python.parent}:{desk.environment()['PATH']}"
    outputs = [desk.start_command("tell")[1], desk.start_command("tell", env={"PATH": path})[1]]
    assert [str(enabled_python.parents[1]) in output for output in outputs] == [False, True]


def test_installed_twice_it_still_starts_the_command(desk: Desk, bare_python: Path) -> None:
    script = desk.write(f"#!{bare_python}")
    desk.install("tell")
    before = desk.start_command("tell")
    desk.install("tell")
    desk.install("tell", "tell")
    assert desk.start_command("tell") == before
    assert desk.call("shims", "--list")[1] == f"tell\t{script}\twarm\n"


def test_a_link_to_a_shim_is_no_command_of_its_own(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}", "later/tell")
    link(desk.folder / "tell", desk.shims / "tell")
    desk.settings["PATH"] = f"{desk.shims}:{desk.folder}:{desk.folder}/later:/usr/bin:/bin"
    desk.install("tell")
    expected = (7, desk.start_command(desk.folder / "later/tell")[1], "")
    assert desk.start_command("tell") == expected
    assert desk.start_command(desk.folder / "tell") == expected
    shutil.rmtree(desk.folder / "later")
    status, _, errors = desk.call("install", "tell")
    assert (status, "a shim, and nothing else of that name" in errors) == (1, True)


def test_whatever_argv_0_says(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    done = subprocess.run(
        ["mainspring", "status"],
        executable=desk.shims / "tell",
        env=desk.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, f"['{desk.folder}/tell', 'status']" in done.stdout) == (7, True)


def test_a_launcher_that_is_called_like_a_shim_is_none(desk: Desk, bare_python: Path) -> None:
    script = desk.write(f"#!{bare_python}")
    desk.install("tell")
    words = ["tell", "run", script]
    done = subprocess.run(words, executable=desk.launcher, env=desk.environment(), check=False)
    assert done.returncode == 7


def test_a_launcher_by_another_name_stays_one(desk: Desk, bare_python: Path) -> None:
    script = desk.write(f"#!{bare_python}")
    other = link(desk.folder / "other", desk.launcher)
    assert desk.start_command(other, script)[0] == 7


def test_names_and_paths_of_any_kind(desk: Desk, bare_python: Path) -> None:
    name = "te ll\n'\u00e9"
    desk.write(f"#!{bare_python}", name)
    plain = desk.start_command(desk.folder / name, "x")
    desk.install(desk.folder / name)
    assert desk.start_command(desk.shims / name, "x") == plain
    assert desk.call("uninstall", name)[0] == 0


def test_mainspring_off_is_a_plain_start(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    plain = desk.start_command("tell")
    desk.install("tell")
    changes = {"MAINSPRING": "off", "MAINSPRING_LOG": str(desk.log)}
    assert desk.start_command("tell", env=changes) == plain
    assert desk.log.read_text().split("\t")[1] == "off"


def test_other_commands_see_through_a_shim(desk: Desk, bare_python: Path) -> None:
    script = desk.write(f"#!{bare_python}")
    desk.install("tell")
    status, output, _ = desk.call("explain", "--json", "tell")
    facts = json.loads(output)
    assert (status, facts["kind"], facts["script"]) == (0, "command", str(script))
    assert desk.call("compile", "tell")[0] == 0
    assert json.loads(desk.call("explain", "--json", "tell")[1])["verdict"] in {"hit", "refreshed"}
