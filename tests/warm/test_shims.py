"""A shim starts what the command of its name would; what is no Python command gets none."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
from security.people import STRANGER, need_root

from mainspring.observe.shims import STATES, State
from mainspring.warm.targets import Target

from .shimming import Desk, link

if TYPE_CHECKING:
    from collections.abc import Callable
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


@pytest.fixture
def desk(launcher: Path, tmp_path: Path, bare_python: Path) -> Desk:
    home = tmp_path / "home"
    desk = Desk(launcher, home)
    link(desk.folder / "python3", bare_python)
    return desk


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


def test_a_wrapper_in_the_shell_s_language_is_refused(desk: Desk, bare_python: Path) -> None:
    path = desk.write("#!/bin/sh", text=f'exec {bare_python} -m timeit "$@"\n')
    assert desk.call("install", "tell") == (
        1,
        "",
        f"mainspring: {path} is a shell script (/bin/sh); name a command that is written in Python\n",
    )


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


def test_a_target_that_is_gone_is_told_with_what_removes_it(desk: Desk, bare_python: Path) -> None:
    script = desk.write(f"#!{bare_python}")
    desk.install("tell")
    script.unlink()
    assert desk.start_command("tell") == (
        127,
        "",
        (
            f"mainspring: {script} is gone, which the shim tell started; remove the shim with "
            "`mainspring uninstall tell`\n"
        ),
    )
    assert desk.call("uninstall", "tell") == (0, f"removed {desk.shims}/tell\n", "")
    assert list(desk.shims.iterdir()) + list(desk.targets.iterdir()) == []


def test_an_interpreter_that_is_gone_is_told_too(desk: Desk, bare_python: Path) -> None:
    own = link(desk.folder / "own/python3", bare_python)
    desk.write(f"#!{own}")
    desk.install("tell")
    own.unlink()
    status, output, errors = desk.start_command("tell")
    assert (status, output) == (127, "")
    assert f"{own} is gone" in errors
    assert "`mainspring uninstall tell`" in errors


def test_a_script_of_another_interpreter_by_now_is_the_kernel_s(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    desk.write("#!/bin/sh", text='echo "$0" "$@"; exit 5\n')
    assert desk.start_command("tell", "x") == (5, f"{desk.folder}/tell x\n", "")


@pytest.mark.parametrize(
    ("content", "mode", "word"),
    [
        (None, 0o666, "somebody else"),
        (b"", 0o644, "does not say"),
        (b"mainspring-target 1\n", 0o644, "does not say"),
        (b"mainspring-target 1\n/a\0/b\0", 0o644, "does not say"),
        (b"mainspring-target 1\n/a\0/b\0#!/b\n\0-s", 0o644, "does not say"),
        (b"mainspring-target 1\na\0/b\0#!/b\n\0", 0o644, "does not say"),
        (b"mainspring-target 2\n/a\0/b\0#!/b\n\0", 0o644, "does not say"),
        (b"mainspring-target 1\n/a\0/b\0#!/b\n\0" + b"\0" * 9, 0o644, "does not say"),
        (b"x" * 40_000, 0o644, "does not say"),
    ],
)
def test_a_target_that_is_not_to_be_used(
    desk: Desk, bare_python: Path, content: bytes | None, mode: int, word: str
) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    target = desk.targets / "tell"
    target.write_bytes(target.read_bytes() if content is None else content)
    target.chmod(mode)
    status, output, errors = desk.start_command("tell")
    assert (status, output, errors.count("\n"), word in errors) == (126, "", 1, True)
    assert "`mainspring install tell`" in errors
    desk.install("tell")
    assert desk.start_command("tell")[0] == 7


def test_a_target_is_of_root_the_user_or_whose_the_shim_is(desk: Desk, bare_python: Path) -> None:
    need_root()
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    os.chown(desk.targets / "tell", STRANGER, STRANGER)
    assert desk.start_command("tell")[0] == 126
    os.chown(desk.shims / "tell", STRANGER, STRANGER, follow_symlinks=False)
    assert desk.start_command("tell")[0] == 7


def test_a_pipe_in_a_target_s_place_is_not_waited_for(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    desk.install("tell")
    (desk.targets / "tell").unlink()
    os.mkfifo(desk.targets / "tell")
    assert desk.start_command("tell")[0] == 126


def test_a_target_is_what_its_grammar_says(desk: Desk, bare_python: Path) -> None:
    script = desk.write(f"#!{bare_python} -s")
    desk.install("tell")
    content = (desk.targets / "tell").read_bytes()
    assert content == os.fsencode(
        f"mainspring-target 1\n{script}\0{bare_python}\0#!{bare_python} -s\n\0-s\0"
    )
    assert Target.parse(content) == Target(
        str(script), str(bare_python), f"#!{bare_python} -s\n", ("-s",)
    )
    assert Target.parse(content).format() == content
    assert (desk.shims / "tell").readlink() == desk.launcher


def test_names_and_paths_of_any_kind(desk: Desk, bare_python: Path) -> None:
    name = "te ll\n'\u00e9"
    desk.write(f"#!{bare_python}", name)
    plain = desk.start_command(desk.folder / name, "x")
    desk.install(desk.folder / name)
    assert desk.start_command(desk.shims / name, "x") == plain
    assert desk.call("uninstall", name)[0] == 0


REFUSALS = {
    "#!/bin/sh": "is a shell script (/bin/sh); name a command that is written in Python",
    "#!/usr/bin/env bash": "is a shell script (/usr/bin/env bash); ",
    "#!/usr/bin/perl -w": "is a Perl script (/usr/bin/perl -w); ",
    "#!/usr/bin/env node": "is a JavaScript script (/usr/bin/env node); ",
    "#!/opt/pythonic": "is a script for /opt/pythonic; ",
    "#!python3": "is a script for python3; ",
    "#!/usr/bin/env -i python3": "is a script for /usr/bin/env -i python3; ",
    "#!/usr/bin/env mainspring": "is started by Mainspring already; ",
    "#!/nowhere/python3": "is a script for /nowhere/python3, which does not exist; ",
    "#!/usr/bin/env python3.98": "is a script for python3.98, which is not on PATH; ",
    "\x7fELF": "is a program in machine code; ",
    "echo no first line": "is a file without a `#!` line; ",
    "": "is a file without a `#!` line; ",
}


@pytest.mark.parametrize("opening", REFUSALS)
def test_what_is_no_python_command_is_called_what_it_is(desk: Desk, opening: str) -> None:
    path = desk.write(opening)
    status, output, errors = desk.call("install", "tell")
    assert (status, output, errors.count("\n")) == (1, "", 1)
    assert f"mainspring: {path} {REFUSALS[opening]}" in errors
    assert not (desk.shims / "tell").exists()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ('{"version": [3, 10, 4], "implementation": "python"}', "which is Python 3.10.4; "),
        ('{"version": [3, 11, 4], "implementation": "pypy"}', "which is pypy 3.11.4; "),
        ("{}", "which does not work; "),
        ("", "which does not work; "),
    ],
)
def test_an_interpreter_that_no_warm_start_can_be_of(desk: Desk, answer: str, words: str) -> None:
    python = desk.write("#!/bin/sh", "old/python3", f"echo '{answer}'\n")
    path = desk.write(f"#!{python}")
    status, _, errors = desk.call("install", "tell")
    assert (status, f"{path} is a script for {python}, {words}" in errors) == (1, True)


def test_a_script_of_pyenv_s_is_told_of_with_what_pyenv_starts(desk: Desk) -> None:
    text = 'export PYENV_ROOT="$HOME"\nexec pyenv exec "$0" "$@"\n'
    path = desk.write("#!/usr/bin/env bash", "shims/tell", text)
    status, _, errors = desk.call("install", path)
    assert (status, errors) == (
        1,
        (
            f"mainspring: {path} is a shell script (/usr/bin/env bash); give the path that "
            "`pyenv which tell` prints\n"
        ),
    )


def test_names_of_nothing(desk: Desk) -> None:
    said = {
        word: desk.call("install", word) for word in ("nothing", "./nothing", "", "bin/", "mainspring")
    }
    assert {status for status, _, _ in said.values()} == {1}
    assert all(errors.count("\n") == 1 for _, _, errors in said.values())
    assert "nothing is no command on PATH; check its name" in said["nothing"][2]
    assert "is a folder" in said["bin/"][2]


@pytest.mark.parametrize("name", ["mainspring", "mainspring-cli"])
def test_mainspring_itself_has_no_shim(desk: Desk, name: str) -> None:
    link(desk.folder / name, desk.launcher.with_name(name))
    status, _, errors = desk.call("install", name)
    assert (status, "is Mainspring itself, which has no use for a shim; " in errors) == (1, True)


def test_one_refusal_refuses_all(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    assert desk.call("install", "tell", "sh")[0] == 1
    assert not (desk.shims / "tell").exists()


def test_it_is_said_when_the_shims_are_not_first_on_path(desk: Desk, bare_python: Path) -> None:
    desk.write(f"#!{bare_python}")
    path = f"{desk.folder}:{desk.shims}:/usr/bin:/bin"
    status, output, errors = desk.call("install", "tell", env={"PATH": path})
    assert (status, output) == (0, f"tell\t{desk.folder}/tell\n")
    assert errors.startswith(f"put {desk.shims} first on PATH: ")


@pytest.mark.parametrize("option", ["-E", "-sI", "-Es"])
def test_a_command_that_ignores_settings_is_told_of(
    desk: Desk, bare_python: Path, enabled_python: Path, option: str
) -> None:
    """What the launcher sets is ignored, where the interpreter is a script; a slot is not."""
    script = desk.write("#!/bin/sh", "a/python3", f'exec {bare_python} "$@"\n')
    desk.write(f"#!{script} {option}")
    assert desk.call("install", "tell")[2] == (
        f"tell ignores settings ({option}): let it heed Mainspring with\n"
        f"  mainspring enable --python {bare_python}\n"
    )
    desk.write(f"#!{bare_python} {option}")
    desk.install("tell")
    desk.write("#!/bin/sh", "a/python3", f'exec {enabled_python} "$@"\n')
    desk.write(f"#!{script} {option}")
    desk.install("tell")
    desk.write(f"#!{script} -WError")
    desk.install("tell")


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
