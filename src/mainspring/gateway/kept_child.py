"""A process serves requests of one script, one after the other: `__main__` is fresh each time, modules stay.

It is run by the script's interpreter, from 3.8 on and with nothing of Mainspring's, and so it
depends on nothing but what an interpreter has loaded or built in.  It is called as

    python OPTIONS kept_child.py SCRIPT        with a stream socket as standard input

and is asked, and answers, by that socket; numbers are little-endian, of 4 bytes:

    request = LENGTH of what follows, FLAGS, COUNT, folder NUL, (word NUL)*, (variable NUL)*
              with three descriptors, for 0, 1 and 2
    FLAGS   = 1 if no request follows, else 0
    word    = COUNT of them, as in sys.orig_argv: the interpreter, its options, the script, its arguments
    answer  = "S"                 the script begins
            | "R"                 it does not, and this process ends: a file has changed, the folder is gone, or
                                  the script does not compile, of which CPython has its own words to say
            | "K" STATUS          it has ended with that exit status, and the process waits for the next one

Where there is no "K", the process itself has ended, as a process that ran the script alone would have:
after the last request, an exception, a thread that is left, or what could mix two requests' output.

Fresh for each request: the module `__main__`, sys.argv, sys.orig_argv, os.environ, the working directory,
the umask, what sys.stdin, sys.stdout and sys.stderr write to and read from (the objects stay the same,
since modules hold them), timers, and the handlers of `atexit` that the script itself registered: they are
called at its end.  Signal handlers, sys.excepthook, sys.displayhook and the filters of warnings are put
back, unless modules were imported in the same request: then they are taken to be theirs.

Everything else stays as the script leaves it: modules and what is in them, sys.path (without doubles), open
descriptors, locale, limits, priority, threads of modules.  At the script's end its global names are cleared,
as at the end of a process: what it has left in modules (callbacks, classes) cannot use them any more.

What has changed is found by the stat of each module's file, and of the script, before each request.
"""

ORIGINAL = dict(globals())

import sys

SEES_SCRIPT_FOLDER = not getattr(sys.flags, "safe_path", sys.flags.isolated)
if SEES_SCRIPT_FOLDER:
    del sys.path[0]  # this file's: until here nothing is imported but what is built in

import atexit
import io
import os
import time

import _signal
import _socket
import _thread

LAST = 1
CONTROL_SIZE = _socket.CMSG_SPACE(3 * 4)
FIRST_NUMBER = 1000
#: file systems note times by a clock that ticks less often
TICK_NS = 20000000


class Channel:
    """The way to the gateway."""

    def __init__(self):
        number = move_away(0)
        self.socket = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM, 0, number)
        opened = os.open(os.devnull, os.O_RDWR)
        self.nothing = move_away(opened)
        os.close(opened)
        self.let_go()

    def let_go(self):
        """The gateway is to see the end of what the script wrote."""
        for number in range(3):
            os.dup2(self.nothing, number, True)

    def receive(self):
        """The next request, with its descriptors in their places; None if there will be none."""
        content, rights, _, _ = self.socket.recvmsg(1 << 16, CONTROL_SIZE)
        if not content:
            return None
        self.place(rights)
        while len(content) < 4 or len(content) < 4 + read_number(content, 0):
            part = self.socket.recv(1 << 16)
            if not part:
                return None
            content += part
        return Request(content)

    def place(self, rights):
        for _, _, numbers in rights:
            for number in range(3):
                descriptor = read_number(numbers, 4 * number)
                os.dup2(descriptor, number, True)
                os.close(descriptor)

    def tell(self, answer):
        self.socket.send(answer)


def move_away(descriptor):
    """Where scripts seldom close what they know nothing of, and where no program that they start has it."""
    for number in range(FIRST_NUMBER, FIRST_NUMBER + 8):
        try:
            os.fstat(number)
        except OSError:
            try:
                return os.dup2(descriptor, number, False)
            except OSError:
                break  # beyond the limit
    return os.dup(descriptor)


class Request:
    """What the gateway asks for."""

    def __init__(self, content):
        count = read_number(content, 8)
        words = content[12:-1].split(b"\0")
        self.is_last = read_number(content, 4) == LAST
        self.folder = words[0]
        self.words = [os.fsdecode(word) for word in words[1 : 1 + count]]
        self.variables = words[1 + count :]


def read_number(content, place):
    return int.from_bytes(content[place : place + 4], "little")


