"""The interpreter's options mean to a program what they always do."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .case import UNSEEN, Case, each, stands_aside
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

OBSERVED = stands_aside("observed")
TELLING = '''\
"""Documentation."""
import sys


def f(x: "int" = 1) -> str:
    """Of f."""
    assert x == 2, "seen"
    return "x"


print(__debug__, __doc__, f.__doc__, f.__annotations__, f.__code__.co_consts)
try:
    print(f())
except AssertionError as error:
    print(error)
print(bool(list(f.__code__.co_positions())[0][2]))
'''
BYTES = "print(b'x' == 'x')\nprint(str(b'x'))\nx = {b'a': 1, 'a': 2}\n"
DIGITS = "x = " + "7" * 700 + "\nprint(x % 1000)\nprint(int('1' * 800) % 7)\n"
SKIPPED = "this is no Python\nimport sys\nprint(sys.argv, __file__)\nraise ValueError('line 4')\n"
LATER = "import json.tool\nimport sys\nprint(len(sys.modules) > 50)\n"
UNCLOSED = "open(__file__)\nimport asyncio\nprint(asyncio.run(asyncio.sleep(0, 'slept')))\n"
ECHO = "import sys\nprint(sys.argv, sys.orig_argv)\nprint(sys.stdin.read())\n"


def cut_times(output: bytes) -> bytes:
    """Imports without how long they took, and without the one import that a log needs."""
    output = re.sub(rb"import time:.* mainspring\.startlog\n", b"", output)
    return re.sub(rb"(?m)^import time: +\d+ \| +\d+ \|", b"import time: | |", output)


def only_end(output: bytes) -> bytes:
    """The program's own lines of a start that tells of each import."""
    return b"\n".join(re.findall(rb"(?m)^own$", output))


