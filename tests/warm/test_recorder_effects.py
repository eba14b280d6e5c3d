"""Each effect of an import leaves it to the program; what others could depend on ends the run."""

from __future__ import annotations

import pytest

from warm.recording import Program, list_ahead, list_left_out

#: what an import may do that is its own affair -> the reason
OWN_EFFECTS = {
    "import sys; sys.argv[-1]": "arguments",
    "import sys; sys.argv == ['x']": "arguments",
    "import sys; sys.argv + ['x']": "arguments",
    "import sys; repr(sys.argv)": "arguments",
    "import sys; [*reversed(sys.argv)]": "arguments",
    "import sys; len(sys.orig_argv)": "arguments",
    "import sys; sys.argv[1:]": "arguments",
    "import sys; [*sys.argv]": "arguments",
    "import sys; sys.argv == []; '-v' in sys.argv": "arguments",
    "import os; os.getpid()": "process-id",
    "from os import getppid; getppid()": "process-id",
    "import os; os.urandom(4)": "entropy",
    "import os; dict(os.environ)": "environment",
    "import os; len(os.environ)": "environment",
    "import os; os.environ.get('PWD')": "folder",
    "print('text')": "output",
    "import sys; sys.stderr.write('text')": "output",
    "import os; os.write(1, b'text')": "output",
    "open(__file__ + '.txt', 'w').close()": "output",
    "file = open(__file__)": "descriptor",
    "import socket; pair = socket.socketpair()": "descriptor",
    "import os\ntry: os.get_terminal_size()\nexcept OSError: pass": "terminal",
    "import os; os.umask(os.umask(63))": "process-state",
    "import subprocess; subprocess.run(['/bin/true'])": "process",
    "import socket; socket.getaddrinfo('localhost', 80)": "network",
    "import signal; signal.signal(signal.SIGUSR1, signal.SIG_IGN)": "signals",
    "import warnings; warnings.simplefilter('ignore', DeprecationWarning)": "warnings",
    "import warnings; warnings.filterwarnings('ignore', message='a changed')": "warnings",
    "import locale; locale.setlocale(locale.LC_TIME, 'C.UTF-8')": "locale",
    "import time; time.time()": "clock",
    "from time import perf_counter_ns as now; now()": "clock",
    "import time; time.strftime('%H')": "clock",
    "import datetime; datetime.datetime.now()": "clock",
    "import datetime; datetime.date.today()": "clock",
    "import email.utils; email.utils.formatdate()": "clock",
    "import random; random.random()": "entropy",
    "import random; random.seed(5)": "entropy",
    "import random; random.Random()": "entropy",
    "import uuid; uuid.uuid1()": "entropy",
    "import ssl; ssl.RAND_bytes(8)": "entropy",
    "open('/proc/sys/kernel/random/uuid').close()": "entropy",
    "open('/proc/loadavg').close()": "process-state",
    "import signal; signal.alarm(0)": "signals",
    "import signal; signal.setitimer(signal.ITIMER_PROF, 99)": "signals",
    "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, [12])": "signals",
    "import sys; sys.stdout.reconfigure(line_buffering=True)": "output",
    "import threading; threading.get_native_id()": "process-id",
    "import os; os.register_at_fork(before=int)": "process",
    "import nothing_such": "failed",
}
#: what ends the run, in an import as between two
ENDERS = {
    "import os; os.putenv('X', '1')": "environment",
    "import os; os.environ['X'] = '1'": "environment",
    "import os; os.environ.pop('HOME')": "environment",
    "import os; os.chdir('/')": "folder",
    "import threading; threading.Thread(target=int).start()": "thread",
    "import sys; sys.path.insert(0, '/nowhere')": "import-system",
    "import sys; sys.meta_path.insert(0, sys.meta_path[-1])": "import-system",
    "import sys; sys.addaudithook(lambda *_: None)": "audit-hook",
    "import warnings; warnings.simplefilter('error', DeprecationWarning)": "warnings",
    "import warnings; warnings.filterwarnings('error', message='a.size changed')": "warnings",
    "import sys, io; sys.stderr = io.StringIO()": "patch",
    "import os; os.fork() or os._exit(0)": "process",
    "import socket; socket.socketpair()[0].close(); socket.socket().bind(('', 0)) or "
    "socket.socket(socket.AF_UNIX).bind('\\0x' + __file__)": "network",
}
PROGRAM_ENDERS = {
    **ENDERS,
    "import builtins; builtins.ascii = repr": "patch",
    "import sys; sys.dont_write_bytecode = not sys.dont_write_bytecode": "patch",
    "import json, sys; del sys.modules['json']": "patch",
    "import sys; sys.modules['sched'] = type(sys)('sched')": "import-system",
}
#: what is no effect
#: what an import sets back after another effect of its own
SET_BACK = "import os\nos.putenv('X', '1')\nimport sys\nsys.argv[1:]\nimport b\nos.unsetenv('X')"
HARMLESS = [
    "import os\nos.putenv('X', '1')\nimport ast\nos.unsetenv('X')",
    "import random; random.Random(7).random(); random.SystemRandom()",
    "import time; time.gmtime(0); time.strftime('%Y', time.gmtime(0)); time.get_clock_info('time')",
    "from time import time, monotonic; import datetime; datetime.datetime(1, 2, 3)",
    "import logging, threading; logging.getLogger('a')",
    "open('/proc/cpuinfo').close()",
    "import random",
    "import os\nos.environ['X'] = '1'\nimport ast\ndel os.environ['X']",
    "import multiprocessing.process",
    "import os; os.isatty(1); os.environ.get('TERM'); open(os.devnull, 'w').close()",
    "import socket; s = socket.socket(); s.bind(('127.0.0.1', 0)); s.close()",
    "import warnings\nclass Mine(Warning): pass\nwarnings.simplefilter('ignore', Mine)",
    "import warnings; warnings.filterwarnings('ignore', message='a.size changed')",
    "import warnings\nwith warnings.catch_warnings():\n warnings.simplefilter('error')\n import ast",
    "import warnings\nwith warnings.catch_warnings():\n warnings.simplefilter('ignore')\n import ast",
    "import sys\nsys.path.insert(0, '/nowhere')\nimport ast\ndel sys.path[0]",
    "import sys\nclass Finder: find_spec = lambda *_: None\nsys.meta_path.append(Finder)",
]


