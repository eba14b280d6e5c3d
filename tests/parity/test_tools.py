"""Tools that look at a program from inside or outside see what they always see."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .case import Case, cut_addresses, each, stands_aside
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

NO_SCRIPT = stands_aside("no-script")
WORK = """\
def double(x):
    '''Twice x.

    >>> double(2)
    4
    >>> double("a")
    'ab'
    '''
    y = x + x
    return y


class Box:
    def open(self):
        return double(3)


"""
SOURCES = (
    WORK
    + """\
import inspect, linecache, sys
print(inspect.getsource(double), inspect.getsourcefile(Box), inspect.getmodule(double))
print(inspect.getsource(Box.open), inspect.getsourcelines(Box), inspect.getdoc(double))
print(inspect.getfile(sys.modules["__main__"]), inspect.getsource(sys.modules["__main__"])[:20])
print(linecache.getline(__file__, 2), __loader__.get_source("__main__")[:20])
print(__loader__.get_filename("__main__"), __loader__.is_package("__main__"))
print(inspect.signature(double), double.__module__, double.__qualname__, Box.__module__)
"""
)
DOCTESTS = WORK + "import doctest\nprint(doctest.testmod())\n"
BREAKS = WORK + "import os\nos.environ.pop('PYTHONBREAKPOINT', None)\nbreakpoint()\nprint(double(1))\n"
CRASHES_TO_PDB = (
    WORK + "import pdb, sys\ntry:\n    double(None)\nexcept TypeError:\n    pdb.post_mortem()\n"
)
PDB = b"where\nlist\nbreak double\ncontinue\nwhere\nargs\np __file__, __name__\nup\nquit\n"
RELOADS = (
    WORK
    + """\
import importlib
import importlib.util
import sys
try:
    importlib.reload(sys.modules["__main__"])
except Exception as error:
    print(type(error), error)
import __main__
print(__main__ is sys.modules["__main__"], importlib.import_module("__main__") is __main__)
print(importlib.util.find_spec("main").origin)
try:
    print(importlib.util.find_spec("__main__"))
except ValueError as error:
    print(error)
"""
)
RUNS_ITSELF = """\
import runpy
import sys
print(__name__, __file__, sys.argv, sorted(globals()))
if __name__ == "__main__" and len(sys.argv) == 1:
    sys.argv.append("again")
    print(sorted(runpy.run_path(__file__, run_name="__main__")))
    print(sorted(runpy.run_path(__file__, run_name="other")))
"""
TRACED = (
    WORK
    + """\
import sys
events = []


def trace(frame, event, arg):
    events.append((event, frame.f_code.co_name, frame.f_lineno, frame.f_code.co_filename == __file__))
    return trace


sys.settrace(trace)
Box().open()
sys.settrace(None)
print(events)
events = []
sys.setprofile(trace)
Box().open()
sys.setprofile(None)
print(events)
sys._getframe().f_trace = trace
sys.settrace(trace)
x = 1
x = 2
sys.settrace(None)
print(events)
"""
)
MONITORED = (
    WORK
    + """\
import sys
events = []
mon = sys.monitoring
mon.use_tool_id(0, "test")
mon.set_events(0, mon.events.LINE | mon.events.PY_START | mon.events.CALL | mon.events.BRANCH)
mon.register_callback(0, mon.events.LINE, lambda code, line: events.append((code.co_name, line)))
mon.register_callback(0, mon.events.PY_START, lambda code, at: events.append((code.co_name, at)))
Box().open()
mon.set_events(0, 0)
mon.free_tool_id(0)
print(events)
"""
)
PROFILED = (
    WORK
    + """\
import cProfile, io, pstats
profile = cProfile.Profile()
profile.runcall(Box().open)
stats = pstats.Stats(profile).stats
print(sorted((name, value[:2]) for name, value in stats.items()))
"""
)
COUNTED_BY_TRACE = (
    WORK
    + """\
