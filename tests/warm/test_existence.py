"""Whether a file exists is on record where an import asks for it; who asks is not told of it."""

from __future__ import annotations

import pytest

from warm.recording import Program, list_ahead, list_left_out

ASKING = (
    "os.path.exists(path)",
    "os.path.lexists(path)",
    "os.path.isfile(path.encode())",
    "os.path.isdir(path)",
    "os.path.islink(path)",
    "os.access(path, os.R_OK)",
    "pathlib.Path(path).exists()",
    "os.path.realpath(path)",
    "stat(path) if False else os.path.ismount(path)",
)


@pytest.mark.parametrize("asking", ASKING)
def test_what_an_import_asks_for_is_on_record(asking: str, program: Program) -> None:
    path = program.folder / "not-there"
    program.write(
        "import one", one=f"import os, pathlib\nfrom os import stat\npath = {str(path)!r}\n{asking}\n"
    )
    recipe = program.learn()
    assert "one" in list_ahead(recipe)
    assert str(path) in recipe.files


def test_a_link_that_is_read_is_on_record(program: Program) -> None:
    link = program.folder / "link"
    link.symlink_to("nowhere")
    program.write("import one", one=f"import os\nassert os.readlink({str(link)!r}) == 'nowhere'\n")
    assert str(link) in program.learn().files


@pytest.mark.parametrize("path", ["/dev/null", "/sys/kernel", "/proc/cpuinfo", ""])
def test_what_is_no_file_of_the_users_is_not(path: str, program: Program) -> None:
    program.write("import one", one=f"import os; os.path.exists({path!r})")
    recipe = program.learn()
    assert "one" in list_ahead(recipe)
    assert path not in recipe.files


@pytest.mark.parametrize(
    ("asking", "reason"),
    [
        ("os.path.exists('/proc/self/maps')", "process-id"),
        ("os.stat(path='/tmp')", "folder"),
        ("os.stat('tmp', dir_fd=os.open('/', os.O_RDONLY))", "folder"),
    ],
)
def test_what_depends_on_the_caller_is_left_to_the_program(
    asking: str, reason: str, program: Program
) -> None:
    program.write("import one", one=f"import os; {asking}")
    assert list_left_out(program.learn())["one"] == reason


def test_what_the_program_asks_for_is_not_on_record(program: Program) -> None:
    program.write("import os; os.path.exists('/nowhere/at/all'); import one", one="")
    assert "/nowhere/at/all" not in program.learn().files


def test_what_a_function_can_do_is_as_without(program: Program) -> None:
    program.write(
        "import one, os; print(one.can, one.at_end(), os.stat in os.supports_fd)",
        one="""
            import os
            can = [{os.stat, os.open} <= os.supports_dir_fd, os.stat in os.supports_follow_symlinks]
            at_end = lambda: {os.stat, os.access} <= os.supports_dir_fd
        """,
    )
    assert program.record().stdout == "[True, True] True True\n"
