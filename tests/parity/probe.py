"""A program that prints everything about its start that can be observed from inside."""

from typing import Final

#: What the probe leaves out: two plain starts differ in it, or it measures work and not the program.
LEFT_OUT: Final = {
    "addresses": "id(), and so every default repr",
    "process ids, times": "os.getpid(), os.getppid(), time.*, os.times(), resource.getrusage()",
    "hash order": "sets of text, unless PYTHONHASHSEED is set",
    "memory": "gc.get_count(), gc.get_stats(), sys.getallocatedblocks(), sys.getrefcount(): work done",
    "interning": "sys.getunicodeinternedsize(), and which equal strings are one object",
    "encodings.ascii": "-X dev loads it with the first extension module: here that is the hook's own",
    "mappings": "/proc/self/maps: where the native module stays loaded",
}

#: Comes before any import: the state that CPython and `site` left.
AT_ONCE: Final = """\
import sys
modules = list(sys.modules)
importer_cache = list(sys.path_importer_cache)
names = list(globals())
report = None  # where to; None: standard output


def show(title, *values):
    print(f"{title}:", *map(repr, values), sep="\\n    ", file=report)


def describe(value):
    kind = type(value)
    text = f"{kind.__module__}.{kind.__qualname__}"
    plain = (str, bytes, int, float, bool, type(None))
    if kind in (list, tuple):
        return text + "[" + ", ".join(map(describe, value)) + "]"
    return f"{text} {value!r}" if kind in plain else f"{text} {getattr(value, '__name__', '')}"


show("modules", *modules)
show("importer cache", *importer_cache)
show("names of main", *names)
show("values of main", *[f"{name} = {describe(globals()[name])}" for name in names])
show("loader", __loader__.name, __loader__.path, *sorted(vars(__loader__)))
show("spec", __spec__, __package__, globals().get("__cached__", "none"), __doc__)
show("builtins", __builtins__ is sys.modules["builtins"], *dir(__builtins__))
show("annotations", globals().get("__annotations__", "none"))
show("argv", sys.argv, sys.orig_argv)
show("path", *sys.path)
show("path hooks", *map(describe, sys.path_hooks))
show("meta path", *map(describe, sys.meta_path))
show("flags", sys.flags, sys._xoptions, sys.warnoptions, sys.dont_write_bytecode)
show("names of sys", *dir(sys))
show("values of sys", *[f"{name} = {describe(vars(sys)[name])}" for name in dir(sys)
                        if name not in ("last_traceback", "last_exc")])
show("hooks", sys.excepthook is sys.__excepthook__, sys.displayhook is sys.__displayhook__,
     sys.breakpointhook is sys.__breakpointhook__, sys.unraisablehook is sys.__unraisablehook__)
show("tracing", sys.gettrace(), sys.getprofile(), sys.getrecursionlimit(), sys.getswitchinterval())
show("prefixes", sys.prefix, sys.base_prefix, sys.exec_prefix, sys.executable, sys.platlibdir)
show("pycache", sys.pycache_prefix)

import _warnings
show("warning filters", *_warnings.filters)
show("warnings", list(_warnings._onceregistry), globals().get("__warningregistry__"))

frame, frames = sys._getframe(), []
while frame is not None:
    frames.append((frame.f_code.co_name, frame.f_code.co_filename, frame.f_lineno))
    frame = frame.f_back
show("frames", *frames)
show("all frames", [[frame.f_code.co_name] for frame in sys._current_frames().values()])

depth = 0
def descend():
    global depth
    depth += 1
    descend()
try:
    descend()
except RecursionError as error:
    show("depth", depth, error.args)
try:
    exec(compile("(" * 50 + ")" * 50, "", "eval"))
    eval("(" * 1000 + ")" * 1000)
except (MemoryError, SyntaxError, RecursionError) as error:
    show("depth of parser", type(error), error.args)
"""

#: Whatever is Mainspring's.  Before a collection of garbage, what it made and dropped shows as well.
OF_OURS: Final = """\
def belongs(thing):
    if type(thing) is dict:
        words = thing.get("__name__"), thing.get("__file__")
    else:
        words = [inspect_quietly(thing, name) for name in ("__module__", "__file__", "co_filename")]
    return any("mainspring" in word for word in words if type(word) is str)


def inspect_quietly(thing, name):
    try:
        return getattr(thing, name, None)
    except Exception:
        return None


def show_ours():
    show("things of ours", *[describe(thing) for thing in gc.get_objects() if belongs(thing)])
    show("classes of ours", *[kind for base in (object, Exception) for kind in base.__subclasses__()
                              if "mainspring" in kind.__module__])


"""