@each(
    Case("no option", TELLING),
    Case("-O", TELLING, ("-O",)),
    Case("-OO", TELLING, ("-OO",)),
    Case("-O -O", TELLING, ("-O", "-O")),
    Case("PYTHONOPTIMIZE", TELLING, env={"PYTHONOPTIMIZE": "2"}),
    Case("PYTHONOPTIMIZE=x", TELLING, env={"PYTHONOPTIMIZE": "x"}),
    Case("-X no_debug_ranges", TELLING, ("-X", "no_debug_ranges")),
    Case("PYTHONNODEBUGRANGES", TELLING, env={"PYTHONNODEBUGRANGES": "1"}),
    Case("-b", BYTES, ("-b",), shows=b"BytesWarning"),
    Case("-bb", BYTES, ("-bb",), status=1, shows=b"BytesWarning"),
    Case("more digits", DIGITS, ("-X", "int_max_str_digits=750"), status=1, shows=b"777"),
    Case("all digits", DIGITS, ("-X", "int_max_str_digits=0"), shows=b"777"),
    Case("-X dev", UNCLOSED, ("-X", "dev"), shows=b"ResourceWarning"),
    Case("-X dev and -O", UNCLOSED, ("-OX", "dev")),
    Case("PYTHONDEVMODE", UNCLOSED, env={"PYTHONDEVMODE": "1"}, shows=b"ResourceWarning"),
    Case("-W always", UNCLOSED, ("-W", "always"), shows=b"ResourceWarning"),
    Case("bad -W", UNCLOSED, ("-W", "nonsense"), shows=b"Invalid -W option"),
    Case("-u", "import os\nprint('a')\nos.write(1, b'b')\nprint('c')\n", ("-u",), shows=b"a\nbc"),
    Case("-P", "import sys\nimport beside\n", ("-P",), files={"beside.py": ""}, status=1),
    Case("PYTHONSAFEPATH", "import beside\n", env={"PYTHONSAFEPATH": "1"}, files={"beside.py": ""},
         status=1),
    Case("-u then --", ECHO, ("-u", "--"), arguments=("--", "-O", "a"), stdin=b"in"),
    Case("options after the script", ECHO, arguments=("-x", "-i", "--python", "x", "-m"), stdin=b"in"),
    Case("-X utf8=0", "print('ü')\nprint(open(0).encoding)\n", ("-X", "utf8=0"), env={"LANG": "C"}),
    Case("-d -R -q -s", ECHO, ("-d", "-R", "-q", "-s")),
    Case("warnings about encodings", "open(__file__).close()\n", ("-Xwarn_default_encoding",),
         shows=b"EncodingWarning"),
    Case("-X faulthandler", "import faulthandler as f\nprint(f.is_enabled())\n", ("-Xfaulthandler",),
         shows=b"True"),
    Case("-X cpu_count", "import os\nprint(os.cpu_count())\n", ("-Xcpu_count=7",), shows=b"7",
         since=(3, 13)),
    Case("-X gil", "print(1)\n", ("-Xgil=1",), since=(3, 13)),
    Case("-X presite", "print(1)\n", ("-Xpresite=nothing",)),
    Case("-X perf", "print(1)\n", ("-Xperf",), since=(3, 12)),
    Case("-X lazy_imports", "import sys, json\nprint('json' in sys.modules)\n", ("-Xlazy_imports=all",),
         since=(3, 15)),
)  # fmt: skip
def test_options_have_the_same_effect(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("-x", SKIPPED, ("-x",), status=1, shows=b"line 4", **stands_aside("skips-first-line")),
    Case("-Ox", SKIPPED, ("-Ox",), status=1, **stands_aside("skips-first-line")),
    Case("-u -x", SKIPPED, ("-u", "-x"), status=1, **stands_aside("skips-first-line")),
    Case("-xX dev", SKIPPED, ("-xX", "dev"), status=1, **stands_aside("skips-first-line")),
    Case("a value x", "print(1)\n", ("-W", "x"), shows=b"1"),
    Case("-X importtime", LATER, ("-X", "importtime"), normalise=cut_times, **OBSERVED),
    Case("PYTHONPROFILEIMPORTTIME", LATER, env={"PYTHONPROFILEIMPORTTIME": "1"},
         normalise=cut_times, **OBSERVED),
    Case("-v", "print('own')\n", ("-v",), shows=b"own", normalise=only_end, **OBSERVED),
    Case("PYTHONVERBOSE", "print('own')\n", env={"PYTHONVERBOSE": "1"}, shows=b"own",
         normalise=only_end, **OBSERVED),
    Case("-X tracemalloc", "import tracemalloc as t\nprint(t.is_tracing(), t.get_traceback_limit())\n",
         ("-X", "tracemalloc=3"), shows=b"True 3", **OBSERVED),
    Case("PYTHONTRACEMALLOC", "import tracemalloc as t\nprint(t.is_tracing())\n",
         env={"PYTHONTRACEMALLOC": "2"}, shows=b"True", **OBSERVED),
    Case("-I", ECHO, ("-I",)),
    Case("-E", ECHO, ("-E",), env={"PYTHONOPTIMIZE": "1"}),
    Case("-Es", ECHO, ("-Es",)),
    Case("-S", ECHO, ("-S",), run=("no-site", "no-site"), enabled=UNSEEN),
    Case("-IS", ECHO, ("-IS",), run=("no-site", "no-site"), enabled=UNSEEN),
    Case("-V", ECHO, ("-V",), shows=b"Python 3", run=UNSEEN, enabled=UNSEEN),
    Case("-h", ECHO, ("-h",), shows=b"usage", run=UNSEEN, enabled=UNSEEN),
    Case("unknown option", ECHO, ("-Z",), status=2, run=UNSEEN, enabled=UNSEEN),
    Case("-c", None, ("-c", "import sys; print(sys.argv, __name__, globals().keys())"), ("a", "-b"),
         program="", shows=b"'-c', 'a', '-b'", **stands_aside("no-script")),
    Case("-m", "import sys\nprint(sys.argv, __spec__.name)\n", ("-m", "main"), ("a",), program="",
         shows=b"main", **stands_aside("no-script")),
    Case("-m of a package", None, ("-Om", "package"), files={"package/__main__.py": ECHO},
         program="", **stands_aside("no-script")),
)  # fmt: skip
def test_options_that_a_start_stands_aside_for_have_the_same_effect(case: Case, world: World) -> None:
    assert_same_program(case, world)