class Files:
    """The script, and the files of modules: as they were when they were loaded."""

    def __init__(self, script):
        self.script = script
        self.code = None
        self.known = set()
        self.stamps = []
        self.is_changed = False

    def compile(self):
        """Raises whatever is wrong with the script."""
        began = time.time_ns()
        with io.open_code(self.script) as file:
            source = file.read()
        self.note(self.script, began)
        if b"coding" not in b"".join(source.splitlines()[:2]):
            source.decode()  # in a comment, too: compile() is content with less
        self.code = compile(source, self.script, "exec", 0, True)

    def note_modules(self, began):
        """Remember the files of what was imported since *began*; whether there was any."""
        fresh = sys.modules.keys() - self.known
        for name in fresh:
            path = find_file(sys.modules.get(name))
            if path is not None:
                self.note(path, began)
        self.known.update(fresh)
        return bool(fresh)

    def note(self, path, began):
        """One that changed at the same time may have been read before it did."""
        try:
            stamp = take_stamp(path)
        except OSError:  # within an archive
            if path != os.path.dirname(path):
                self.note(os.path.dirname(path), began)
            return
        self.is_changed |= stamp[1] >= began - TICK_NS
        self.stamps.append((path, stamp))

    def are_as_before(self):
        try:
            return not (self.is_changed and self.code) and all(
                [take_stamp(path) == stamp for path, stamp in self.stamps]
            )
        except OSError:
            return False


def take_stamp(path):
    found = os.stat(path)
    return found.st_mtime_ns, found.st_ctime_ns, found.st_size, found.st_ino, found.st_dev


def find_file(module):
    """What *module* was loaded from; None if it is part of the interpreter."""
    try:
        origin = module.__spec__.origin
        return module.__file__ if origin not in {"frozen", "built-in"} else None
    except Exception:
        return getattr(module, "__file__", None) if type(module) is type(sys) else None


class Streams:
    """sys.stdin, sys.stdout and sys.stderr: the same objects, on new ones each time.

    A wrapper that a script has made of the old ones may be closed at any time later.
    """

    def __init__(self):
        self.texts = [sys.stdin, sys.stdout, sys.stderr]
        self.forms = [
            (text.encoding, text.errors, text.line_buffering, text.write_through) for text in self.texts
        ]
        self.names = [text.name for text in self.texts]
        self.is_raw = [isinstance(text.buffer, io.RawIOBase) for text in self.texts]
        self.buffers = []
        self.usual = []

    def renew(self):
        self.buffers = []
        for number, text in enumerate(self.texts):
            raw = io.FileIO(number, "rb" if number == 0 else "wb", closefd=False)
            raw.name = self.names[number]
            buffer = raw
            if not self.is_raw[number]:
                buffer = io.BufferedReader(raw) if number == 0 else io.BufferedWriter(raw)
            encoding, errors, line_buffering, write_through = self.forms[number]
            text.__init__(buffer, encoding, errors, "\n", line_buffering, write_through)
            text.mode = "r" if number == 0 else "w"
            self.buffers.append(buffer)
        del buffer, raw
        self.put_back()
        self.usual = [sys.getrefcount(self.buffers[number]) for number in range(3)]

    def put_back(self):
        sys.stdin, sys.stdout, sys.stderr = self.texts
        sys.__stdin__, sys.__stdout__, sys.__stderr__ = self.texts

    def are_held(self):
        """Whether somebody else could still write to what the script has written to."""
        return any([sys.getrefcount(self.buffers[number]) > self.usual[number] for number in range(3)])


def flush(stream):
    """As CPython does at its end; whatever fails then fails here."""
    if stream is not None and not getattr(stream, "closed", False):
        stream.flush()


def flush_own(text):
    """One that the script may have closed, or taken apart."""
    try:
        flush(text)
    except ValueError:
        pass


