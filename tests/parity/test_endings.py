"""A program ends as it would: the same status, the same signal, the same last words."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from .case import Case, cut_addresses, each
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

DEFAULT_SIGNALS = ("env", "--default-signal=INT")
UNWRITABLE = (
    "import sys\n\n\nclass Bad:\n    def __str__(self):\n        raise TypeError('no text')\n\n\n"
)
SUBCLASS = "class Own(SystemExit):\n    code = 4\n\n\nraise Own(5)\n"
INTERRUPT = "class Own(KeyboardInterrupt):\n    pass\n\n\nraise Own('why')\n"
IN_THREAD = """\
import threading
thread = threading.Thread(target=lambda: exit(3))
thread.start()
thread.join()
print("goes on")
"""
FROM_HOOK = """\
import sys


def end(kind, value, trace):
    print("__file__" in globals())
    raise SystemExit(9)


sys.excepthook = end
1 / 0
"""
AT_EXIT = """\
import atexit
import sys
atexit.register(print, "at exit")
atexit.register(lambda: sys.exit(7))
sys.exit(6)
"""
NO_STREAMS = "import sys\nsys.stdout = sys.stderr = None\nsys.exit('words for nobody')\n"


@each(
    Case("nothing", "raise SystemExit\n"),
    Case("None", "raise SystemExit(None)\n"),
    Case("0", "import sys; sys.exit(0)\n"),
    Case("1", "exit(1)\n", status=1),
    Case("-1", "exit(-1)\n", status=255),
    Case("300", "exit(300)\n", status=300 % 256),
    Case("huge", "exit(1 << 70)\n", status=255),
    Case("True", "exit(True)\n", status=1),
    Case("2.5", "exit(2.5)\n", status=1, shows=b"2.5"),
    Case("text", "exit('words ü')\n", status=1, shows="words ü".encode()),
    Case("bytes", "exit(b'bytes')\n", status=1, shows=b"b'bytes'"),
    Case("tuple", "raise SystemExit(1, 2)\n", status=1, shows=b"(1, 2)"),
    Case("lone surrogate", "exit('\\udc80')\n", status=1),
    Case("unwritable", UNWRITABLE + "sys.exit(Bad())\n", status=1),
    Case("subclass", SUBCLASS, status=4),
    Case("chained", "try:\n    1/0\nfinally:\n    exit(8)\n", status=8),
    Case("in a group", "raise BaseExceptionGroup('g', [SystemExit(3)])\n", status=1),
    Case("in a thread", IN_THREAD, shows=b"goes on"),
    Case("from the hook", FROM_HOOK, status=9, shows=b""),
    Case("at exit", AT_EXIT, status=6, shows=b"at exit", normalise=cut_addresses),
    Case("without streams", NO_STREAMS, status=1),
    Case("stdin closed by exit()", "exit()\n"),
    Case("code attribute", "e = SystemExit(1); e.code = 12; raise e\n", status=12),
    Case("no stderr", "exit('words')\n", prefix=("sh", "-c", 'exec "$@" 2>&-', "sh"), status=1),
    Case("no streams", "print(1)\n", prefix=("sh", "-c", 'exec "$@" <&- >&- 2>&-', "sh")),
    Case("end of the file", "print('last')", shows=b"last"),
    Case("os._exit", "import os\nprint('lost')\nos._exit(3)\n", status=3),
)  # fmt: skip
def test_the_exit_status_is_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


def kill(name: str) -> Case:
    """A program that is killed by the signal *name*."""
    script = f"import os, signal\nprint('before', flush=True)\nos.kill(os.getpid(), signal.{name})\n"
    return Case(name, script + "signal.pause()\n", status=-getattr(signal, name))


@each(
    kill("SIGTERM"),
    kill("SIGKILL"),
    kill("SIGHUP"),
    kill("SIGSEGV"),
    kill("SIGUSR1"),
    Case("SIGINT", "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nsignal.pause()\n",
         prefix=DEFAULT_SIGNALS, status=-signal.SIGINT, shows=b"KeyboardInterrupt"),
    Case("abort", "import os\nprint('lost')\nos.abort()\n", status=-signal.SIGABRT),
    Case("KeyboardInterrupt", "raise KeyboardInterrupt('why')\n", status=-signal.SIGINT),
    Case("subclass of it", INTERRUPT, status=None, shows=b"Own: why"),
    Case("caught", "try:\n    raise KeyboardInterrupt\nexcept KeyboardInterrupt:\n    print('no')\n"),
    Case("interrupt, then exit", "try:\n    raise KeyboardInterrupt\nfinally:\n    exit(3)\n", status=3),
    Case("interrupt and own hook", "import sys\nsys.excepthook = lambda *a: print('own', a[0])\n"
         "raise KeyboardInterrupt\n", status=-signal.SIGINT, shows=b"own"),
    Case("interrupt and hook that exits", "import sys\nsys.excepthook = lambda *a: sys.exit(5)\n"
         "raise KeyboardInterrupt\n", status=5),
    Case("interrupt at exit", "import atexit\n\n\ndef end():\n    raise KeyboardInterrupt\n\n\n"
         "atexit.register(end)\n", normalise=cut_addresses),
    Case("SIGINT ignored", "import os, signal\nprint(signal.getsignal(2) == 1)\n"
         "os.kill(os.getpid(), 2)\n",
         prefix=("env", "--ignore-signal=INT"), shows=b"True"),
    Case("SIGINT blocked", "import os, signal\nos.kill(os.getpid(), 2)\nprint(signal.sigpending())\n",
         prefix=("env", "--default-signal=INT", "--block-signal=INT"), shows=b"SIGINT"),
    Case("SIGPIPE as the default", "import os, signal\nprint(signal.getsignal(13))\n"
         "signal.signal(13, signal.SIG_DFL)\nos.kill(os.getpid(), 13)\n", status=-13),
    Case("alarm", "import signal\nsignal.setitimer(signal.ITIMER_REAL, 0.01)\nsignal.pause()\n",
         status=-signal.SIGALRM),
    Case("handler", "import os, signal\nsignal.signal(10, lambda *a: print('got', a[1].f_lineno))\n"
         "os.kill(os.getpid(), 10)\nprint('on')\n", shows=b"got 3"),
    Case("interrupt in a thread", "import threading\n\n\ndef work():\n    raise KeyboardInterrupt\n\n\n"
         "t = threading.Thread(target=work)\nt.start()\nt.join()\n", shows=b"KeyboardInterrupt"),
    Case("interrupt from a child of Python", "import _thread\n_thread.interrupt_main()\nx = [0] * 9\n"
         "for i in range(10**6):\n    x[0] += i\n", prefix=DEFAULT_SIGNALS, status=-signal.SIGINT),
)  # fmt: skip
def test_death_and_signals_are_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("at the end", "print('x' * 10)\n", stdout="/dev/full", status=120),
    Case("at the end of an error", "print('x')\n1/0\n", stdout="/dev/full", status=120),
    Case("flushed", "print('x', flush=True)\n", stdout="/dev/full", status=120),
    Case("after exit", "print('x')\nexit(4)\n", stdout="/dev/full", status=120),
    Case("unbuffered", "print('x')\n", ("-u",), stdout="/dev/full", status=1),
    Case("stdout closed by the program", "import sys\nprint(1)\nsys.stdout.close()\n"),
    Case("descriptor closed", "import os\nprint(1)\nos.close(1)\n", status=120),
    Case("stdout detached", "import sys\nprint(1)\nsys.stdout.detach()\n", status=120),
    Case("stdout replaced", "import io, sys\nsys.stdout = io.StringIO()\nprint(1)\n"),
    Case("stdout that cannot flush", "import sys\n\n\nclass Out:\n    def write(self, text):\n"
         "        sys.__stdout__.write(text)\n    def flush(self):\n        raise OSError('flush')\n\n\n"
         "sys.stdout = Out()\nprint(1)\n", status=120, normalise=cut_addresses),
)  # fmt: skip
def test_a_failing_flush_is_told_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("exec", "import os\nprint('lost?')\nos.execvp('echo', ['echo', 'other program'])\n",
         shows=b"other program"),
    Case("exec flushed", "import os\nprint('kept', flush=True)\nos.execvp('env', ['env'])\n",
         shows=b"kept"),
    Case("fork", "import os\nprint('once', flush=True)\npid = os.fork()\nif pid:\n"
         "    print('child', os.waitpid(pid, 0)[1])\nelse:\n    print('in the child')\n"
         "    raise SystemExit(3)\n", shows=b"in the child"),
    Case("fork, both end by themselves", "import os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\n"
         "print('both', __file__, flush=True)\n", shows=b"both"),
    Case("fork, the child fails", "import os\npid = os.fork()\nif pid:\n    os.waitpid(pid, 0)\n"
         "else:\n    1/0\n", shows=b"ZeroDivisionError"),
    Case("fork, the child is interrupted", "import os\npid = os.fork()\nif pid:\n"
         "    print(os.waitpid(pid, 0)[1])\nelse:\n    raise KeyboardInterrupt\n",
         prefix=DEFAULT_SIGNALS, shows=b"KeyboardInterrupt"),
)  # fmt: skip
def test_processes_split_and_replaced_are_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)
