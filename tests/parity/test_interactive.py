"""Where a prompt comes after the script, it comes as it would, and knows what it would."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, each, stands_aside
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

INTERACTIVE = stands_aside("interactive")
#: without it, 3.13 and later run a prompt of Python's own, which writes for a terminal
PLAIN_PROMPT = {"PYTHON_BASIC_REPL": "1", "TERM": "dumb"}
LATE = "import os\nos.environ['PYTHONINSPECT'] = '1'\nvalue = 5\n"
END = b"\x04"


@each(
    Case("after the end", "x = 5\n", ("-i",), stdin=b"print(x, __name__)\nglobals().keys()\n",
         shows=b"5 __main__", **INTERACTIVE),
    Case("after an error", "x = 5\n1/0\n", ("-i",), stdin=b"import sys\nsys.last_value\n",
         shows=b"ZeroDivisionError", **INTERACTIVE),
    Case("after exit", "exit(3)\n", ("-i",), stdin=b"print(1)\n", **INTERACTIVE),
    Case("which exits", "x = 5\n", ("-i",), stdin=b"exit(x)\n", status=5, **INTERACTIVE),
    Case("after a syntax error", "x = = 5\n", ("-i",), stdin=b"print('on')\n", **INTERACTIVE),
    Case("in a cluster", "x = 5\n", ("-qiO",), stdin=b"x\n__debug__\n", **INTERACTIVE),
    Case("from the environment", "x = 5\n", typed_in=b"print(x)\n" + END, shows=b"5",
         env={"PYTHONINSPECT": "1", **PLAIN_PROMPT}, **INTERACTIVE),
    Case("from the environment, no terminal", "x = 5\n", stdin=b"print(x)\n",
         env={"PYTHONINSPECT": "1"}, **INTERACTIVE),
    Case("without a script", None, ("-i",), program="", stdin=b"1 + 1\n",
         shows=b"2", **stands_aside("no-script")),
    Case("with a startup file", "x = 5\n", ("-i",), stdin=b"print(y)\n", files={"up.py": "y = 6\n"},
         env={"PYTHONSTARTUP": "{work}/up.py"}, **INTERACTIVE),
)  # fmt: skip
def test_a_prompt_after_the_script_is_left_to_cpython(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("after the end", LATE, typed_in=b"value\n'__file__' in globals()\n" + END, shows=b"5",
         env=PLAIN_PROMPT),
    Case("which exits", LATE, typed_in=b"exit(3)\n", env=PLAIN_PROMPT, status=3),
    Case("after an error", LATE + "1/0\n", typed_in=b"import sys\nsys.last_value\nvalue\n" + END,
         env=PLAIN_PROMPT, shows=b"ZeroDivisionError('division by zero')"),
    Case("after exit", LATE + "exit(4)\n", typed_in=b"value\n" + END, env=PLAIN_PROMPT, status=None),
    Case("after an interrupt", LATE + "raise KeyboardInterrupt\n", typed_in=b"value\n" + END,
         env=PLAIN_PROMPT, status=None),
    Case("not at all", "print(input('who? '), open(0).isatty())\n", typed_in=b"me\n", env=PLAIN_PROMPT,
         shows=b"who? me True"),
)  # fmt: skip
def test_a_prompt_that_the_program_asks_for_is_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)
