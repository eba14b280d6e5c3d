"""One request after the other: what is prepared before its script, and undone after it."""

import os
import sys
import time

from mainspring.gateway.kept_child.channel import Channel
from mainspring.gateway.kept_child.exits import Exits, find_status, show
from mainspring.gateway.kept_child.files import Files
from mainspring.gateway.kept_child.garbage import Garbage
from mainspring.gateway.kept_child.habits import Habits
from mainspring.gateway.kept_child.origin import ORIGINAL, SEES_SCRIPT_FOLDER
from mainspring.gateway.kept_child.streams import Streams, flush, flush_own
from mainspring.gateway.kept_child.threads import Threads

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

    from mainspring.gateway.kept_child.channel import Request


class Child:
    """Serves one request after the other."""

    def __init__(self, script: str) -> None:
        self.process = os.getpid()
        self.script = script
        self.channel = Channel()
        self.files = Files(script)
        self.streams = Streams()
        self.exits = Exits()
        self.environment = Environment()
        self.habits = Habits()
        self.threads = Threads()
        self.garbage = Garbage()
        self.began = time.time_ns()
        if SEES_SCRIPT_FOLDER:
            sys.path.insert(0, os.path.dirname(script))
        self.files.note_folders([], self.began)
        self.files.note_modules(self.began - 10**9)

    def serve(self) -> int:
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

    def prepare(self, request: "Request") -> bool:
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

    def run(self, main: "ModuleType") -> "tuple[int, bool]":
        """Its status, and whether it has ended of its own accord."""
        self.exits.names = main.__dict__
        sys.modules["__main__"] = main
        failure: BaseException | None = None
        try:
            exec(self.files.code, main.__dict__)  # type: ignore[arg-type]  # prepare() has compiled it
        except SystemExit as end:
            return find_status(end.code), True
        except BaseException as error:
            failure = error  # to be shown when it is no longer being handled
        return (0, True) if failure is None else (show(failure), False)

    def finish(self, main: "ModuleType", status: int) -> bool:
        """Whether the process can go on; else it ends with *status*, and what it has not done yet."""
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
        self.garbage.take_down(names)
        if not self.release(current):
            return False
        try:
            self.channel.let_go()
            self.channel.tell(b"K" + status.to_bytes(4, "little"))
        except OSError:
            return False  # the script has closed all that is open
        is_of_modules = self.files.note_modules(self.began)
        self.habits.put_back(names, is_of_modules)
        tidy_path()
        self.garbage.settle(is_of_modules)
        return True

    def release(self, current: "list[object]") -> bool:
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


class Environment:
    """os.environ, and what C code and other programs find."""

    def __init__(self) -> None:
        self.mapping = os.environ
        self.data: dict[bytes, bytes] = os.environ._data  # type: ignore[attr-defined]

    def fill(self, variables: "list[bytes]") -> None:
        os.environ = self.mapping  # noqa: B003 - a script may have put another in its place
        fresh = dict(variable.split(b"=", 1) for variable in variables)
        for name in self.data:
            if name not in fresh:
                os.unsetenv(name)
        for name, value in fresh.items():
            if self.data.get(name) != value:
                os.putenv(name, value)
        self.data.clear()
        self.data.update(fresh)


def make_main(script: str) -> "ModuleType":
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


def tidy_path() -> None:
    """A script adds to it each time that it runs."""
    places = list(dict.fromkeys(sys.path))
    if len(places) < len(sys.path):
        sys.path[:] = places


if __name__ == "__main__":
    sys.exit(Child(sys.argv[1]).serve())
