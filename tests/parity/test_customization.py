"""A user's own sitecustomize, usercustomize and .pth files work as they would."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from .case import PADDING, UNSEEN, USER_SITE, Case, Outcomes, each
from .comparison import assert_counted, assert_same_program

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

PROGRAM = """\
import sys
print("program", __file__, sys.argv, [name for name in sys.modules if "customize" in name])
custom = sys.modules.get("sitecustomize")
print(bool(custom), getattr(custom, "__file__", None))
print(custom and custom.__spec__ and custom.__spec__.name)
print(sys.path, list(sys.path_importer_cache))
"""
TELLS = """\
import sys
print("custom", __name__, __file__, sys.argv, sys.path[0], list(sys.modules)[-2:])
print(list(globals()), sys._getframe().f_back.f_code.co_name)
"""
CHANGES = "import sys\nsys.argv.append('added')\nsys.path.insert(0, '/added')\nvalue = 5\n"
CHANGES_ENVIRONMENT = "import os\nos.environ['MAINSPRING'] = 'off'\nos.environ.pop('PYTHONPATH', None)\n"
FILLS_MAIN = "import __main__\n__main__.__file__ = 'mine'\n__main__.value = 5\n"
REPLACES_MAIN = "import sys, types\nsys.modules['__main__'] = types.ModuleType('__main__')\n"
TRACES = """\
import sys


def trace(frame, event, arg):
    sys.__stdout__.write(f"{event} {frame.f_code.co_filename} {frame.f_code.co_name} {frame.f_lineno}\\n")
    return trace


"""
IMPORTS_HOOK = """\
import sys


class Finder:
    def find_spec(self, name, path=None, target=None):
        print("asked for", name, path)


sys.meta_path.insert(0, Finder())
"""
PATH_HOOK = """\
import sys


def hook(path):
    print("path hook", path)
    raise ImportError


sys.path_hooks.insert(0, hook)
sys.path_importer_cache.clear()
"""
RUNNER_HOOK = """\
import sys
from importlib.machinery import ModuleSpec


class Importer:
    def __init__(self, path):
        if not path.endswith("main.py"):
            raise ImportError

    def find_spec(self, name, target=None):
        return ModuleSpec(name, self) if name == "__main__" else None

    def get_code(self, name):
        return compile("import sys; print('from the importer', __name__, sys.path[0])", "made", "exec")


sys.path_hooks.insert(0, Importer)
"""
CHANGING: Outcomes = ("absent changing", "hit changing")
MAIN_IN_USE: Outcomes = ("absent main-in-use", "hit main-in-use")
PACKAGE = {
    "sitecustomize/__init__.py": TELLS + "from . import part\n",
    "sitecustomize/part.py": "print(1)\n",
}


def cut_own_frame(output: bytes) -> bytes:
    """A fatal error in a sitecustomize shows whence it was imported: in `run`, from the hook's."""
    return re.sub(rb"  File .*mainspring/start/sitecustomize.*\n    import sitecustomize\n", b"", output)


def site(name: str, text: str, status: int | None = 0, script: str = PROGRAM) -> Case:
    """A start with a sitecustomize on PYTHONPATH."""
    env = {"PYTHONPATH": "{work}/custom"}
    files = {"custom/sitecustomize.py": text}
    return Case(name, script, env=env, files=files, status=status, normalise=cut_own_frame)


def user(name: str, text: str, status: int | None = 0, script: str = PROGRAM) -> Case:
    """A start with a usercustomize."""
    files = {f"base/{USER_SITE}/usercustomize.py": text}
    return Case(name, script, env={"PYTHONUSERBASE": "{work}/base"}, files=files, status=status)


def line(name: str, text: str, script: str = PROGRAM) -> Case:
    """A start with a .pth file in the user's site-packages."""
    files = {f"base/{USER_SITE}/own.pth": text, f"base/{USER_SITE}/near/x.py": ""}
    return Case(name, script, env={"PYTHONUSERBASE": "{work}/base"}, files=files)


def ended(case: Case) -> Case:
    """The start comes to no script, and so to no line in the log."""
    return replace(case, status=None, run=UNSEEN, enabled=UNSEEN)


@pytest.fixture(scope="session")
def is_line(enabled_python: Path) -> bool:
    """Whether the slot is a .pth line: a sitecustomize on PYTHONPATH does not come before that."""
    return any(enabled_python.parents[1].rglob("mainspring.pth"))


