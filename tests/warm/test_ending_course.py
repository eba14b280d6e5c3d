"""Threads, exit functions, streams, signals and odd settings: the end takes the same course."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ending import Ending, assert_same_end, each

if TYPE_CHECKING:
    from starts import World

AT_EXIT = """\
import atexit, sys
def tell(word):
    print(word, __name__, "__file__" in globals(), sys.argv, flush=True)
atexit.register(tell, "first registered")
atexit.register(tell, "last registered")
atexit.register(lambda: atexit.register(tell, "registered late"))
atexit.register(lambda: 1 / 0)
def leave():
    sys.exit(9)
atexit.register(leave)
def interrupt():
    raise KeyboardInterrupt
atexit.register(interrupt)
print("end")
"""
BOTH = """\
import atexit, threading, sys
atexit.register(print, "atexit")
threading._register_atexit(print, "threading first")
threading._register_atexit(print, "threading last")
sys.stderr.write("to stderr")
"""
FAILING_SHUTDOWN = """\
import atexit, threading
atexit.register(print, "atexit")
def fail():
    print("fails", flush=True)
    raise ValueError("in shutdown")
threading._register_atexit(fail)
"""
INTERRUPTED = """\
import atexit, signal, threading
started = threading.Event()
def work():
    started.set()
    threading.Event().wait()
threading.Thread(target=work).start()
started.wait()
threading._register_atexit(signal.raise_signal, signal.SIGINT)
atexit.register(print, "atexit")
"""
DAEMON = """\
import threading
started = threading.Event()
def work():
    started.set()
    threading.Event().wait()
threading.Thread(target=work, daemon=True).start()
started.wait()
"""
STREAM = """\
import io, sys
class Out(io.StringIO):
    def flush(self):
        sys.__stdout__.write(f"flushed {self.getvalue()!r}\\n")
sys.stdout = Out()
print("kept")
"""
WRAPPER = "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'utf-16')\nprint('kept')\n"
DETACHED = """\
import io, sys
sys.stdout = io.TextIOWrapper(sys.stdout.detach(), 'latin-1')
print('kept')
"""
TRACED = "import sys\nsys.settrace(lambda *a: None)\nimport atexit\natexit.register(print, 'x')\n"
THREAD_EXIT = """\
import sys, threading
def work():
    print("in thread", flush=True)
    sys.exit(4)
threading.Thread(target=work).start()
"""
SUBINTERPRETER = """\
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
kept = interpreters.create()
"""
LATE_FILE = """\
import atexit
def f():
    global k
    k = open('k.txt', 'w'); k.write('late')
atexit.register(f)
"""
RESOURCE = "import warnings\nwarnings.simplefilter('always')\nf = open('main.py')\n"
AUDIT = """\
import os, sys
def hear(event, args, write=os.write):
    if event.startswith(("cpython.", "gc.")):
        write(1, event.encode() + b"\\n")