class Habits:
    """What a script may change of the process, and another request is not to find."""

    def __init__(self):
        self.numbers = sorted(_signal.valid_signals())
        self.umask = os.umask(0)
        os.umask(self.umask)
        self.note()

    def note(self):
        warnings = sys.modules.get("warnings")
        self.filters = None if warnings is None else list(warnings.filters)
        self.hooks = sys.excepthook, sys.displayhook
        self.handlers = [_signal.getsignal(number) for number in self.numbers]

    def put_back(self, names, is_of_modules):
        """What belongs to the script, whose global names were *names*, is never kept."""
        os.umask(self.umask)
        _signal.setitimer(_signal.ITIMER_REAL, 0)
        handlers, hooks = self.handlers, self.hooks
        if is_of_modules:
            self.note()
            self.handlers = [
                old if is_of(new, names) else new for new, old in zip(self.handlers, handlers)
            ]
            self.hooks = [old if is_of(new, names) else new for new, old in zip(self.hooks, hooks)]
        sys.excepthook, sys.displayhook = self.hooks
        self.put_handlers_back()
        self.put_filters_back()

    def put_handlers_back(self):
        current = [_signal.getsignal(number) for number in self.numbers]
        if current == self.handlers:
            return
        for number, handler, wanted in zip(self.numbers, current, self.handlers):
            if handler != wanted and wanted is not None:  # one that C code has set
                _signal.signal(number, wanted)

    def put_filters_back(self):
        warnings = sys.modules.get("warnings")
        if warnings is not None and self.filters is not None and warnings.filters != self.filters:
            warnings.filters[:] = self.filters
            warnings._filters_mutated() if hasattr(warnings, "_filters_mutated") else None


def is_of(function, names):
    """Whether *function* was made by the script."""
    for name in ("__func__", "func"):  # of a method, of functools.partial
        function = getattr(function, name, function)
    return getattr(function, "__globals__", None) is names


class Exits:
    """Handlers of `atexit` that the script has registered, not a module."""

    def __init__(self):
        self.register, self.unregister = atexit.register, atexit.unregister
        self.own = []
        self.names = None
        atexit.register, atexit.unregister = self.take, self.leave

    def take(self, function, *arguments, **named):
        if sys._getframe(1).f_globals is self.names:
            self.own.append((function, arguments, named))
        else:
            self.register(function, *arguments, **named)
        return function

    def leave(self, function):
        self.own[:] = [entry for entry in self.own if entry[0] != function]
        self.unregister(function)

    def give_back(self):
        """To the interpreter, which is about to end."""
        for function, arguments, named in self.own:
            self.register(function, *arguments, **named)
        self.own.clear()

    def call(self):
        """What fails is shown, and does not change the status."""
        while self.own:
            function, arguments, named = self.own.pop()
            failure = None
            try:
                function(*arguments, **named)
            except BaseException as error:
                failure = error
            if failure is not None:
                show(failure)


class Environment:
    """os.environ, and what C code and other programs find."""

    def __init__(self):
        self.mapping = os.environ
        self.data = os.environ._data

    def fill(self, variables):
        os.environ = self.mapping
        fresh = dict(variable.split(b"=", 1) for variable in variables)
        for name in self.data:
            if name not in fresh:
                os.unsetenv(name)
        for name, value in fresh.items():
            if self.data.get(name) != value:
                os.putenv(name, value)
        self.data.clear()
        self.data.update(fresh)


class Threads:
    """Those that a request has left."""

    def __init__(self):
        self.count = _thread._count()

    def are_left(self, names):
        """Whether any might go on with what the script has begun."""
        if _thread._count() <= self.count:
            return False
        threading = sys.modules.get("threading")
        running = [] if threading is None else threading.enumerate()
        others = [thread for thread in running if thread is not threading.main_thread()]
        if len(others) < _thread._count() or any([is_of_script(thread, names) for thread in others]):
            return True
        self.count = _thread._count()
        return False


def is_of_script(thread, names):
    """The interpreter would wait for one that is no daemon."""
    run = type(thread).run
    target = getattr(thread, "_target", None) if run is sys.modules["threading"].Thread.run else run
    return not thread.daemon or target is None or is_of(target, names)