#: Needs imports, and comes before a collection of garbage.
IN_PROCESS: Final = """\
import gc
import posix
import os
show("environment", *os.environ.items())
show("C environment", *posix.environ.items())
show("environment tables agree", {os.fsencode(k): os.fsencode(v) for k, v in os.environ.items()}
     == posix.environ)
show("descriptors", *[(name, os.readlink(f"/proc/self/fd/{name}").partition(":")[0])
                      for name in sorted(os.listdir("/proc/self/fd"), key=int)
                      if os.path.exists(f"/proc/self/fd/{name}")])
show("place", os.getcwd(), os.umask(0o22), os.umask(0o22), os.getpriority(os.PRIO_PROCESS, 0))
show("gc", gc.isenabled(), gc.get_threshold(), len(gc.callbacks), gc.get_freeze_count(),
     gc.get_debug(), gc.garbage)


gc.collect()
show_ours()
import signal
show("signals", *[(number, str(signal.getsignal(number))) for number in signal.valid_signals()
                  if signal.getsignal(number) not in (signal.SIG_DFL,)])
show("signal mask", signal.pthread_sigmask(signal.SIG_BLOCK, ()), signal.sigpending(),
     signal.getitimer(signal.ITIMER_REAL), signal.set_wakeup_fd(-1))
with open("/proc/self/status") as status:
    show("process", *[line for line in status
                      if line.startswith(("SigP", "SigB", "SigI", "SigC", "Shd", "Umask", "Threads"))])
with open("/proc/self/cmdline", errors="surrogateescape") as file:
    show("command line", *file.read().split("\\0")[1:])
with open("/proc/self/comm") as file:
    show("name of the process", file.read())
import atexit
show("at exit", atexit._ncallbacks())
import threading
show("threads", threading.active_count(), threading.main_thread().name, threading.gettrace()
     if hasattr(threading, "gettrace") else None)
import codecs
show("codecs", codecs.lookup("utf-8").name)
for stream in (sys.stdin, sys.stdout, sys.stderr, sys.__stdin__, sys.__stdout__, sys.__stderr__):
    show("stream", *(stream is not None and (
        stream.name, stream.mode, stream.encoding, stream.errors, stream.newlines,
        stream.line_buffering, stream.write_through, type(stream.buffer).__name__) or ()))
import locale
show("locale", locale.setlocale(locale.LC_ALL), locale.getpreferredencoding(),
     sys.getfilesystemencoding())
import warnings
show("filters", *warnings.filters)
show("filters version", warnings.defaultaction, warnings.onceregistry)
import site
show("site", *[f"{name} = {describe(value)}" for name, value in vars(site).items()
               if not callable(value) and not name.startswith("__")])
import resource
show("limits", *[(name, resource.getrlimit(getattr(resource, name))) for name in dir(resource)
                 if name.startswith("RLIMIT_")])
import subprocess
show("environment of a child", *subprocess.run(["env"], capture_output=True).stdout.split(b"\\n"))
show("modules at the end", *[name for name in sys.modules if name != "encodings.ascii"])
show("importer cache at the end", *sys.path_importer_cache)
"""

