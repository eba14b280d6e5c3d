"""The end of a program takes its course: threads, callbacks, finalizers and buffers in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, cut_addresses, each
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

THREAD = """\
import threading
import sys
gate = threading.Event()


def work():
    gate.wait()
    print("thread", threading.main_thread().is_alive(), "__file__" in globals(), flush=True)


threading.Thread(target=work).start()
threading._register_atexit(lambda: (print("threads end", "__file__" in globals()), gate.set()))
print("main ends")
"""
DAEMON = """\
import threading
started = threading.Event()


def work():
    started.set()
    threading.Event().wait()


threading.Thread(target=work, daemon=True).start()
started.wait()
print("end")
"""
FAILING_THREAD = """\
import threading
gate = threading.Event()


def work():
    gate.wait()
    raise ValueError("late")


threading.Thread(target=work, name="late").start()
threading._register_atexit(gate.set)
raise KeyError("main")
"""
AT_EXIT = """\
import atexit
import sys


def tell(word):
    print(word, __name__, "__file__" in globals(), "__cached__" in globals(), sys.argv)


atexit.register(tell, "first registered")
atexit.register(tell, "last registered")
atexit.register(lambda: atexit.register(tell, "registered late"))
atexit.register(lambda: 1 / 0)
atexit.register(lambda: sys.modules["__main__"].tell("by module"))
print("end")
"""
FINALIZERS = """\
import sys
import weakref


class Thing:
    def __init__(self, name):
        self.name = name

    def __del__(self):
        print("del", self.name, "__file__" in globals(), sys is not None)


a = Thing("a")
b = Thing("b")
b.itself = b
_hidden = Thing("hidden")
sys.modules["kept"] = Thing("module")
weakref.finalize(a, print, "finalize a")
weakref.finalize(b, print, "finalize b")
ref = weakref.ref(a, lambda _: print("ref gone"))


def generate():
    try:
        yield
    finally:
        print("generator closed")


running = generate()
next(running)
print("end")
"""
BUFFERS = """\
import sys
kept = open("kept.txt", "w")
kept.write("x" * 100)
sys.stdout.write("no line end")
sys.stderr.write("nor here")
sys.stdout.buffer.write(b"bytes")
"""
ASYNC = """\
import asyncio
import sys


async def main():
    task = asyncio.create_task(asyncio.sleep(10))
    await asyncio.sleep(0)
    sub = await asyncio.create_subprocess_exec(sys.executable, "-c", "print(5)", stdout=-1)
    print((await sub.communicate())[0])
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        print("cancelled")
    return [line for line in map(str, asyncio.all_tasks())][0].count("main.py")


print(asyncio.run(main()))
"""
NEVER_AWAITED = "async def f():\n    pass\n\n\nf()\nprint('end')\n"
STREAM = """\
import io
import sys


class Out(io.StringIO):
    def flush(self):
        sys.__stdout__.write(f"flushed {self.getvalue()!r} {'__file__' in globals()}\\n")


sys.stdout = Out()
print("kept")
"""
RECURSION_END = "import sys\nsys.setrecursionlimit(60)\n\n\ndef f():\n    f()\n\n\nf()\n"
GARBAGE = (
    "import gc\ngc.set_debug(gc.DEBUG_STATS)\nclass A: pass\na = A(); a.a = a\ndel a\n"
    "gc.set_debug(0)\nprint(gc.isenabled(), gc.get_threshold(), len(gc.callbacks))\n"
)
MODULE_GONE = "import sys\ndel sys.modules['__main__']\nprint('end', __file__)\n"
MAIN_REPLACED = (
    "import sys, types\nsys.modules['__main__'] = types.ModuleType('other')\nprint('end', __file__)\n"
)
GLOBALS_GONE = "print('start')\nglobals().clear()\n"
FILE_CHANGED = "__file__ = 'other'\n__name__ = 'x'\ndel __spec__\nraise ValueError\n"
NO_FILE = "del __file__\nprint('end')\n"
DEEP = "x = []\nfor i in range(100000):\n    x = [x]\nprint('end')\n"
FREEZE = "import gc\ngc.freeze()\nprint(gc.get_freeze_count() > 0)\n"
EXECUTOR = (
    "from concurrent.futures import ThreadPoolExecutor as T\np = T(2)\nf = p.submit(print, 'in pool')\n"
    "print(f.result())\n"
)
FDOPEN = "import os\nr, w = os.pipe()\nprint(r, w)\nf = os.fdopen(w, 'w')\nf.write('x')\n"
RESOURCE = (
    "import os, tempfile\nt = tempfile.TemporaryDirectory(dir='.', prefix='t')\n"
    "print(len(os.listdir()))\n"
)


@each(
    Case("a thread alive", THREAD, shows=b"main ends\nthreads end"),
    Case("a daemon thread", DAEMON, shows=b"end"),
    Case("a thread that fails", FAILING_THREAD, status=1, shows=b"late"),
    Case("at exit", AT_EXIT, shows=b"first registered", normalise=cut_addresses),
    Case("at exit after an error", AT_EXIT + "raise ValueError\n", status=1, normalise=cut_addresses),
    Case("finalizers", FINALIZERS, shows=b"del a"),
    Case("finalizers after an error", FINALIZERS + "raise ValueError(a)\n", status=1,
         normalise=cut_addresses),
    Case("finalizers after exit", FINALIZERS + "raise SystemExit(4)\n", status=4),
    Case("buffers", BUFFERS, shows=b"no line end"),
    Case("buffers after os._exit", BUFFERS + "import os\nos._exit(0)\n"),
    Case("buffers after an error", BUFFERS + "1/0\n", status=1),
    Case("asyncio", ASYNC, shows=b"cancelled"),
    Case("never awaited", NEVER_AWAITED, shows=b"never awaited"),
    Case("stdout of its own", STREAM, shows=b"flushed"),
    Case("little depth", RECURSION_END, status=1, shows=b"RecursionError"),
    Case("garbage", GARBAGE, shows=b"True"),
    Case("module taken away", MODULE_GONE, shows=b"end"),
    Case("main replaced", MAIN_REPLACED, shows=b"end"),
    Case("globals cleared", GLOBALS_GONE, shows=b"start"),
    Case("names changed", FILE_CHANGED, status=1),
    Case("__file__ deleted", NO_FILE),
    Case("deep list", DEEP),
    Case("frozen", FREEZE),
    Case("executor", EXECUTOR, shows=b"in pool"),
    Case("descriptors", FDOPEN),
    Case("temporary folder", RESOURCE, shows=b"2"),
)  # fmt: skip
def test_the_end_takes_the_same_course(case: Case, world: World) -> None:
    assert_same_program(case, world)
