"""What the launcher says when it cannot start anything."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from .layout import Finished, Layout, Word


def check_failure(ended: Finished, status: int, message: str) -> None:
    assert ended.returncode == status
    assert ended.stdout == b""
    assert ended.stderr == os.fsencode(f"mainspring: {message}\n")


@pytest.mark.parametrize("words", [["--python"], ["--python="], ["--python", ""], ["-O", "--python"]])
def test_an_option_without_its_value_is_bad_usage(layout: Layout, words: list[str]) -> None:
    layout.stand_in()
    message = "--python needs an interpreter: its path, or its name on PATH"
    check_failure(layout.call("run", *words), 2, message)


@pytest.mark.parametrize("name", ["missing", "./missing", "/missing/python", "bin/mainspring/x"])
@pytest.mark.parametrize("source", ["--python", "MAINSPRING_PYTHON"])
def test_an_interpreter_that_is_named_must_exist(layout: Layout, name: str, source: str) -> None:
    layout.stand_in()
    words = ["--python", name] if source == "--python" else []
    layout.environment["MAINSPRING_PYTHON"] = name
    message = (
        f"no interpreter {name} found, which {source} names; give the path of one, or a name on PATH"
    )
    check_failure(layout.call("run", *words, "script"), 127, message)


def test_a_name_too_long_for_a_path_is_not_found(layout: Layout) -> None:
    for name in ("x" * 5000, "/x" * 5000):
        ended = layout.call("run", "--python", name, "script")
        assert ended.returncode == 127
        assert ended.stderr.startswith(b"mainspring: no interpreter ")


@pytest.mark.parametrize("option", ["", " -I"])
def test_a_missing_interpreter_of_a_script_is_named_with_it(layout: Layout, option: str) -> None:
    layout.stand_in()
    layout.script(f"#!/missing/venv/bin/python{option}\n")
    message = (
        "/missing/venv/bin/python is named in the first line of program.py, but is not there; "
        "reinstall it or use --python"
    )
    check_failure(layout.call("run", "program.py"), 127, message)


def test_without_any_interpreter_the_error_says_so(layout: Layout) -> None:
    layout.environment["PATH"] = str(layout.root / "nowhere")
    message = (
        "no python3 beside mainspring and none on PATH; install one, or name it with --python "
        "or MAINSPRING_PYTHON"
    )
    check_failure(layout.call("run", "script"), 127, message)


@pytest.mark.parametrize("name", ["data", "folder", "broken", "text"])
def test_what_cannot_be_executed_is_not_called_missing(layout: Layout, name: str) -> None:
    layout.script("", "data").chmod(0o644)
    (layout.root / "folder").mkdir()
    layout.script("#!/missing/interpreter\n", "broken")
    layout.script("just text\n", "text")
    errors = {
        "data": "Permission denied",
        "folder": "Permission denied",
        "broken": "No such file or directory",
        "text": "Exec format error",
    }
    message = (
        f"{layout.root}/./{name} cannot be executed: {errors[name]}; make it executable, or name "
        "another interpreter with --python"
    )
    check_failure(layout.call("run", "--python", f"./{name}", "script"), 126, message)


@pytest.mark.parametrize("source", ["--python", "MAINSPRING_PYTHON"])
def test_the_launcher_is_no_interpreter(layout: Layout, source: str) -> None:
    layout.stand_in()
    alias = layout.root / "python3"
    alias.symlink_to(layout.mainspring)
    words = ["--python", str(alias)] if source == "--python" else []
    layout.environment["MAINSPRING_PYTHON"] = str(alias)
    message = f"{alias} is mainspring itself, and {source} names it; name a Python instead"
    check_failure(layout.call("run", *words, "script"), 126, message)


def test_a_launcher_that_is_all_there_is_on_path_is_not_started(layout: Layout) -> None:
    for name in ("python3", "python"):
        (layout.root / "bin" / name).symlink_to("mainspring")
    layout.environment["PATH"] = str(layout.root / "bin")
    layout.script(f"#!{layout.root}/bin/python3\n")
    ended = layout.call("run", "program.py")
    assert ended.returncode == 127
    assert ended.stderr.startswith(b"mainspring: no python3 beside mainspring and none on PATH;")


def test_a_message_is_one_line_whatever_it_names(layout: Layout) -> None:
    ended = layout.call("run", "--python", "./a\n\x1b[1m%\udcff", "script")
    assert ended.returncode == 127
    assert ended.stderr.startswith(b"mainspring: no interpreter ./a\\n\\x1b[1m%\xff found, which")
    assert ended.stderr.count(b"\n") == 1


def test_a_closed_stderr_changes_no_exit_status(layout: Layout) -> None:
    closed = 'exec "$@" 2>&-'
    words: list[Word] = [layout.mainspring, "run", "--python", "/missing/python"]
    ended = layout.execute("/bin/sh", "-c", closed, "sh", *words)
    assert (ended.returncode, ended.stderr) == (127, b"")


def test_a_start_in_a_folder_that_is_gone_still_works(layout: Layout) -> None:
    (layout.root / "gone").mkdir()
    layout.environment["MAINSPRING"] = "off"
    layout.keep_log()
    command = 'cd gone && rmdir ../gone && exec "$@"'
    words: list[Word] = ["/bin/sh", "-c", command, "sh", layout.mainspring, "run"]
    ended = layout.execute(*words, "--python", "true", "script")
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert layout.logged() == [(b"script", b"off")]


def test_a_launcher_that_was_replaced_while_it_ran_is_no_error(layout: Layout) -> None:
    """Its own link in /proc then reads "... (deleted)"."""
    python = layout.stand_in()
    copy = layout.root / "bin" / "second"
    shutil.copy(layout.mainspring, copy)
    with copy.open("rb") as opened:
        copy.unlink()
        path = f"/proc/self/fd/{opened.fileno()}"
        ended = layout.execute(path, "run", "script", descriptors=[opened.fileno()])
    assert (ended.returncode, ended.stderr) == (0, b"")
    assert os.fsencode(f"PYTHONPATH={layout.start}") in python.environment