@pytest.mark.parametrize("code", OWN_EFFECTS)
def test_an_import_whose_effect_is_its_own_is_left_to_the_program(program: Program, code: str) -> None:
    body = f"import fractions\n{code}\nimport csv" if code != "import nothing_such" else code
    program.write("try: import a\nexcept ImportError: pass\nimport sched", a=body)
    recipe = program.learn()
    assert list_left_out(recipe)["a"] == OWN_EFFECTS[code]
    assert list_ahead(recipe)[-1] == "sched"
    if OWN_EFFECTS[code] != "failed":
        assert {"fractions", "csv"} <= set(list_ahead(recipe))


@pytest.mark.parametrize("code", ENDERS)
def test_what_others_may_depend_on_ends_the_run_before_its_import(program: Program, code: str) -> None:
    program.write("import fractions, a, sched", a=f"import csv\n{code}")
    recipe = program.learn()
    assert list_left_out(recipe)["a"] == ENDERS[code]
    assert recipe.ended is not None
    assert recipe.ended[0] == ENDERS[code]
    assert "fractions" in list_ahead(recipe)
    assert not {"a", "sched"} & set(list_ahead(recipe))


@pytest.mark.parametrize("code", PROGRAM_ENDERS)
def test_the_programs_own_code_ends_the_run_as_well(program: Program, code: str) -> None:
    program.write(f"import fractions\n{code}\nimport sched, colorsys")
    recipe = program.learn()
    assert recipe.ended is not None
    assert recipe.ended[0] == PROGRAM_ENDERS[code]
    assert "fractions" in list_ahead(recipe)
    assert not {"sched", "colorsys"} & set(list_ahead(recipe))


@pytest.mark.parametrize("code", HARMLESS)
def test_what_is_no_effect_leaves_the_import_in(program: Program, code: str) -> None:
    program.write("import a, sched", a=code)
    recipe = program.learn()
    assert list_ahead(recipe) == ["a", "sched"]
    assert recipe.left_out == []


def test_what_the_program_reads_and_prints_is_its_own_affair(program: Program) -> None:
    program.write("""
        import sys, os, json
        print(sys.argv[1:], os.getcwd() != "", os.getpid() > 0, len(os.environ) > 0)
        open(os.devnull).close()
        import csv
    """)
    assert list_ahead(program.learn("a")) == ["json", "csv"]