class Keeper:
    """Serves one request after the other."""

    def __init__(self, script):
        self.process = os.getpid()
        self.script = script
        self.channel = Channel()
        self.files = Files(script)
        self.streams = Streams()
        self.exits = Exits()
        self.environment = Environment()
        self.habits = Habits()
        self.threads = Threads()
        self.began = time.time_ns()
        self.files.note_modules(self.began - 10**9)
        if SEES_SCRIPT_FOLDER:
            sys.path.insert(0, os.path.dirname(script))

    def serve(self):
        """Until the last one; the exit status."""
        while True:
            request = self.channel.receive()
            if request is None:
                return 0
            if not self.prepare(request):
                self.channel.let_go()
                self.channel.tell(b"R")
                return 0
            self.channel.tell(b"S")
            main = make_main(self.script)
            status, is_normal = self.run(main)
            if os.getpid() != self.process or not is_normal or request.is_last:
                self.exits.give_back()
                return status
            if not self.finish(main, status):
                return status

    def prepare(self, request):
        """Whether the script can begin."""
        self.began = time.time_ns()
        try:
            os.chdir(request.folder)
        except OSError:
            return False
        if not self.files.are_as_before():
            return False
        self.environment.fill(request.variables)
        if hasattr(sys, "orig_argv"):
            sys.orig_argv[:] = request.words
        sys.argv = request.words[request.words.index(self.script) :]
        self.streams.renew()
        try:
            if self.files.code is None:
                self.files.compile()
        except Exception:
            return False
        return True

    def run(self, main):
        """Its status, and whether it has ended of its own accord."""
        self.exits.names = main.__dict__
        sys.modules["__main__"] = main
        failure = None
        try:
            exec(self.files.code, main.__dict__)
        except SystemExit as end:
            return find_status(end.code), True
        except BaseException as error:
            failure = error  # to be shown when it is no longer being handled
        return (0, True) if failure is None else (show(failure), False)

    def finish(self, main, status):
        """Whether the process can go on; else it is to end with *status*, and what it has not done yet."""
        names = main.__dict__
        if self.threads.are_left(names):
            self.exits.give_back()
            return False
        try:
            self.exits.call()
            flush(sys.stdout)
            flush(sys.stderr)
        except Exception:
            return False  # it fails again at the end, where CPython says so
        current = [sys.stdin, sys.stdout, sys.stderr]
        self.streams.put_back()
        clear(names)
        if not self.release(current):
            return False
        try:
            self.channel.let_go()
            self.channel.tell(b"K" + status.to_bytes(4, "little"))
        except OSError:
            return False  # the script has closed all that is open
        self.habits.put_back(names, self.files.note_modules(self.began))
        tidy_path()
        return True

    def release(self, current):
        """Let go of what the script had as its streams; whether nobody else has it."""
        texts = self.streams.texts
        alone = [object()]
        held = [
            place
            for place in range(3)
            if current[place] is not texts[place]
            and sys.getrefcount(current[place]) > sys.getrefcount(alone[0])
        ]
        current.clear()
        flush_own(texts[1])
        flush_own(texts[2])
        return not held and not self.streams.are_held()


def make_main(script):
    """The module that CPython has a script run in."""
    main = type(sys)("__main__")
    names = main.__dict__
    names.update(ORIGINAL)
    names["__file__"] = script
    names["__loader__"] = type(ORIGINAL["__loader__"])("__main__", script)
    names["__doc__"] = None
    if "__annotations__" in ORIGINAL:
        names["__annotations__"] = {}
    return main


def clear(names):
    """As CPython does it (Objects/moduleobject.c, _PyModule_ClearDict)."""
    for name in list(names):
        if name[:1] == "_" and name[:2] != "__":
            names[name] = None
    for name in list(names):
        if name != "__builtins__":
            names[name] = None


def find_status(code):
    """As CPython does it (Python/pythonrun.c, handle_system_exit)."""
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    try:
        flush(sys.stdout)
        sys.stderr.write("%s\n" % (code,))
    except Exception:
        pass
    return 1


def show(error):
    """The exit status after *error*, which is told as CPython does it (Python/pythonrun.c, PyErr_Print)."""
    failure = None
    try:
        sys.excepthook(*take_apart(error))
    except SystemExit as end:
        return find_status(end.code)
    except BaseException as other:
        failure = other
    if failure is not None:
        sys.stderr.write("Error in sys.excepthook:\n")
        sys.__excepthook__(*take_apart(failure))
        sys.stderr.write("\nOriginal exception was:\n")
        sys.__excepthook__(*take_apart(error))
    if isinstance(error, KeyboardInterrupt):
        _signal.signal(_signal.SIGINT, _signal.SIG_DFL)
        flush(sys.stdout)
        _signal.raise_signal(_signal.SIGINT)
    return 1


def take_apart(error):
    """Type, value and traceback, without what is ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_code.co_filename == take_apart.__code__.co_filename:
        trace = trace.tb_next
    error.__traceback__ = trace
    return type(error), error, trace


def tidy_path():
    """A script adds to it each time that it runs."""
    seen = set()
    doubles = [place for place in sys.path if place in seen or seen.add(place)]
    if doubles:
        sys.path[:] = dict.fromkeys(sys.path)


if __name__ == "__main__":
    sys.exit(Keeper(sys.argv[1]).serve())