import trace
tracer = trace.Trace(count=True, trace=False)
tracer.runfunc(Box().open)
print(sorted(tracer.results().counts.items()))
"""
)
ALLOCATED = """\
import tracemalloc
tracemalloc.start(3)
kept = [bytes(1000) for _ in range(5)]
snapshot = tracemalloc.take_snapshot().filter_traces([tracemalloc.Filter(True, __file__)])
print([(str(s.traceback), s.count) for s in snapshot.statistics("lineno") if s.size > 4000])
"""
DISASSEMBLED = (
    WORK + "import dis\ndis.dis(double)\ndis.show_code(double)\n"
    "import sys\nprint(list(sys._getframe().f_code.co_lines())[:9])\n"
)
IDLE_THINGS = WORK + "import faulthandler, sys\nfaulthandler.dump_traceback(sys.stdout)\nBox().open()\n"
PDB_SCRIPT = WORK + "print(double(4))\n"
AST = "import ast\ntree = ast.parse(open(__file__).read())\nprint(len(list(ast.walk(tree))))\n"
TYPES = (
    "import typing as t\nclass A:\n    x: 'B'\nclass B: ...\nprint(t.get_type_hints(A))\n"
    "import dataclasses as d\n@d.dataclass\nclass C:\n    x: int = 1\nprint(C(), C.__module__)\n"
)
LOGGED = (
    "import logging\nlogging.basicConfig(format='%(filename)s %(module)s %(lineno)d %(message)s')\n"
    "logging.warning('x')\nlogging.getLogger(__name__).error('y', stack_info=True)\n"
)
UNITTEST = (
    "import unittest\nclass T(unittest.TestCase):\n    def test_x(self):\n        self.fail('no')\n"
    "unittest.main(argv=['x', '-q'])\n"
)
ARGPARSE = "import argparse\nargparse.ArgumentParser().parse_args()\n"
CODE = "import code\ncode.interact(banner='b', local=globals(), exitmsg='e')\nprint(x)\n"


def cut_profile(output: bytes) -> bytes:
    """A profile without its times."""
    lines = [line for line in output.split(b"\n") if b"mainspring" not in line]
    return re.sub(rb"\d+\.\d+", b"0", b"\n".join(lines))


def cut_seconds(output: bytes) -> bytes:
    return re.sub(rb"\d+\.\d+s", b"s", output)


@each(
    Case("sources", SOURCES),
    Case("sources of odd names", SOURCES, script_name=" x\ny"),
    Case("doctest", DOCTESTS, shows=b"Expected"),
    Case("breakpoint", BREAKS, stdin=b"where\nnext\np double\ncontinue\n", normalise=cut_addresses,
         shows=b"(Pdb)"),
    Case("breakpoint, quit", BREAKS, stdin=b"quit\n", status=None, shows=b"(Pdb)"),
    Case("post mortem", CRASHES_TO_PDB, stdin=b"where\nargs\nup\nlist\nquit\n", shows=b"(Pdb)"),
    Case("breakpoint elsewhere", BREAKS.replace("os.environ.pop('PYTHONBREAKPOINT', None)", "0"),
         env={"PYTHONBREAKPOINT": "builtins.print"}),
    Case("reload", RELOADS, shows=b"spec not found"),
    Case("runs itself", RUNS_ITSELF, shows=b"again"),
    Case("trace and profile functions", TRACED, shows=b"'return', 'double'"),
    Case("monitoring", MONITORED, since=(3, 12), shows=b"double"),
    Case("monitoring of branches", MONITORED, ("-X", "dev"), since=(3, 12), shows=b"double"),
    Case("cProfile", PROFILED, shows=b"double"),
    Case("trace", COUNTED_BY_TRACE, shows=b"main"),
    Case("tracemalloc", ALLOCATED, shows=b"main.py:3"),
    Case("dis", DISASSEMBLED, normalise=cut_addresses, shows=b"double"),
    Case("faulthandler", IDLE_THINGS, normalise=cut_addresses, shows=b"<module>"),
    Case("ast", AST),
    Case("types", TYPES, shows=b"__main__"),
    Case("logging", LOGGED, shows=b"main.py main 3 x"),
    Case("unittest", UNITTEST, normalise=cut_seconds, status=1, shows=b"AssertionError: no"),
    Case("argparse", ARGPARSE, arguments=("--bad",), status=2, shows=b"main.py: error"),
    Case("code", CODE, stdin=b"x = 5\n__name__\n", shows=b"__main__"),
)  # fmt: skip
def test_tools_within_a_program_see_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("pdb", PDB_SCRIPT, ("-m", "pdb"), stdin=PDB, shows=b"(Pdb)",
         normalise=cut_addresses, **NO_SCRIPT),
    Case("cProfile", PDB_SCRIPT, ("-m", "cProfile", "-s", "name"), normalise=cut_profile,
         shows=b"double", **NO_SCRIPT),
    Case("profile to a file", PDB_SCRIPT, ("-m", "cProfile", "-o", "out"), varying_files=("out",),
         shows=b"8", **NO_SCRIPT),
    Case("trace", PDB_SCRIPT, ("-m", "trace", "--trace", "--ignore-dir=/usr:/root"), shows=b"y = x + x",
         **NO_SCRIPT),
    Case("trace, counting", PDB_SCRIPT, ("-m", "trace", "-Cc", "--count"), varying_files=(),
         status=None, **NO_SCRIPT),
    Case("timeit", None, ("-m", "timeit", "-n1", "-r1", "-s", "import sys", "sys.path[0]"), program="",
         normalise=lambda _: b"", **NO_SCRIPT),
    Case("doctest", DOCTESTS, ("-m", "doctest"), status=1, shows=b"Expected", **NO_SCRIPT),
    Case("unittest", UNITTEST, ("-m", "unittest"), program="main", normalise=cut_seconds,
         status=None, **NO_SCRIPT),
    Case("compileall", PDB_SCRIPT, ("-m", "compileall"), program=".", **NO_SCRIPT),
    Case("runpy", PDB_SCRIPT, ("-m", "runpy"), program="main", status=None, **NO_SCRIPT),
    Case("zipapp", None, ("-m", "zipapp"), program="app", files={"app/__main__.py": PDB_SCRIPT},
         varying_files=("app.pyz",), **NO_SCRIPT),
    Case("site", None, ("-m", "site"), program="", shows=b"sys.path", **NO_SCRIPT),
)  # fmt: skip
def test_tools_around_a_program_see_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)
