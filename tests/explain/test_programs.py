"""A command is explained as its script; a folder or a zip file as the module that it is run as."""

from __future__ import annotations

import json
import py_compile
import zipfile
from typing import TYPE_CHECKING

import pytest
from security.people import check_start, let_age, write_script

from .asking import call, explain

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

MAIN = "print('ran')\n" + "# filling\n" * 300


def put_command(world: World, name: str, first_line: str) -> Path:
    folder = world.home / "bin"
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"{first_line}\n{MAIN}")
    path.chmod(0o755)
    world.settings["PATH"] = f"{folder}:{world.environment()['PATH']}"
    return path


def put_zip(world: World, name: str, *files: str, before: bytes = b"") -> Path:
    path = world.home / name
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.writestr(file, MAIN)
    if before:
        path.write_bytes(before + path.read_bytes())
    return path


# ---- commands ---------------------------------------------------------------------------------


def test_a_command_is_its_script_and_its_interpreter(world: World) -> None:
    script = put_command(world, "tool", f"#!{world.enabled_python} -O")
    facts = explain_as_it_is(world, "tool")
    assert (facts["kind"], facts["script"]) == ("command", str(script))
    assert facts["interpreter"] == str(world.enabled_python)
    assert facts["chosen_by"] == "named by the script's first line"
    assert (facts["variant"], facts["verdict"]) == ("opt-1", "absent")
    assert facts["would"] == "compile the script and keep the code"


def explain_as_it_is(world: World, *words: str) -> dict[str, object]:
    """Without naming an interpreter."""
    status, output, errors = call(world, "--json", *words)
    assert (status, errors) == (0, "")
    facts: dict[str, object] = json.loads(output)
    status, text, _ = call(world, *words)
    assert (status, str(facts["script"]) in text) == (0, True)
    return facts


def test_a_command_that_has_an_entry(world: World) -> None:
    script = put_command(world, "tool", f"#!{world.enabled_python}")
    let_age(script)
    check_start(world, "absent", script)
    facts = explain(world, "tool")
    assert (facts["verdict"], facts["would"]) == ("hit", "use the entry")


def test_a_path_is_meant_before_a_command(world: World) -> None:
    command = put_command(world, "tool", f"#!{world.enabled_python}")
    assert explain(world, "tool")["script"] == str(command)
    script = write_script(world, MAIN, "tool")
    facts = explain(world, "tool")
    assert (facts["kind"], facts["script"]) == ("script", str(script))
    facts = explain(world, world.home / "bin" / "tool")
    assert (facts["kind"], facts["script"]) == ("script", str(command))


@pytest.mark.parametrize(
    "first_line", ["#!/bin/sh", "#!/usr/bin/env bash", "", "print('python')", "#!/bin/sh -e\n# python"]
)
def test_a_command_that_is_not_python_s(world: World, first_line: str) -> None:
    command = put_command(world, "tool", first_line)
    facts = explain(world, "tool")
    assert (facts["reason"], facts["script"]) == ("not-python", str(command))
    assert (facts["interpreter"], facts["would"]) == (None, "be none of Python's")


@pytest.mark.parametrize(
    "first_line",
    [
        "#!/usr/bin/env python3",
        "#!/usr/bin/env -S python3 -O",
        "#!/opt/pypy/bin/pypy3",
        "#!/usr/bin/env mainspring",
        "#!/bin/sh\n'''exec' '/a long/path/bin/python3' \"$0\" \"$@\"\n' '''",
    ],
)
def test_commands_that_are_python_s(world: World, first_line: str) -> None:
    put_command(world, "tool", first_line)
    facts = explain(world, "tool")
    assert (facts["kind"], facts["reason"], facts["verdict"]) == ("command", None, "absent")


@pytest.mark.parametrize("word", ["no-such-program", "./no-such-program"])
def test_a_word_that_is_neither_a_path_nor_a_command(world: World, word: str) -> None:
    expected = f"mainspring: there is no script or command {word}; check its path, or its name\n"
    assert call(world, word) == (1, "", expected)
    assert call(world, "--json", word) == (1, "", expected)


# ---- folders and zip files ----------------------------------------------------------------------


def test_a_folder_is_run_as_a_module(world: World) -> None:
    main = world.home / "folder" / "__main__.py"
    main.parent.mkdir()
    main.write_text(MAIN)
    for name in ("folder", "folder/", "./folder", world.home / "folder"):
        facts = explain(world, name)
        assert (facts["kind"], facts["reason"]) == ("folder", "runpy")
        assert facts["would"] == "be left to plain CPython"
        assert facts["module"]["file"] == str(main)
        assert facts["module"]["state"] == "absent"
    assert world.start("enabled", "folder").stdout == b"ran\n"
    assert world.entries == []
    assert explain(world, "folder")["module"]["state"] == "current"


def test_a_folder_without_a_main_is_no_program(world: World) -> None:
    (world.home / "folder").mkdir()
    facts = explain(world, "folder")
    assert (facts["kind"], facts["reason"], facts["module"]) == ("folder", "not-a-file", None)


@pytest.mark.parametrize(("name", "before"), [("app.zip", b""), ("app", b"#!/usr/bin/env python3\n")])
def test_a_zip_file_is_run_as_a_module(world: World, name: str, before: bytes) -> None:
    path = put_zip(world, name, "__main__.py", "other.py", before=before)
    facts = explain(world, f"./{name}")
    assert (facts["kind"], facts["reason"], facts["verdict"]) == ("zip", "runpy", None)
    assert facts["would"] == "be left to plain CPython"
    assert facts["module"]["file"] == f"{path}/__main__.py"
    assert facts["module"]["state"] == "source-in-zip"
    assert world.start("enabled", path).stdout == b"ran\n"
    assert world.entries == []


def test_a_zip_file_that_holds_the_code(world: World) -> None:
    source = write_script(world, MAIN, "__main__.py")
    compiled = world.home / "__main__.pyc"
    py_compile.compile(str(source), cfile=str(compiled), doraise=True)
    with zipfile.ZipFile(world.home / "app.zip", "w") as archive:
        archive.write(source, "__main__.py")
        archive.write(compiled, "__main__.pyc")
    assert explain(world, "app.zip")["module"]["state"] == "in-zip"


def test_a_zip_file_without_a_main(world: World) -> None:
    path = put_zip(world, "app.zip", "other.py")
    assert explain(world, path)["reason"] == "no-module"
    assert world.start("plain", path).status == 1


def test_a_script_is_not_taken_for_a_zip_file(world: World) -> None:
    script = write_script(world, "'''PK\5\6'''\n" + MAIN)
    facts = explain(world, script)
    assert (facts["kind"], facts["verdict"]) == ("script", "absent")
    check_start(world, "absent", script)


def test_an_odd_name_is_printed_on_one_line(world: World) -> None:
    """And printed at all, where only text may be."""
    script = write_script(world, MAIN, "caf\udce9\n.py")
    status, output, errors = call(world, script, PYTHONIOENCODING="utf-8:strict")
    assert (status, errors) == (0, "")
    assert output.splitlines()[0].endswith("/caf\ufffd\\n.py")


def test_when_everything_is_off(world: World) -> None:
    put_zip(world, "app.zip", "__main__.py")
    assert explain(world, "app.zip", MAINSPRING="off")["reason"] == "off"
