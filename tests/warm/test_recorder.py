"""A recorded start notes the program's imports in their order, and is in all else a plain start."""

from __future__ import annotations

import pytest

from warm.recording import Program, list_ahead, list_left_out

OBSERVATIONS = """
    import os, sys, posix, threading
    def observe():
        print([name for name in sys.modules if "mainspring" in name])
        print(type(os.environ._data) is dict, type(sys.argv) is list)
        print(os.getpid is posix.getpid, os.getpid, "write" in vars(sys.stdout))
        print(sorted(os.listdir("/proc/self/fd")))
        print(sorted(sys.path_importer_cache.keys() - set(sys.path)))
        import _frozen_importlib
        print(type(_frozen_importlib._find_and_load))
"""


def test_every_import_of_the_programs_own_is_noted_in_order(program: Program) -> None:
    program.write("import json, a\nimport xml.dom", a="import fractions")
    recipe = program.learn()
    assert list_ahead(recipe) == ["json", "a", "xml.dom"]
    assert recipe.ended == ("program-end", "")
    assert all(spent_us > 0 for _, spent_us in recipe.ahead)


def test_imports_by_importlib_are_noted_as_well(program: Program) -> None:
    program.write("import importlib\nimportlib.import_module('xml.dom')\n__import__('json')")
    assert list_ahead(program.learn())[-2:] == ["xml.dom", "json"]


def test_two_starts_make_a_recipe_of_what_both_imported(program: Program) -> None:
    program.write("import sys, json\nif len(sys.argv) > 1: import csv\nimport fractions")
    program.record()
    program.record("more")
    recipe = program.read()
    assert (recipe.starts, recipe.state) == (2, "ready")
    assert list_ahead(recipe) == ["json", "fractions"]
    assert list_left_out(recipe) == {"csv": "not-always"}


def test_the_recipe_names_the_program_and_its_interpreter(program: Program) -> None:
    program.write("import json")
    recipe = program.learn()
    assert recipe.program == str(program.folder / "main.py")
    assert recipe.python == str(program.world.plain_python)


@pytest.mark.parametrize(
    "ender", ["", "threading.Thread(target=int).start()", "import pwd; os.umask(63)"]
)
def test_nothing_of_ours_is_there_when_the_run_has_ended(program: Program, ender: str) -> None:
    program.write(f"{OBSERVATIONS}\n    os.chdir('/')\n    {ender}\n    observe()")
    program.learn()


def test_a_traceback_has_no_line_of_ours(program: Program) -> None:
    program.write("import a", a="import b", b="import c", c="import nothing_such")
    assert "nothing_such" in program.record().stderr
    program.write("import a", a="import b", b="import c", c="1/0")
    assert "ZeroDivisionError" in program.record().stderr


def test_a_module_that_fails_is_not_imported_ahead_but_what_it_imported_is(program: Program) -> None:
    main = """
        try:
            import a
        except ImportError:
            pass
        import csv
    """
    program.write(main, a="import fractions\nimport nothing_such")
    recipe = program.learn()
    assert list_ahead(recipe) == ["fractions", "csv"]
    assert list_left_out(recipe)["a"] == "failed"


def test_an_interrupt_is_the_programs(program: Program) -> None:
    program.write("import signal, a", a="import os, signal\nos.kill(os.getpid(), signal.SIGINT)")
    assert "KeyboardInterrupt" in program.record().stderr


def test_a_fork_of_the_program_writes_no_recipe(program: Program) -> None:
    program.write("""
        import os, json
        if os.fork() == 0:
            import csv
            os._exit(0)
        os.wait()
    """)
    recipe = program.learn()
    assert (recipe.starts, list_ahead(recipe)) == (1, ["json"])
    assert recipe.ended == ("process", "os.fork")


def test_exec_leaves_the_recipe_of_what_came_before(program: Program) -> None:
    program.write("import os, json\nos.execv('/bin/true', ['true'])")
    assert list_ahead(program.learn()) == ["json"]


def test_only_the_environment_names_that_imports_read_are_noted(program: Program) -> None:
    main = "import os\nos.environ.get('MINE')\nimport a\nos.getenv('MINE_TOO')"
    program.write(main, a="import os\nos.environ.get('ONE'); 'TWO' in os.environ; os.getenv('THREE')")
    assert {"ONE", "TWO", "THREE"} <= program.learn().names
    assert not program.read().names & {"MINE", "MINE_TOO"}


def test_files_and_folders_that_imports_read_are_noted(program: Program) -> None:
    path = program.folder / "data.txt"
    path.write_text("text")
    program.write(
        f"open({str(program.folder / 'main.py')!r})\nimport a",
        a=f"import os\nopen({str(path)!r}).close()\nos.listdir({str(program.folder)!r})",
    )
    recipe = program.learn(PYTHONWARNINGS="ignore")
    assert recipe.files == {str(path)}
    assert recipe.folders == {str(program.folder)}


def test_a_runtime_folder_that_is_gone_does_no_harm(program: Program) -> None:
    program.write(f"import json, shutil\nshutil.rmtree({str(program.runtime)!r}, True)\nprint(1)")
    assert program.run(MAINSPRING_WARM="record:1").stdout == "1\n"
    assert program.run(MAINSPRING_WARM="record:1").stdout == "1\n"