sys.addaudithook(hear)
"""
COLLECTOR = "import gc\ngc.callbacks.append(lambda phase, info: print(phase))\n"
STATUSES = (0, 1, 255, 256, -1, 2**31, 2**40, True, False)
UNRAISABLE = """\
import sys, atexit
sys.unraisablehook = lambda u: print('hook', u.exc_value)
atexit.register(next, 3)
"""


@each(
    Ending("at exit", AT_EXIT, shows=b"first registered"),
    Ending("at exit after sys.exit", AT_EXIT + "sys.exit(2)\n", status=2, shows=b"first registered"),
    Ending("at exit and threads", BOTH, shows=b"threading last\nthreading first\natexit"),
    Ending("at exit, unraisable", UNRAISABLE, shows=b"hook"),
    Ending("os._exit at exit",
           "import atexit, os\natexit.register(os._exit, 6)\nprint('lost')", "", status=6),
    Ending("a file opened at exit", LATE_FILE, "full finalizer"),
    Ending("threading fails", FAILING_SHUTDOWN, "full thread-shutdown", shows=b"in shutdown"),
    Ending("interrupted while joining", INTERRUPTED, "full thread-shutdown", shows=b"KeyboardInterrupt"),
    Ending("a daemon thread", DAEMON, "full threads"),
    Ending("a subinterpreter", SUBINTERPRETER, "full subinterpreters"),
    Ending("exit in a thread", THREAD_EXIT, shows=b"in thread"),
    *(Ending(f"status {status}", f"raise SystemExit({status})\n", status=None) for status in STATUSES),
    Ending("status beyond a long", "raise SystemExit(2**70)\n", "full status", status=255),
    Ending("status of None", "raise SystemExit\n"),
    Ending("status in words", "raise SystemExit('words')\n", "full status", status=1, shows=b"words"),
    Ending("status of another kind", "class E(SystemExit):\n    code = 7\nraise E()\n", status=7),
    Ending("status in a list", "raise SystemExit([1])\n", "full status", status=1),
    Ending("an error", "1/0\n", "full status", status=1, shows=b"ZeroDivisionError"),
    Ending("an interrupt", "raise KeyboardInterrupt\n", "full status", status=-2),
    Ending("a signal", "import os, signal\nos.kill(os.getpid(), signal.SIGTERM)\n", "", status=-15),
    Ending("a full device", "print('x')\n", "full flush", status=120, stdout="/dev/full"),
    Ending("a full device at exit",
           "import atexit\natexit.register(print, 'x')\n", "full flush", status=120,
           stdout="/dev/full"),
    Ending("a full device and status", "print('x')\nraise SystemExit(3)", "full flush", status=120,
           stdout="/dev/full"),
    Ending("descriptor 1 closed", "import os\nprint('x')\nos.close(1)\n", "full flush", status=120),
    Ending("stdout closed", "import sys\nprint('x')\nsys.stdout.close()\n"),
    Ending("stdout is None", "import sys\nprint('x')\nsys.stdout = None\n", "full stream"),
    Ending("stdout deleted", "import sys\nprint('x')\ndel sys.stdout\n", "full stream"),
    Ending("stdout of its own", STREAM, "full stream", shows=b"flushed"),
    Ending("stdout wrapped", WRAPPER),
    Ending("stdout detached", DETACHED, "full stream", shows=b"kept"),
    Ending("descriptors swapped", "import os\nprint('a')\nos.dup2(2, 1)\nprint('b')\n", shows=b"a\nb"),
    Ending("tracing", TRACED, "full traced"),
    Ending("profiling", "import sys\nsys.setprofile(lambda *a: None)\n", "full traced"),
    Ending("monitoring",
           "import sys\nsys.monitoring.use_tool_id(3, 'x')\n", "full traced", since=(3, 12)),
    Ending("warnings asked for", RESOURCE, "full warnings", shows=b"unclosed file"),
    Ending("warnings by option", "f = open('main.py')", "full warnings", options=("-W", "always"),
           shows=b"unclosed file"),
    Ending("development mode", "f = open('main.py')", "full warnings", options=("-X", "dev"),
           shows=b"unclosed file"),
    Ending("warnings off", "f = open('main.py')", options=("-W", "ignore")),
    Ending("an audit hook", AUDIT, "full", shows=b"cpython."),
    Ending("collector's callbacks", COLLECTOR, "full collector"),
    Ending("collector's statistics", "import gc\ngc.set_debug(gc.DEBUG_STATS)\n", "full collector"),
    Ending("frozen",
           "import gc\ngc.freeze()\nf = open('a', 'w'); f.write('x'); gc.freeze()\n", "full frozen"),
    Ending("memory statistics", "print(1)", "full observed", env={"PYTHONMALLOCSTATS": "1"}, status=None),
    Ending("a prompt asked for", "import os\nos.environ['PYTHONINSPECT'] = '1'\n", "full interactive"),
    Ending("many objects", "kept = [[] for _ in range(250000)]\n", "full objects"),
    Ending("main taken away", "import sys\ndel sys.modules['__main__']\n", "full frozen"),
    Ending("modules emptied", "import sys\nsys.modules.clear()\nprint('x')\n", "full", shows=b"x"),
    Ending("little depth", "import sys\nsys.setrecursionlimit(60)\nprint('x')\n", shows=b"x"),
)  # fmt: skip
def test_the_end_takes_the_same_course(ending: Ending, world: World) -> None:
    assert_same_end(ending, world)
