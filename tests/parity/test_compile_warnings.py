"""Warnings that compiling gives come at every start, through the filters of that start."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

from .case import USER_SITE, Case, OutcomeFields, Outcomes, each, stands_aside
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

AS_ERRORS: Outcomes = ("absent warnings-as-errors", "hit warnings-as-errors")
REFUSED = stands_aside("absent does-not-compile")
SEVERAL = r"""
import sys
a = "\d"
b = b"\q"
print(a is 1, "kept")


def f(x):
    '''Documentation \w.'''
    assert (x, "never false")
    return 0x1if x else 2


print((1, 2) is ())
c = f"\z{a}\y"
print(f.__doc__, globals().get("__warningregistry__"))
print([1] [0,] if 0 else "")
"""
FINALLY = """\
def f():
    for i in (1, 2):
        try:
            1 / 0
        finally:
            return i


print(f())
"""
SAME_LINE = r"""x = "\d"; y = "\d"; z = "\e"; print(1 is 1, 2 is 2)"""
REGISTRY = (
    "x = '\\d'\nimport warnings\nprint(__warningregistry__ if '__warningregistry__' in globals() "
    "else None)\nwarnings.warn('later')\nprint(list(__warningregistry__))\n"
)
CAPTURED = "import logging\nlogging.captureWarnings(True)\nlogging.basicConfig()\n"
COUNTED = "import warnings\nwarnings.showwarning = lambda *a, **k: print('shown:', a[0], a[1], a[3])\n"
FORMATTED = "import warnings\nwarnings.formatwarning = lambda *a, **k: f'{a[1].__name__} {a[3]}\\n'\n"
FILTERED = "import warnings\nwarnings.simplefilter('ignore')\n"
AS_ERROR = "import warnings\nwarnings.simplefilter('error', {})\n"
LOADED = "import warnings\n"
NO_MODULE = "import sys\nsys.modules['warnings'] = None\n"


def customized(
    name: str, text: str, script: str = SEVERAL, *options: str, status: int | None = 0,
    shows: bytes = b"", **outcomes: Unpack[OutcomeFields],
) -> Case:  # fmt: skip
    """A start whose usercustomize runs *text*."""
    files = {f"base/{USER_SITE}/usercustomize.py": text}
    env = {"PYTHONUSERBASE": "{work}/base"}
    return Case(name, script, options, env=env, files=files, status=status, shows=shows, **outcomes)


@each(
    Case("by default", SEVERAL, shows=b"SyntaxWarning"),
    Case("on one line", SAME_LINE, shows=b"SyntaxWarning"),
    Case("registry", REGISTRY),
    Case("in finally", FINALLY, shows=b"1"),
    Case("call of text", "x = 'a' 'b'\nif 0:\n    'a' (1)\nprint(x)\n", shows=b"comma"),
    Case("index of a list", "if 0:\n    [1, 2]['a']\n", shows=b"SyntaxWarning"),
    Case("numbers and words", "print(1if 1else 2, 0xfor 3, 0o7and 1)\n"),
    Case("is a literal", "x = 1\nprint(x is 'a', x is not 5, 'a' is x)\n", shows=b"SyntaxWarning"),
    Case("assert of a tuple", "assert (1, 'x')\n", shows=b"SyntaxWarning"),
    Case("octal escapes", "print(ascii('\\777'), b'\\501')\n"),
    Case("nested", "def f():\n    def g():\n        return '\\d' is 1\n    return g\nf()\n"),
    Case("optimised away", "if 0:\n    x = 1 is 1\n    y = '\\d'\n"),
    Case("optimised", SEVERAL, ("-O",)),
    Case("documentation removed", SEVERAL, ("-OO",)),
    Case("latin-1", b"# coding: latin-1\nx = '\xfc\\d' is '\xfc'\n"),
    Case("of the future", "from __future__ import annotations\nx: '\\d' is 1 = 2\n"),
    Case("linked", SEVERAL, script_name="real.py", program="l.py",
         files={"l.py": lambda path: __import__("os").symlink("real.py", path)}),
    Case("odd name", SEVERAL, script_name=b"\xff new\nline.py"),
    Case("name without suffix", SEVERAL, script_name="tool"),
    Case("unknown names", "x = '\\d'\n1/0\n", status=1),
    Case("exit before the end", "exit('\\d' is 1)\n"),
)  # fmt: skip
def test_warnings_of_compiling_come_at_every_start(case: Case, world: World) -> None:
    assert_same_program(case, world)


def filtered(*options: str, status: int | None = 0, outcomes: Outcomes = ("absent", "hit")) -> Case:
    name = " ".join(options)
    return Case(name, SEVERAL, options, status=status, run=outcomes, enabled=outcomes)


@each(
    filtered("-Wignore"),
    filtered("-Wdefault"),
    filtered("-Walways"),
    filtered("-Wonce"),
    filtered("-Wmodule"),
    filtered("-Xdev"),
    filtered("-Wignore::SyntaxWarning:__main__"),
    filtered("-Wignore::SyntaxWarning:main"),
    filtered("-Wignore::SyntaxWarning:other"),
    filtered("-Wignore::SyntaxWarning::3"),
    filtered("-Wignore::DeprecationWarning"),
    filtered("-Wdefault::DeprecationWarning", "-Wignore::SyntaxWarning"),
    filtered("-Wignore:invalid escape"),
    filtered("-Wonce::SyntaxWarning", "-Wonce::DeprecationWarning"),
    filtered("-Werror", status=1, outcomes=AS_ERRORS),
    filtered("-Werror::SyntaxWarning", status=1, outcomes=AS_ERRORS),
    filtered("-Werror::DeprecationWarning", status=None, outcomes=AS_ERRORS),
    filtered("-Werror::SyntaxWarning:other", outcomes=AS_ERRORS),
    filtered("-Werror::ResourceWarning", outcomes=AS_ERRORS),
    filtered("-Werror", "-Wignore::SyntaxWarning", status=None, outcomes=AS_ERRORS),
    filtered("-Werror", "-Wignore", outcomes=AS_ERRORS),
    Case("PYTHONWARNINGS", SEVERAL, env={"PYTHONWARNINGS": "ignore::SyntaxWarning"}),
    Case("PYTHONWARNINGS=error", SEVERAL, env={"PYTHONWARNINGS": "error"}, status=1,
         run=AS_ERRORS, enabled=AS_ERRORS),
    Case("no warnings under -Werror", "print('calm')\n", ("-Werror",), shows=b"calm"),
)  # fmt: skip
def test_filters_of_the_start_apply(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    customized("captured by logging", CAPTURED, shows=b"WARNING:py.warnings"),
    customized("shown another way", COUNTED, shows=b"shown:"),
    customized("formatted another way", FORMATTED),
    customized("filtered", FILTERED),
    customized("module loaded", LOADED, shows=b"SyntaxWarning"),
    customized("module loaded and an option", LOADED, SEVERAL, "-Wonce"),
    customized("module forbidden", NO_MODULE, run=AS_ERRORS, enabled=AS_ERRORS),
    customized("made an error", AS_ERROR.format("SyntaxWarning"), status=1, run=AS_ERRORS,
               enabled=AS_ERRORS),
    customized("another made an error", AS_ERROR.format("ImportWarning"), run=AS_ERRORS,
               enabled=AS_ERRORS),
    customized("filters emptied", "import warnings\nwarnings.resetwarnings()\n"),
    customized("filters replaced", "import warnings\nwarnings.filters = []\n"),
    customized("default changed", "import warnings\nwarnings.defaultaction = 'always'\n"),
    customized("stderr replaced", "import io, sys\nsys.stderr = io.StringIO()\n"),
    customized("no stderr", "import sys\nsys.stderr = None\n"),
    customized("showing fails", "import warnings\ndef f(*a, **k):\n    raise ValueError('shown')\n"
               "warnings.showwarning = f\n", status=None),
    customized("showing exits", "import warnings\nwarnings.showwarning = lambda *a, **k: exit(7)\n",
               status=None),
    customized("nothing to warn of", CAPTURED, "print('calm')\n", shows=b"calm"),
)  # fmt: skip
def test_what_shows_warnings_at_a_start_shows_these(case: Case, open_world: World) -> None:
    assert_same_program(case, open_world)
