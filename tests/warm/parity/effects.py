"""What modules do, beside defining names, as they are imported; and what shows that it was done."""

from __future__ import annotations

from typing import Final

#: what a module does as it is imported, and what the program shows of it
EFFECTS: Final = {
    "arguments": ("import sys\nwords = sys.argv[1:]\n", "effect.words"),
    "arguments changed": ("import sys\nsys.argv.append('x')\n", "sys.argv"),
    "environment": ("import os\nvalue = os.environ.get('WORD')\n", "effect.value"),
    "environment as a whole": ("import os\nvalue = sorted(os.environ)\n", "effect.value"),
    "environment set": ("import os\nos.environ['NEW'] = 'x'\n", "os.popen('echo $NEW').read()"),
    "environment lost": ("import os\nos.environ.pop('WORD', 0)\n", "os.environ.get('WORD')"),
    "environment copied": ("import os\nvalue = dict(os.environ)\n", "sorted(effect.value)"),
    "C environment": ("import os\nos.putenv('NEW', 'x')\n", "os.popen('echo $NEW').read()"),
    "folder": ("import os\nvalue = os.getcwd()\n", "effect.value"),
    "folder resolved": ("from pathlib import Path\nvalue = Path('x').resolve()\n", "effect.value"),
    "folder as abspath": ("import os\nvalue = os.path.abspath('x')\n", "effect.value"),
    "relative file": ("value = open('which').read()\n", "effect.value"),
    "folder changed": ("import os\nos.chdir('/')\n", "os.getcwd()"),
    "umask": ("import os\nos.umask(0o44)\n", "os.umask(0)"),
    "umask asked": ("import os\nvalue = os.umask(0)\nos.umask(value)\n", "effect.value"),
    "locale": (
        "import locale\nlocale.setlocale(locale.LC_ALL, 'C')\n",
        "locale.setlocale(locale.LC_ALL)",
    ),
    "recursion limit": ("import sys\nsys.setrecursionlimit(555)\n", "sys.getrecursionlimit()"),
    "collector off": ("import gc\ngc.disable()\n", "gc.isenabled()"),
    "collector's thresholds": ("import gc\ngc.set_threshold(5, 6, 7)\n", "gc.get_threshold()"),
    "collector frozen": ("import gc\ngc.freeze()\n", "gc.isenabled()"),
    "warning filter": ("import warnings\nwarnings.simplefilter('error')\n", "warnings.filters[:1]"),
    "signal": ("import signal\nsignal.signal(10, signal.SIG_IGN)\n", "signal.getsignal(10)"),
    "alarm": ("import signal\nsignal.alarm(30)\n", "signal.alarm(0) > 20"),
    "timer": (
        "import signal\nsignal.setitimer(signal.ITIMER_PROF, 99)\n",
        "signal.getitimer(signal.ITIMER_PROF)[0] > 0",
    ),
    "mask": (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, [12])\n",
        "signal.pthread_sigmask(signal.SIG_BLOCK, [])",
    ),
    "limit": (
        "import resource\nresource.setrlimit(resource.RLIMIT_NOFILE, (99, 99))\n",
        "resource.getrlimit(resource.RLIMIT_NOFILE)",
    ),
    "priority": ("import os\nos.nice(3)\n", "os.nice(0)"),
    "thread": (
        "import threading\nthreading.Thread(target=threading.Event().wait, daemon=True).start()\n",
        "threading.active_count()",
    ),
    "finished thread": (
        "import threading\nt = threading.Thread(target=len, args=('',))\nt.start()\nt.join()\n",
        "threading.active_count(), effect.t.is_alive(), threading.Thread().name",
    ),
    "open file of its own": (
        "file = open(__file__)\n",
        "effect.file.fileno(), effect.file.read()",
    ),
    "open file": ("file = open('which')\n", "effect.file.fileno(), effect.file.read()"),
    "socket": (
        "import socket\npair = socket.socketpair()\n",
        "effect.pair[0].fileno(), effect.pair[1].fileno()",
    ),
    "pipe": (
        "import os\nends = os.pipe()\n",
        "effect.ends, os.write(effect.ends[1], b'x'), os.read(effect.ends[0], 9)",
    ),
    "at exit": ("import atexit\natexit.register(print, 'at exit')\n", "atexit._ncallbacks()"),
    "at fork": (
        "import os\nseen = []\nos.register_at_fork(after_in_child=lambda: seen.append(1))\n",
        "effect.seen",
    ),
    "before a fork": (
        "import os\nseen = []\nos.register_at_fork(before=lambda: seen.append(1))\n",
        "effect.seen",
    ),
    "output": ("print('from the import')\n", "0"),
    "output to the descriptor": ("import os\nos.write(2, b'from the import')\n", "0"),
    "output unflushed": ("import sys\nsys.stdout.write('from the import ')\n", "0"),
    "input": ("value = input()\n", "effect.value"),
    "input peeked": ("import sys\nvalue = sys.stdin.isatty()\n", "effect.value"),
    "output replaced": (
        "import io, sys\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'latin-1')\n",
        "'\\xe9'",
    ),
    "output reconfigured": (
        "import sys\nsys.stdout.reconfigure(encoding='latin-1', line_buffering=True)\n",
        "'\\xe9', sys.stdout.line_buffering",
    ),
    "output kept": ("import sys\nkept = sys.stdout.write\n", "effect.kept('kept ')"),
    "terminal asked": ("import os\nvalue = os.isatty(1)\n", "effect.value"),
    "size asked": ("import shutil\nvalue = shutil.get_terminal_size()\n", "effect.value"),
    "encoding asked": ("import sys\nvalue = sys.stdout.encoding, sys.stdin.fileno()\n", "effect.value"),
    "logging": (
        "import logging\nlogging.basicConfig(level=10, format='%(process)d')\n",
        "logging.getLogger().level, logging.getLogger().handlers[0].stream is sys.stderr",
    ),
    "path": ("import sys\nsys.path.insert(0, '/nowhere')\n", "sys.path[:2]"),
    "import hook": (
        "import sys\nsys.meta_path.append(type('Hook', (), {'find_spec': lambda *a: None})())\n",
        "len(sys.meta_path)",
    ),
    "patched module": ("import json\njson.loads = len\n", "json.loads('abc')"),
    "patched builtin": ("import builtins\nbuiltins.word = 'x'\n", "word"),
    "except hook": ("import sys\nsys.excepthook = lambda *a: print('hooked', a[0])\n", "1 / 0"),
    "main read": ("import __main__\nvalue = sorted(vars(__main__))\n", "effect.value"),
    "main written": ("import __main__\n__main__.word = 'x'\n", "word"),
    "main's file": ("import __main__\nvalue = __main__.__file__\n", "effect.value"),
    "caller's frame": (
        "import sys\nframe = sys._getframe().f_back\nvalue = frame.f_code.co_name, frame.f_lineno\n",
        "effect.value",
    ),
    "stack": (
        "import traceback\nvalue = [frame.name for frame in traceback.extract_stack()]\n",
        "effect.value",
    ),
    "process": (
        "import subprocess\nvalue = subprocess.run(['echo', 'x'], capture_output=True).stdout\n",
        "effect.value",
    ),
    "process left": (
        "import subprocess\nchild = subprocess.Popen(['sleep', '0'])\n",
        "effect.child.wait()",
    ),
    "number of the process": ("import os\nvalue = os.getpid()\n", "effect.value == os.getpid()"),
    "parent's number": ("import os\nvalue = os.getppid()\n", "effect.value == os.getppid()"),
    "number of the main thread": (
        "import threading\n",
        "threading.main_thread().native_id == os.getpid()",
    ),
    "number of the thread": (
        "import threading\nvalue = threading.get_native_id()\n",
        "effect.value == threading.get_native_id()",
    ),
    "name of a temporary folder": (
        "import os, tempfile\nvalue = tempfile.gettempdir()\n",
        "effect.value",
    ),
    "home": ("from pathlib import Path\nvalue = Path.home()\n", "effect.value"),
    "time zone": ("import time\nvalue = time.tzname\n", "effect.value"),
    "clock": ("import time\nvalue = time.time()\n", "time.time() - effect.value < 0.5"),
    "monotonic clock": (
        "import time\nvalue = time.monotonic()\n",
        "time.monotonic() - effect.value < 0.5",
    ),
    "clock of the process": (
        "import time\nvalue = time.process_time()\n",
        "0 <= time.process_time() - effect.value < 5",
    ),
    "date": (
        "import datetime\nvalue = datetime.datetime.now()\n",
        "(datetime.datetime.now() - effect.value).total_seconds() < 0.5",
    ),
    "context variable": ("import decimal\ndecimal.getcontext().prec = 5\n", "decimal.Decimal(1) / 3"),
    "event loop": (
        "import asyncio\nloop = asyncio.new_event_loop()\n",
        "effect.loop.run_until_complete(asyncio.sleep(0))",
    ),
    "fault handler": ("import faulthandler\nfaulthandler.enable()\n", "faulthandler.is_enabled()"),
    "switch interval": ("import sys\nsys.setswitchinterval(0.5)\n", "sys.getswitchinterval()"),
    "tracing": (
        "import sys\nseen = []\nsys.setprofile(lambda *a: seen.append(1))\n",
        "bool(effect.seen), callable(sys.getprofile())",
    ),
    "tracing memory": ("import tracemalloc\ntracemalloc.start()\n", "tracemalloc.is_tracing()"),
    "socket timeout": ("import socket\nsocket.setdefaulttimeout(5)\n", "socket.getdefaulttimeout()"),
    "name of the process": (
        "import ctypes\nctypes.CDLL(None).prctl(15, b'renamed', 0, 0, 0)\n",
        "open('/proc/self/comm').read()",
    ),
    "C library's random numbers": (
        "import ctypes\nlibc = ctypes.CDLL(None)\nlibc.srand(5)\n",
        "effect.libc.rand()",
    ),
    "failing import": (
        "try:\n    import nowhere\nexcept ImportError as error:\n    value = str(error)\n",
        "effect.value",
    ),
    "fails": ("raise RuntimeError('at import')\n", "0"),
    "exits": ("import sys\nsys.exit(3)\n", "0"),
    "a database": (
        "import sqlite3\nbase = sqlite3.connect(':memory:')\n",
        "effect.base.execute('select 1').fetchall()",
    ),
    "a file written": ("with open('written', 'a') as file:\n    file.write('x')\n", "0"),
    "a lock": (
        "import fcntl\nfile = open('which')\nfcntl.flock(file, fcntl.LOCK_EX)\n",
        "effect.file.fileno()",
    ),
    "audit hook": (
        "import sys\nseen = []\nsys.addaudithook(lambda event, args: seen.append(event))\n",
        "'exec' in effect.seen, len(effect.seen) > 0",
    ),
    "display hook": ("import sys\nsys.displayhook = print\n", "sys.displayhook is print"),
    "weak reference": (
        "import weakref\nclass A: pass\na = A()\nweakref.finalize(a, print, 'finalized')\n",
        "0",
    ),
    "finalizer": ("class A:\n    def __del__(self):\n        print('deleted')\na = A()\n", "0"),
    "interned id": ("value = id(object)\nnames = {}\n", "effect.value == id(object)"),
}
