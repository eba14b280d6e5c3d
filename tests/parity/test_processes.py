"""A program starts others, and itself again, as it would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, cut_addresses, each
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

POOL = """\
import multiprocessing as mp
import sys
print("module level", __name__, flush=True)


class Thing:
    def __init__(self, x):
        self.x = x


def work(thing):
    main = sys.modules["__main__"]
    return thing.x * 2, __name__, main.__name__, main.__spec__, sys.argv, Thing.__module__


if __name__ == "__main__":
    with mp.get_context(METHOD).Pool(1) as pool:
        print(pool.map(work, [Thing(1), Thing(2)]))
    process = mp.get_context(METHOD).Process(target=print, args=("in the process",))
    process.start()
    process.join()
    print(process.exitcode)
"""
EXECUTOR = """\
import concurrent.futures as futures
import multiprocessing as mp


def square(x):
    if x == 3:
        raise ValueError("three")
    return x * x


if __name__ == "__main__":
    with futures.ProcessPoolExecutor(1, mp.get_context("spawn")) as pool:
        print(list(pool.map(square, range(3))))
        print(repr(pool.submit(square, 3).exception()))
"""
UNGUARDED = """\
import multiprocessing as mp
mp.set_start_method("spawn")
process = mp.Process(target=print)
process.start()
process.join()
print("exit code", process.exitcode)
"""
ITSELF = """\
import subprocess
import sys
print("level", len(sys.argv), __file__, sys.orig_argv[1:], flush=True)
if len(sys.argv) < 3:
    command = [sys.executable, __file__, *sys.argv[1:], "x"]
    print(subprocess.run(command, capture_output=True, text=True))
"""
EXEC_ITSELF = """\
import os
import sys
print(os.environ.get("AGAIN"), sys.argv, sys.flags.optimize, flush=True)
if "AGAIN" not in os.environ:
    os.environ["AGAIN"] = "yes"
    os.execv(sys.executable, [sys.executable, "-O", *sys.argv])
"""
ORIGINAL_ARGUMENTS = EXEC_ITSELF.replace('"-O", *sys.argv]', "*sys.orig_argv[1:]]")
CHILD_SEES = """\
import os
import subprocess
import sys
for code in ("import sys; print(sys.path, sorted(sys.modules)[:5], sys.flags)", "1/0"):
    print(subprocess.run([sys.executable, "-c", code], capture_output=True))
print(subprocess.run(["env"], capture_output=True))
print(os.popen("echo $PYTHONPATH $MAINSPRING_START").read())
"""
PICKLES = """\
import copyreg
import pickle


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return self.x == other.x


text = pickle.dumps([Point(1), Point, print])
print(text, pickle.loads(text)[0] == Point(1))
with open("kept.pickle", "wb") as file:
    pickle.dump(Point(2), file)
try:
    pickle.dumps(lambda: 0)
except Exception as error:
    print(type(error))
import __main__
print(__main__.Point is Point, __main__.__dict__ is globals())
"""
MARSHALLED = """\
import marshal
import sys
import types


def f(a, b=(1, 2.5, "x", b"y", None, ..., frozenset({1})), *, c: int = 3):
    return [a for a in b if (lambda: c)()]


print(f.__code__.co_consts, f.__code__.co_names, f.__code__.co_varnames, f.__defaults__)
print(eval(marshal.loads(marshal.dumps((lambda: 5).__code__))))
print(types.FunctionType(f.__code__, globals())(1, (2,), c=1))
print(f.__code__.co_filename is sys._getframe().f_code.co_filename)
"""
CHANGES_FOLDER = "import os\nos.chdir('/')\nprint(__file__, os.getcwd())\nimport near\n1/0\n"
DELETES = "import os\nos.unlink(__file__)\nprint(os.path.exists(__file__))\n1/0\n"
REWRITES = """\
import linecache
text = open(__file__).read()
with open(__file__, "w") as file:
    file.write("# another first line\\n" + text)
print(linecache.getline(__file__, 1))
1/0
"""
RENAMES = (
    "import os\nos.rename(__file__, 'other.py')\nimport inspect\ndef f(): pass\n"
    "try:\n    print(inspect.getsource(f))\nexcept OSError as error:\n    print(error)\n"
)


def pool(method: str) -> Case:
    return Case(method, POOL.replace("METHOD", repr(method)), shows=b"in the process")


@each(
    pool("spawn"),
    pool("forkserver"),
    Case("fork", POOL.replace("METHOD", "'fork'"), ("-Wignore",), shows=b"in the process"),
    Case("executor", EXECUTOR, shows=b"[0, 1, 4]"),
    Case("unguarded", UNGUARDED, shows=b"exit code 1"),
    Case("without suffix", POOL.replace("METHOD", "'spawn'"), script_name="tool", shows=b"(2, '__mp_"),
    Case("from another folder", POOL.replace("METHOD", "'spawn'"), script_name="a/m.py", cwd="a",
         program="../a/m.py", shows=b"__mp_main__"),
)  # fmt: skip
def test_worker_processes_find_the_main_module(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("itself", ITSELF, shows=b"level 3"),
    Case("exec of itself", EXEC_ITSELF, arguments=("a",), shows=b"yes"),
    Case("exec with its own arguments", ORIGINAL_ARGUMENTS, ("-Wonce", "-O"), ("a b",), shows=b"yes"),
    Case("a child", CHILD_SEES, shows=b"ZeroDivisionError"),
    Case("a child, PYTHONPATH set", CHILD_SEES, env={"PYTHONPATH": "{work}/a:/b"}, shows=b"/a"),
    Case("a child, PYTHONPATH empty", CHILD_SEES, env={"PYTHONPATH": ""}, shows=b"PYTHONPATH=\\n"),
    Case("first lines", "#!/usr/bin/env python3\n" + ITSELF, shows=b"level 2"),
)
def test_other_programs_are_started_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("pickle", PICKLES, shows=b"__main__"),
    Case("code objects", MARSHALLED, normalise=cut_addresses),
    Case("another folder", CHANGES_FOLDER, files={"near.py": "print(__file__)\n"}, status=1),
    Case("deletes itself", DELETES, status=1, shows=b"False"),
    Case("rewrites itself", REWRITES, status=1),
    Case("renames itself", RENAMES),
    Case("writes bytecode", "import near\nprint(near.__spec__.cached)\n", files={"near.py": "x = 'y'\n"}),
    Case("writes no bytecode for itself", "import os\nprint(os.listdir())\n", shows=b"['main.py']"),
    Case("compiles itself", "import py_compile\nprint(py_compile.compile(__file__))\n"),
    Case("removes its folder", "import os, shutil\nshutil.rmtree(os.getcwd())\nprint(__file__)\n1/0\n",
         script_name="a/m.py", program="m.py", cwd="a", status=1),
)  # fmt: skip
def test_what_a_program_does_to_its_files_is_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)