@each(
    site("tells", TELLS),
    site("changes things", CHANGES),
    site("changes the environment", CHANGES_ENVIRONMENT),
    site("cannot be imported", "import nothing_at_all\n"),
    site("says there is none", "raise ImportError(name='sitecustomize')\n"),
    site("fails", "1/0\n"),
    site("does not compile", "x = = 1\n"),
    site("is empty", ""),
    site("imports itself again", "import sys\nif not hasattr(sys, 'again'):\n    sys.again = 1\n"
         "    del sys.modules['sitecustomize']\n    import sitecustomize\n    print(sitecustomize)\n"),
    site("takes itself away", "import sys\ndel sys.modules['sitecustomize']\n"),
    site("warns", "import warnings\nwarnings.warn('x')\nx = 1 is 1\n"),
    Case("a package", PROGRAM, env={"PYTHONPATH": "{work}"}, files=PACKAGE),
    Case("a folder of that name", PROGRAM, env={"PYTHONPATH": "{work}"},
         files={"sitecustomize/other.txt": ""}),
    Case("second on the path", PROGRAM, env={"PYTHONPATH": "/nowhere:{work}/custom::{work}"},
         files={"custom/sitecustomize.py": TELLS}),
    Case("two of them", PROGRAM, env={"PYTHONPATH": "{work}/a:{work}/b"},
         files={"a/sitecustomize.py": TELLS, "b/sitecustomize.py": "1/0"}),
    Case("not wanted", PROGRAM, ("-S",), env={"PYTHONPATH": "{work}"},
         files={"sitecustomize.py": TELLS}, run=("no-site", "no-site"), enabled=UNSEEN),
)  # fmt: skip
def test_a_sitecustomize_on_the_path_is_run(case: Case, world: World, *, is_line: bool) -> None:
    comes_first = "sitecustomize/other.txt" not in case.files and not is_line
    assert_same_program(replace(case, enabled=UNSEEN) if comes_first else case, world)


@each(
    ended(site("sitecustomize exits", "raise SystemExit(7)\n")),
    ended(site("sitecustomize is interrupted", "raise KeyboardInterrupt\n")),
    ended(user("usercustomize exits", "raise SystemExit(7)\n")),
    ended(user("usercustomize is interrupted", "raise KeyboardInterrupt\n")),
)
def test_what_ends_the_interpreter_before_the_script_ends_it(case: Case, open_world: World) -> None:
    assert_same_program(case, open_world)


@each(
    user("tells", TELLS),
    user("changes things", CHANGES),
    user("changes the environment", CHANGES_ENVIRONMENT),
    user("cannot be imported", "import nothing_at_all\n"),
    user("fails", "1/0\n"),
    user("finds imports", IMPORTS_HOOK),
    user("path hook", PATH_HOOK),
    user("starts a thread", "import threading\nt = threading.Thread(target=print, args=('t',))\n"
         "t.start()\nt.join()\n"),
    user("registers at exit", "import atexit\natexit.register(print, 'at exit')\n"),
    user("replaces streams",
         "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'latin-1')\n"),
    user("sets the depth", "import sys\nsys.setrecursionlimit(150)\n"),
    user("changes the folder", "import os\nos.chdir('/')\n"),
    user("replaces open", "import builtins, io\nbuiltins.open = None\nio.open_code = None\n"),
    user("replaces compile", "import builtins\nbuiltins.compile = builtins.exec = None\n"),
    user("replaces SystemExit", "import builtins\nbuiltins.SystemExit = ValueError\n"),
    user("replaces audit", "import sys\nsys.audit = None\n"),
    user("no stderr", "import sys\nsys.stderr = None\n", script="1/0\n", status=1),
    user("an excepthook", "import sys\nsys.excepthook = lambda *a: print('hook', a[0])\n", script="1/0\n",
         status=1),
    user("collects no garbage", "import gc\ngc.disable()\n"),
    line("a folder", "near\n"),
    line("a line", "import sys; print('line', sys.argv)\n"),
    line("a line that fails", "import nothing_at_all\n"),
)  # fmt: skip
def test_what_is_run_for_the_user_is_run(case: Case, open_world: World) -> None:
    assert_same_program(case, open_world)


@each(
    replace(user("a file name in main", FILLS_MAIN), run=MAIN_IN_USE, enabled=MAIN_IN_USE),
    user("another main", REPLACES_MAIN),
    replace(
        user("a changed script", "open('main.py', 'w').write('print(\"changed\")')\n"),
        shows=b"changed",
        run=CHANGING,
        enabled=CHANGING,
    ),
    replace(user("an importer that takes the script", RUNNER_HOOK), run=UNSEEN, enabled=UNSEEN),
)
def test_a_start_that_was_changed_goes_on_as_changed(case: Case, open_world: World) -> None:
    assert_same_program(case, open_world)


@each(
    user("traced", TRACES + "sys.settrace(trace)\n", script=PROGRAM + PADDING),
    user("profiled", TRACES + "sys.setprofile(trace)\n", script=PROGRAM + PADDING),
    user("traced, exit", TRACES + "sys.settrace(trace)\n", 5, "raise SystemExit(5)\n" + PADDING),
    user("traced, an error", TRACES + "sys.settrace(trace)\n", 1, "1/0\n" + PADDING),
)
def test_a_tracer_sees_no_call_of_the_hook(case: Case, open_world: World) -> None:
    without = {"MAINSPRING_LOG": None, "MAINSPRING_MIN_SIZE": None}  # a line of the log is a call
    untold = replace(case, env={**case.env, **without}, run=UNSEEN, enabled=UNSEEN)
    assert_same_program(untold, open_world)
    assert_counted(open_world)