def test_a_module_that_needs_one_that_is_left_out_is_left_out(program: Program) -> None:
    program.write(
        "import a, b, c, sched",
        a="import os; PID = os.getpid()",
        b="from a import PID",
        c="import fractions, b",
    )
    recipe = program.learn()
    assert list_left_out(recipe) == {"a": "process-id", "b": "needs-other", "c": "needs-other"}
    assert list_ahead(recipe) == ["fractions", "sched"]


def test_a_part_of_a_package_that_is_left_out_is_left_out(program: Program) -> None:
    program.write(
        "import p.one",
        p_package="import os; os.getpid(); from p import two",
        p_one="import csv",
        p_two="import fractions",
    )
    recipe = program.learn()
    assert list_left_out(recipe) == {
        "p.one": "needs-other",
        "p": "process-id",
        "p.two": "needs-other",
    } or list_left_out(recipe) == {"p.one": "process-id", "p": "process-id", "p.two": "needs-other"}
    assert list_ahead(recipe) == ["fractions", "csv"]


def test_a_patch_by_an_import_counts_if_the_program_mentions_the_name(program: Program) -> None:
    patching = "import json\njson.dumps = lambda value: 'patched'"
    program.write("import json\nprint(json.dumps(1))\nimport a, sched", a=patching)
    recipe = program.learn()
    assert (list_ahead(recipe), recipe.ended) == (["json"], ("patch", "json.dumps"))
    program.write("import json\nimport a, sched", a=patching)
    assert list_ahead(program.learn()) == ["json", "a", "sched"]


#: the code of a module that is imported after the program has replaced json.dumps -> whether it uses that
USES = {
    "import json\njson.dumps(1)": True,
    "import json as other\ndef use(): return other.dumps(1)\nuse()": True,
    "from json import dumps": True,
    "from json import *": True,
    "import json\ngetattr(json, 'dumps')": True,
    "import json\ngetattr(json, 'du' + str('mps'))": True,
    "import json\n{**vars(json)}": True,
    "import json\n{**json.__dict__}": True,
    "import json\nclass A:\n b = [json.dumps(c) for c in 'd']": True,
    "import uses\nuses.use()": True,
    "import uses\nuses.kept[0]()": True,
    "import json\ndef use(): return json.dumps(1)": False,
    "import json\njson.loads('1')": False,
    "import uses\nuses.use": False,
}


@pytest.mark.parametrize("code", USES)
def test_what_the_program_replaced_counts_for_an_import_that_uses_it(program: Program, code: str) -> None:
    program.write(
        """
        import json, uses
        def replace(): return lambda *_: 'replaced'
        json.dumps = replace()
        uses.kept.append(json.dumps)
        import a, sched
        """,
        a=code,
        uses="import json\nkept = []\ndef use(): return json.dumps(1)",
    )
    recipe = program.learn()
    assert list_left_out(recipe) == ({"a": "patched"} if USES[code] else {})
    assert list_ahead(recipe) == ["json", "uses", *([] if USES[code] else ["a"]), "sched"]


def test_nobody_is_told_that_code_is_followed(program: Program) -> None:
    program.write(
        "import json, sys\njson.dumps = str\nimport a\nprint(a.profile, sys.getprofile())",
        a="import sys\nprofile = sys.getprofile()",
    )
    assert program.record().stdout == "None None\n"
    assert list_ahead(program.read()) == ["json", "a"]


def test_what_is_bound_for_the_first_time_is_no_patch(program: Program) -> None:
    program.write("import b, a, sched", a="import b\nb.hook = len\nb.more = 1", b="hook = None")
    assert list_ahead(program.learn()) == ["b", "a", "sched"]


def test_what_is_imported_while_a_variable_is_set_for_c_code_is_left_to_the_program(
    program: Program,
) -> None:
    program.write("import a, c", a=SET_BACK, b="", c="")
    recipe = program.learn()
    assert list_left_out(recipe) == {"a": "arguments", "b": "needs-other"}
    assert list_ahead(recipe) == ["c"]


def test_a_variable_that_stays_set_for_c_code_ends_the_run(program: Program) -> None:
    program.write("import a, c", a=SET_BACK.removesuffix("os.unsetenv('X')"), b="", c="")
    recipe = program.learn()
    assert recipe.ended == ("environment", "os.putenv")
    assert list_ahead(recipe) == []
