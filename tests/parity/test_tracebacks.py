"""What goes wrong in a program is told in the same words, lines and marks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .case import Case, cut_addresses, each, stands_aside
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

NESTED = """\
class Box:
    def open(self, depth):
        return [self.open(depth - 1) for _ in (1,)] if depth else {}["grün" + "\\N{SNOWMAN}"]


Box().open(3)
"""

CHAINED = """\
def first():
    try:
        1 / 0
    except ZeroDivisionError as error:
        raise KeyError("second") from error


try:
    first()
except KeyError:
    raise LookupError("third")
"""

NOTES = """\
error = ValueError("with notes")
error.add_note("one note")
error.add_note("another\\nof two lines")
raise error
"""

GROUP = """\
def fail(kind):
    raise kind(kind.__name__)


errors = []
for kind in (ValueError, TypeError):
    try:
        fail(kind)
    except Exception as error:
        errors.append(error)
raise ExceptionGroup("several", [*errors, ExceptionGroup("inner", [OSError(2, "no", "file")])])
"""

IN_THREAD = """\
import threading

thread = threading.Thread(target=lambda: 1 / 0, name="worker")
thread.start()
thread.join()
print("the program goes on")
"""

PRINTED = """\
import sys
import traceback


def show():
    traceback.print_stack()
    try:
        int("x")
    except ValueError as error:
        traceback.print_exc()
        print(error.__traceback__.tb_frame.f_code.co_filename, error.__traceback__.tb_next)


show()
print([line for line in traceback.format_stack()])
sys.stderr.write("end\\n")
"""

WARNED = """\
import warnings


def old():
    warnings.warn("old", DeprecationWarning, stacklevel=2)
    warnings.warn("very old", UserWarning)


old()
old()
print(sorted(map(str, __warningregistry__)))
"""

OWN_HOOK = """\
import sys


def tell(kind, value, trace):
    print(kind.__name__, value, "__file__" in globals(), "__cached__" in globals())
    print(trace.tb_frame.f_globals is globals(), trace.tb_lineno, trace.tb_next)


sys.excepthook = tell
raise RuntimeError("seen by a hook")
"""

UNRAISABLE = """\
import sys


class Bad:
    def __del__(self):
        raise ValueError("in __del__")


Bad()
sys.unraisablehook = lambda seen: print("hook:", seen.exc_type, seen.err_msg)
Bad()
kept = Bad()
"""

LAST = """\
import atexit
import sys

atexit.register(lambda: print(sys.last_type, sys.last_value, sys.last_traceback.tb_lineno,
                              hasattr(sys, "last_exc"), "__file__" in globals()))
raise OSError(13, "Permission denied", "somewhere")
"""

SHADOWING = "import random\nprint(random.nothing)\n"


@each(
    Case("plain", "x = 1\nraise ValueError('x')\n", status=1, shows=b"ValueError: x"),
    Case("nested", NESTED, status=1),
    Case("chained", CHAINED, status=1),
    Case("with notes", NOTES, status=1),
    Case("group", GROUP, status=1),
    Case("endless recursion", "def f():\n    f()\n\n\nf()\n", status=1, shows=b"repeated"),
    Case("in a thread", IN_THREAD, shows=b"worker"),
    Case("printed by the program", PRINTED),
    Case("warnings", WARNED, shows=b"DeprecationWarning"),
    Case("warnings as errors", WARNED, ("-Werror",), status=1),
    Case("unknown name", "print(pritn)\n", status=1, shows=b"Did you mean"),
    Case("unknown attribute", "'x'.uper()\n", status=1),
    Case("unknown module", "import sys.path_\n", status=1),
    Case("assertion", "assert (x := 1) == 2, f'{x}'\n", status=1),
    Case("text of other alphabets", "s = 'жёλ漢字'; s.каков\n", status=1, shows="жёλ".encode()),
    Case("without marks", NESTED, ("-Xno_debug_ranges",), status=1),
    Case("in development mode", NESTED, ("-Xdev",), status=1),
    Case("raised by exec", "exec('1/0')\n", status=1),
    Case("in a deleted file", "import os\nos.unlink(__file__)\n1/0\n", status=1),
    Case("two lines long", "print(1,\n      2 /\n      0)\n", status=1),
    Case("own hook", OWN_HOOK, status=1, shows=b"RuntimeError seen by a hook"),
    Case("hook that raises", "import sys\nsys.excepthook = lambda *a: 1 / 0\nx\n", status=1),
    Case("no hook", "import sys\ndel sys.excepthook\nx\n", status=1, shows=b"excepthook"),
    Case("unraisable", UNRAISABLE, normalise=cut_addresses),
    Case("noted for later", LAST, status=1),
    Case("no traceback wanted", "import sys\nsys.tracebacklimit = 0\n1/0\n", status=1),
    Case("no stderr", "import sys\nsys.stderr = None\n1/0\n", status=1),
    Case("module of the folder", SHADOWING, files={"random.py": ""}, status=1),
    Case("script named as a module", SHADOWING, script_name="random.py", status=1),
    Case(
        "in an imported module",
        "import broken\n",
        files={"broken.py": "def f():\n    raise OSError\n\n\nf()\n"},
        status=1,
    ),
    Case("syntax of an imported module", "import bad\n", files={"bad.py": "x = = 1\n"}, status=1),
)
def test_errors_read_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("assignment", "x = = 1\n", status=1, shows=b"SyntaxError"),
    Case("later line", "print('never printed')\n\n\ndef f(:\n    pass\n", status=1),
    Case("indentation", "if 1:\nprint()\n", status=1, shows=b"IndentationError"),
    Case("dedent", "if 1:\n    if 2:\n        x\n   y\n", status=1),
    Case("tabs and spaces", "if 1:\n\tx = 1\n        y = 2\n", status=1, shows=b"TabError"),
    Case("open bracket", "x = (1,\n", status=1),
    Case("open text", "x = 'abc\n", status=1),
    Case("other alphabets", "жёλ = 漢 字\n", status=1),
    Case("return", "return 1\n", status=1),
    Case("duplicate argument", "def f(a, a): pass\n", status=1),
    Case("nonlocal", "def f():\n    nonlocal x\n", status=1),
    Case("late future import", "x = 1\nfrom __future__ import annotations\n", status=1),
    Case("unknown future import", "from __future__ import braces\n", status=1),
    Case("deep nesting", "(" * 300 + ")" * 300, status=1),
    Case("print of Python 2", "print 'x'\n", status=1),
    Case("long literal", "x = " + "1" * 5000 + "\n", status=1),
    Case("lone backslash", "x = \\ 1\n", status=1),
    Case("await outside", "await x\n", status=1),
    Case("own hook is not there yet", "import sys\nsys.excepthook = print\nx = = 1\n", status=1),
    Case("without marks", "x = = 1\n", ("-Xno_debug_ranges",), status=1),
    Case("stays interactive", "x = = 1\n", ("-b",), status=1),
)
def test_a_script_that_does_not_compile_is_refused_in_the_same_words(case: Case, world: World) -> None:
    assert_same_program(replace(case, **stands_aside("absent does-not-compile")), world)
