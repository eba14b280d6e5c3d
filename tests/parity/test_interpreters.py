"""Interpreters within the program's process start as they would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, cut_addresses, each
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

CREATE = """\
import sys
try:
    from concurrent import interpreters

    def run(code):
        interpreters.create().exec(code)
except ImportError:
    try:
        import _interpreters
    except ImportError:
        import _xxsubinterpreters as _interpreters

    def run(code):
        print(_interpreters.run_string(_interpreters.create(), code), flush=True)


"""
TELL = """\
import sys
print(*sys.path, sep="\\\\n")
print(*sys.modules, sep="\\\\n")
print(*sys.path_importer_cache, sep="\\\\n")
print(sys.argv, sys.orig_argv, sys.flags, list(globals()), __name__)
import gc
gc.collect()
print([str(o) for o in gc.get_objects() if type(o) is not set and "mainspring" in str(o)
       and "environ" not in str(o)])
import os
print(sorted(os.environ), flush=True)
"""
TELLS = CREATE + f'run("""{TELL}""")\n'
IMPORTS = CREATE + "run('import near; print(near.__file__, flush=True)')\n"
FAILS = (
    CREATE + "try:\n    run('1/0')\nexcept Exception as error:\n    print(type(error).__name__, error)\n"
)
THREE = CREATE + "for i in range(3):\n    run(f'print({i}, __name__, flush=True)')\n"
IN_THREAD = (
    CREATE + "import threading\nt = threading.Thread(target=run, args=(\"print('x', flush=True)\",))\n"
    "t.start()\nt.join()\n"
)
POOL = """\
from concurrent.futures import InterpreterPoolExecutor
with InterpreterPoolExecutor(1) as pool:
    print(list(pool.map(abs, [-1, -2])))
"""


@each(
    Case("what it sees", TELLS, ("-Wignore",), shows=b"_frozen_importlib"),
    Case("what it sees, PYTHONPATH", TELLS, ("-Wignore",), env={"PYTHONPATH": "{work}/near"}),
    Case("what it sees, -P", TELLS, ("-P", "-Wignore")),
    Case("an import beside the script", IMPORTS, files={"near.py": ""}, status=None),
    Case("an error", FAILS, normalise=cut_addresses),
    Case("several", THREE, shows=b"2 __main__"),
    Case("in a thread", IN_THREAD, shows=b"x"),
    Case("a pool", POOL, since=(3, 14), shows=b"[1, 2]"),
)
def test_subinterpreters_start_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


def test_a_subinterpreter_is_not_a_start(world: World) -> None:
    assert_same_program(Case("", THREE), world)
    assert [line.outcome for line in world.read_log()] in (["hit"], ["refreshed"])
