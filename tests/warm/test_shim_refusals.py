"""`mainspring install` makes no shim of what is no Python command, and calls it what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from .shimming import Desk, link

if TYPE_CHECKING:
    from pathlib import Path

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


def test_a_wrapper_in_the_shell_s_language_is_refused(desk: Desk, bare_python: Path) -> None:
    path = desk.write("#!/bin/sh", text=f'exec {bare_python} -m timeit "$@"\n')
    assert desk.call("install", "tell") == (
        1,
        "",
        f"mainspring: {path} is a shell script (/bin/sh); name a command that is written in Python\n",
    )


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