#: What the kernel and C code see of the process, and what a parent hands on without a word.
OF_THE_PROCESS: Final = """\
import ctypes
import fcntl
import stat
import time
libc = ctypes.CDLL(None, use_errno=True)
libc.getenv.restype = ctypes.c_char_p
show("getenv", *[(name, libc.getenv(os.fsencode(name))) for name in os.environ],
     libc.getenv(b"MAINSPRING_START"), libc.getenv(b"MAINSPRING_WARM"))


def read_text(path):
    with open(path, errors="surrogateescape") as file:
        return file.read()


def describe_descriptor(number):
    status = os.fstat(number)
    is_file = stat.S_ISREG(status.st_mode)
    offset = os.lseek(number, 0, os.SEEK_CUR) if is_file else None
    flags = fcntl.fcntl(number, fcntl.F_GETFL), fcntl.fcntl(number, fcntl.F_GETFD)
    return number, stat.filemode(status.st_mode), *flags, offset, os.isatty(number)


show("states of descriptors", *[describe_descriptor(int(name))
                                for name in sorted(os.listdir("/proc/self/fd"), key=int)
                                if os.path.exists(f"/proc/self/fd/{name}")])
for number, name in enumerate(("stdin", "stdout", "stderr")):
    stream = getattr(sys, name)
    if stream is not None:
        raw = getattr(stream.buffer, "raw", stream.buffer)
        show("stream " + name, stream is getattr(sys, "__" + name + "__"), stream.fileno(), number,
             stream.isatty(), raw.isatty(), raw.name, raw.mode, raw.closefd, type(stream), type(raw),
             stream.closed, stream.seekable(), stream.readable(), stream.writable(),
             getattr(raw, "_blksize", None), sorted(vars(stream)), sorted(vars(raw)))
folder = os.stat(".") if os.path.exists(".") else None
show("working directory", folder and (folder.st_dev, folder.st_ino), os.path.isdir("/proc/self/cwd"))
show("scheduling", sorted(os.sched_getaffinity(0)), os.sched_getscheduler(0),
     os.sched_getparam(0).sched_priority,
     libc.syscall(252, 1, 0) if os.uname().machine == "x86_64" else 0)  # ioprio_get
show("files of the process", *[(name, read_text("/proc/self/" + name)) for name in
     ("oom_score_adj", "coredump_filter", "loginuid", "sessionid", "personality", "setgroups",
      "timerslack_ns", "cgroup")
     if os.path.exists("/proc/self/" + name)])
show("terminal of the session", read_text("/proc/self/stat").rpartition(")")[2].split()[4])
try:
    os.close(os.open("/dev/tty", os.O_RDWR | os.O_CLOEXEC))
    show("terminal", "opens", os.tcgetpgrp(2) == os.getpgrp() if os.isatty(2) else None)
except OSError as error:
    show("terminal", error.errno)
show("users", os.getresuid(), os.getresgid(), os.getgroups())
show("rights", *[line for line in read_text("/proc/self/status").splitlines()
                 if line.startswith(("Uid", "Gid", "Groups", "Cap", "NoNew", "Seccomp"))])
show("namespaces", *[(name, os.readlink("/proc/self/ns/" + name))
                     for name in sorted(os.listdir("/proc/self/ns"))])
show("root", os.stat("/").st_dev, os.stat("/").st_ino, os.readlink("/proc/self/root"))
show("dumpable", libc.prctl(3, 0, 0, 0, 0))
show("time zone", os.environ.get("TZ"), time.tzname, time.timezone, time.daylight, time.altzone,
     time.strftime("%Z", time.localtime(0)))
show("hash of text", hash("text") if os.environ.get("PYTHONHASHSEED") else None)
show("main thread", threading.get_native_id() == os.getpid(), threading.current_thread()
     is threading.main_thread(), threading.main_thread().ident == threading.get_ident(),
     [thread.name for thread in threading.enumerate()])
show("times", 0 <= time.process_time() < 60, abs(time.time() - os.stat("/proc/self").st_mtime) < 60)
"""

#: What the running code is, beside what the compiler makes of the same file.
OF_THE_CODE: Final = """\
import inspect
show("stack", *[(f.filename, f.lineno, f.function, f.code_context) for f in inspect.stack()])
running = sys._getframe().f_code


def list_codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            yield from list_codes(constant)


with open(__file__, "rb") as file:
    fresh = compile(file.read(), __file__, "exec", dont_inherit=True)
for mine, new in zip(list_codes(running), list_codes(fresh), strict=True):
    for name in dir(mine):
        if name.startswith("co_") and name not in ("co_lnotab", "co_consts", "_co_code_adaptive"):
            value, wanted = getattr(mine, name), getattr(new, name)
            if not callable(value):
                assert value == wanted, (name, value, wanted)
    assert list(mine.co_lines()) == list(new.co_lines())
    assert list(mine.co_positions()) == list(new.co_positions())
    show("code", mine.co_name, mine.co_filename, mine.co_flags, mine.co_firstlineno,
         [c for c in mine.co_consts if not hasattr(c, "co_code")], mine.co_linetable)
show("same file name in all", len({id(code.co_filename) for code in list_codes(running)}))
show("file name is __file__", running.co_filename == __file__)
"""

PROBE: Final = AT_ONCE + OF_OURS + IN_PROCESS + OF_THE_PROCESS + OF_THE_CODE
UNCOLLECTED: Final = "import gc\n" + AT_ONCE + OF_OURS + "show_ours()\n"
