"""Which interpreter a program is started with."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from .layout import Layout, StandIn, Word


@pytest.fixture
def on_path(layout: Layout) -> StandIn:
    """The interpreter that is taken when nothing else decides."""
    layout.environment["PATH"] = str(layout.root / "on-path")
    return layout.stand_in("on-path/python3")


def test_the_option_goes_before_everything(layout: Layout, on_path: StandIn) -> None:
    chosen, other = layout.stand_in("chosen/python"), layout.stand_in("other/python3")
    layout.environment["MAINSPRING_PYTHON"] = str(other.path)
    script = layout.script(f"#!{other.path}\n")
    layout.call("run", "--python", chosen.path, script)
    assert chosen.arguments == [os.fsencode(script)]
    assert not other.was_started
    assert not on_path.was_started


def test_the_variable_goes_before_the_first_line(layout: Layout, on_path: StandIn) -> None:
    chosen, other = layout.stand_in("chosen/anything"), layout.stand_in("other/python3")
    layout.environment["MAINSPRING_PYTHON"] = str(chosen.path)
    script = layout.script(f"#!{other.path} -O\n")
    layout.call("run", script)
    assert chosen.arguments == [os.fsencode(script)]
    assert not other.was_started
    assert not on_path.was_started


def test_an_empty_variable_names_nothing(layout: Layout, on_path: StandIn) -> None:
    layout.environment["MAINSPRING_PYTHON"] = ""
    layout.call("run", "script")
    assert on_path.was_started


@pytest.mark.parametrize("name", ["python3.11", "anything"])
@pytest.mark.parametrize("by_option", [True, False])
def test_a_bare_name_is_looked_up_on_path(
    layout: Layout, on_path: StandIn, name: str, by_option: bool
) -> None:
    layout.stand_in(f"unusable/{name}").path.chmod(0o644)
    (layout.root / "folder" / name).mkdir(parents=True)
    chosen = layout.stand_in(f"usable/{name}")
    folders = [layout.root / folder for folder in ("missing", "unusable", "folder", "usable")]
    layout.environment["PATH"] = os.pathsep.join(map(str, folders))
    if by_option:
        layout.call("run", "--python", name, "script")
    else:
        layout.environment["MAINSPRING_PYTHON"] = name
        layout.call("run", "script")
    assert chosen.arguments == [b"script"]
    assert not on_path.was_started


def test_an_empty_part_of_path_is_the_current_folder(layout: Layout) -> None:
    here = layout.stand_in("python3")
    layout.environment["PATH"] = f"{layout.root}/missing::{layout.root}/on-path"
    layout.call("run", "script")
    assert here.arguments == [b"script"]


@pytest.mark.parametrize(
    "name",
    [
        *("python", "python3", "python3.9", "python3.14t", "python3.13d", "python3.13td"),
        *("python2.7", "pythonw", "pypy", "pypy3", "pypy3.10", "python3-dbg", "python3.11-dbg"),
    ],
)
def test_the_first_line_may_name_any_python(layout: Layout, on_path: StandIn, name: str) -> None:
    chosen = layout.stand_in(f"elsewhere/{name}")
    script = layout.script(f"#!{chosen.path}\n")
    layout.call("run", script, "x")
    assert chosen.arguments == [os.fsencode(script), b"x"]
    assert not on_path.was_started


@pytest.mark.parametrize(
    "name", ["python3-config", "ipython", "python3x", "perl", "env", "python3.11.exe", "sh", "pyth"]
)
def test_other_interpreters_in_the_first_line_are_passed_over(
    layout: Layout, on_path: StandIn, name: str
) -> None:
    other = layout.stand_in(f"elsewhere/{name}")
    layout.call("run", layout.script(f"#!{other.path}\n"))
    assert on_path.was_started
    assert not other.was_started


@pytest.mark.parametrize(
    "line",
    [
        "#!/usr/bin/env python3",
        "#!python3",
        "#!bin/python3",
        "#!",
        "#! ",
        "\ufeff#!{python}",
        " #!{python}",
        "#{python}",
        "#!{python}\r",
        "#!{python}\0",
        "#!{python}" + " " * 4096,
        "#!{python} " + "x" * 4096,
        "#" * 5000,
        "",
    ],
)
def test_lines_that_name_no_absolute_python_are_passed_over(
    layout: Layout, on_path: StandIn, line: str
) -> None:
    other = layout.stand_in("elsewhere/python3")
    layout.call("run", layout.script(line.format(python=other.path) + "\n"))
    assert on_path.was_started
    assert not other.was_started


@pytest.mark.parametrize(
    "text",
    [
        "#!{python}\n",
        "#! {python}\n",
        "#!\t {python} \t \npass\n",
        "#!{python} -O\n",
        "#!{python}   -O -u \t \n",
        "#!{python}\t-s\n",
        "#!{python} -O",
        "#!{python}",
        "#!{python} -W ignore::DeprecationWarning\r\n",
        "#!{python} \u00e9\n",
    ],
)
def test_the_first_line_is_read_as_the_kernel_does(layout: Layout, on_path: StandIn, text: str) -> None:
    named = layout.stand_in("elsewhere/python3")
    layout.script(text.format(python=named.path))
    layout.execute("./program.py", "a", "-b c")
    by_kernel = named.arguments
    named.forget()
    layout.call("run", "./program.py", "a", "-b c")
    assert named.arguments == by_kernel
    assert not on_path.was_started


@pytest.mark.parametrize(
    "line",
    [
        "'''exec' {python} \"$0\" \"$@\"",
        '\'\'\'exec\' "{python}" "$0" "$@"',
        "'''exec' '{python}' \"$0\" \"$@\"",
        "'''exec' \"{python}\" \"$0\" \"$@\" #'''",
        '\'\'\'exec\' "{python}" -s "$0" "$@"',
        "'''exec' '{python}' -s  -W 'ignore::x y' \"$0\" \"$@\"",
        '\'\'\'exec\' \'{python}\' "a\\"b\\\\c\\$d" e"f"\'g\' "$0" "$@"',
        '\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")"/\'elsewhere/python3\' "$0" "$@"',
    ],
)
def test_the_form_for_long_paths_is_read_as_the_shell_does(
    layout: Layout, on_path: StandIn, line: str
) -> None:
    named = layout.stand_in("elsewhere/python3")
    layout.script("#!/bin/sh\n" + line.format(python=named.path) + "\n' '''\nimport this\n")
    layout.environment["PATH"] = f"{layout.root}/on-path:/usr/bin:/bin"
    layout.execute("./program.py", "a", "-b c")
    by_shell = named.arguments
    named.forget()
    layout.call("run", "./program.py", "a", "-b c")
    assert named.arguments == by_shell
    assert not on_path.was_started


@pytest.mark.parametrize(
    "folder", ["with space", "quote's", 'double "quotes"', "tab\there", "\u00e9\udcff", "x" * 200]
)
def test_the_form_for_long_paths_reaches_any_folder(
    layout: Layout, on_path: StandIn, folder: str
) -> None:
    named = layout.stand_in(f"{folder}/python3")
    quoted = str(named.path).replace("'", "'\"'\"'")
    script = layout.script(f"#!/bin/sh\n'''exec' '{quoted}' \"$0\" \"$@\"\n' '''\n")
    layout.call("run", script, "a")
    assert named.arguments == [os.fsencode(script), b"a"]
    assert not on_path.was_started


def test_a_movable_command_finds_its_interpreter_through_a_link(layout: Layout, on_path: StandIn) -> None:
    named = layout.stand_in("venv/bin/python")
    trick = '\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")"/\'python\' "$0" "$@"'
    layout.script(f"#!/bin/sh\n{trick}\n' '''\n", "venv/bin/tool")
    (layout.root / "tool").symlink_to("venv/bin/tool")
    layout.call("run", "tool")
    assert named.arguments == [b"tool"]
    assert not on_path.was_started


@pytest.mark.parametrize(
    "text",
    [
        '#!/bin/sh\nexec \'{python}\' "$0" "$@"\n',
        "#!/bin/sh\n\n'''exec' '{python}' \"$0\" \"$@\"\n",
        "#!/bin/sh -e\n'''exec' '{python}' \"$0\" \"$@\"\n",
        "#!/bin/bash\n'''exec' '{python}' \"$0\" \"$@\"\n",
        "#!/bin/sh\n'''exec' '{python} \"$0\" \"$@\"\n",
        "#!/bin/sh\n'''exec' \"{python}\n",
        "#!/bin/sh\n'''exec' '{python}'\n",
        "#!/bin/sh\n'''exec' '{python}' \"$0\"\n",
        "#!/bin/sh\n'''exec' '{python}' \"$HOME\" \"$0\" \"$@\"\n",
        "#!/bin/sh\n'''exec' '{python}' `id` \"$0\" \"$@\"\n",
        "#!/bin/sh\n'''exec' '{python}' \"`id`\" \"$0\" \"$@\"\n",
        "#!/bin/sh\n'''exec' '{python}' ; \"$0\" \"$@\"\n",
        "#!/bin/sh\n'''exec' '{python}' " + "a " * 9 + '"$0" "$@"\n',
        "#!/bin/sh\n'''exec' '{python}' " + "a" * 4096 + ' "$0" "$@"\n',
        "#!/bin/sh\n'''exec' 'python3' \"$0\" \"$@\"\n",
        "#!/bin/sh\n'''exec' \n",
        "#!/bin/sh\n",
        "#!/bin/sh",
    ],
)
def test_a_shell_script_of_any_other_form_is_passed_over(
    layout: Layout, on_path: StandIn, text: str
) -> None:
    other = layout.stand_in("elsewhere/python3")
    layout.call("run", layout.script(text.format(python=other.path)))
    assert on_path.was_started
    assert not other.was_started


def test_options_of_the_first_line_go_before_those_given(layout: Layout) -> None:
    named = layout.stand_in("elsewhere/python3")
    script = layout.script(f"#!{named.path} -s\n")
    layout.call("run", "-O", "-W", "ignore", script, "-x")
    assert named.arguments == [b"-s", b"-O", b"-W", b"ignore", os.fsencode(script), b"-x"]


@pytest.mark.parametrize("words", [["-m", "program"], ["-c", "program.py"], ["-"]])
def test_only_a_script_has_a_first_line(layout: Layout, on_path: StandIn, words: list[str]) -> None:
    other = layout.stand_in("elsewhere/python3")
    for name in ("program", "program.py", "-"):
        layout.script(f"#!{other.path}\n", name)
    layout.call("run", *words)
    assert on_path.was_started
    assert not other.was_started


def test_the_python_beside_the_launcher_goes_before_path(layout: Layout, on_path: StandIn) -> None:
    beside = layout.stand_in("bin/python3")
    layout.call("run", "script")
    assert beside.was_started
    assert not on_path.was_started


def test_beside_means_the_launcher_s_real_folder(layout: Layout, on_path: StandIn) -> None:
    beside, planted = layout.stand_in("bin/python3"), layout.stand_in("planted/python3")
    (layout.root / "planted" / "mainspring").symlink_to(layout.mainspring)
    layout.execute(layout.root / "planted" / "mainspring", "run", "script")
    assert beside.was_started
    assert not planted.was_started
    assert not on_path.was_started


def test_python_on_path_is_the_last_resort(layout: Layout) -> None:
    last = layout.stand_in("on-path/python")
    layout.environment["PATH"] = str(layout.root / "on-path")
    layout.call("run", "script")
    assert last.was_started


def test_without_path_the_usual_folders_are_searched(layout: Layout) -> None:
    del layout.environment["PATH"]
    ended = layout.call("run", "--python", "sh", "-c", "echo found")
    assert (ended.returncode, ended.stdout) == (0, b"found\n")


@pytest.mark.parametrize("script", ["missing.py", "folder", ""])
def test_what_cannot_be_read_is_left_to_python(layout: Layout, on_path: StandIn, script: str) -> None:
    (layout.root / "folder").mkdir()
    ended = layout.call("run", script)
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert on_path.arguments == [os.fsencode(script)]


def test_a_missing_script_is_python_s_to_tell(layout: Layout, bare_python: Path) -> None:
    layout.environment["PATH"] = str(bare_python.parent)
    actual = layout.call("run", "missing.py")
    expected = layout.execute(bare_python, "missing.py")
    assert expected.returncode == 2
    assert (actual.returncode, actual.stderr.partition(b": can't")[1:]) == (
        expected.returncode,
        expected.stderr.partition(b": can't")[1:],
    )


def test_nothing_is_taken_from_a_pipe(layout: Layout, bare_python: Path) -> None:
    pipe = layout.root / "pipe"
    os.mkfifo(pipe)
    layout.environment["PATH"] = f"{bare_python.parent}:/usr/bin:/bin"
    writer: list[Word] = ["/bin/sh", "-c", 'echo "print(42)" > "$1"', "sh", pipe]
    with subprocess.Popen(writer) as process:
        try:
            ended = layout.call("run", pipe)
        finally:
            process.kill()
    assert (ended.returncode, ended.stdout) == (0, b"42\n")


def test_a_venv_s_interpreter_stays_a_link(layout: Layout, bare_python: Path) -> None:
    script = layout.script(f"#!{bare_python}\nimport sys; print(sys.executable, sys.prefix)\n")
    ended = layout.call("run", script)
    assert ended.stdout == os.fsencode(f"{bare_python} {bare_python.parent.parent}\n")


@pytest.mark.parametrize(
    "python", ["./link/{name}", "{folder}/{name}", "{folder}/../bin/{name}", "{name}"]
)
def test_the_interpreter_is_told_its_absolute_path(
    layout: Layout, bare_python: Path, python: str
) -> None:
    (layout.root / "link").symlink_to(bare_python.parent)
    layout.environment["PATH"] = "link"
    named = python.format(folder=bare_python.parent, name=bare_python.name)
    code = "import sys; print(sys.orig_argv[0])"
    ended = layout.call("run", "--python", named, "-c", code)
    told = os.fsdecode(ended.stdout).rstrip("\n")
    absolute = f"{layout.root}/link/{named}" if "/" not in named else f"{layout.root}/{named}"
    assert told == (named if named.startswith("/") else absolute)


def test_a_launcher_named_python_is_never_started(layout: Layout, on_path: StandIn) -> None:
    for name in ("bin/python3", "first/python3"):
        path = layout.root / name
        path.parent.mkdir(exist_ok=True)
        path.symlink_to(layout.mainspring)
    layout.environment["PATH"] = f"{layout.root}/first:{layout.root}/on-path"
    script = layout.script(f"#!{layout.root}/bin/python3 -I\n")
    layout.call("run", script)
    assert on_path.arguments == [os.fsencode(script)]
