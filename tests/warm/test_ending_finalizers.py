"""What has something left to do when it goes gets the full end: each kind of it, wherever it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ending import Ending, assert_same_end, each

if TYPE_CHECKING:
    from starts import World

FULL = "full finalizer"
LOUD = """\
class Loud:
    def __init__(self, name):
        self.name = name
    def __del__(self):
        print("gone", self.name)
"""
LIBRARY = """\
import sys, types
library = types.ModuleType("library")
exec(%r, vars(library))
sys.modules["library"] = library
del library
""" % (LOUD + "instance = Loud('library')\n")
GENERATOR = """\
def careful():
    try:
        yield 1
    finally:
        print("closed")
kept = careful()
next(kept)
"""
WITH = """\
import contextlib
@contextlib.contextmanager
def manager():
    yield
    print("never")
def inside():
    with manager():
        yield
kept = inside()
next(kept)
"""
DELEGATE = """\
class Source:
    def __iter__(self): return self
    def __next__(self): return 1
    def close(self): print("source closed")
def outer():
    yield from Source()
kept = outer()
next(kept)
"""
CAREFUL_DELEGATE = """\
def numbers():
    yield 1
def outer():
    try:
        yield from numbers()
    finally:
        print("outer closed")
kept = outer()
next(kept)
"""
SLOTLESS = """\
class Bare:
    __slots__ = ()
    def __del__(self):
        print("bare gone")
kept = {"a": (Bare(),)}
"""
TASK = """\
import asyncio
loop = asyncio.new_event_loop()
async def wait():
    await asyncio.Event().wait()
task = loop.create_task(wait())
loop.run_until_complete(asyncio.sleep(0))
"""
FUTURE = """\
import asyncio
loop = asyncio.new_event_loop()
future = loop.create_future()
future.set_exception(ValueError("nobody asked"))
loop.close()
"""
ASYNC_GENERATOR = """\
async def numbers():
    try:
        yield 1
    finally:
        print("finally")
kept = numbers()
try:
    kept.asend(None).send(None)
except StopIteration:
    pass
"""
GZIP = "import gzip\nf = gzip.GzipFile('a.gz', 'wb', mtime=0)\nf.write(b'x')\n"
ZIP = "import zipfile\nz = zipfile.ZipFile('a.zip', 'w')\nz.writestr(zipfile.ZipInfo('a'), 'b')\n"
ZIP_TO_OBJECT = """\
import os, zipfile
class Sink:
    def write(self, data): return os.write(1, data)
    def flush(self): pass
z = zipfile.ZipFile(Sink(), 'w')
"""
SHELF = "import dbm.dumb, shelve\ns = shelve.Shelf(dbm.dumb.open('a'))\ns['a'] = [1]\n"
DATABASE = """\
import sqlite3
c = sqlite3.connect('a.db')
c.execute('pragma journal_mode=wal')
c.execute('create table t(x)')
c.commit()
"""
TWO_FILES = """\
one = open("same.txt", "a")
two = open("same.txt", "a")
two.write("2")
one.write("1")
"""
CALLBACK = """\
import weakref
class A: pass
a = A()
r = weakref.ref(a, lambda _, print=print: print("called back"))
import sys
sys.kept = r, a
"""
PROXY = CALLBACK.replace("weakref.ref", "weakref.proxy")
BUILTIN_CALLBACK = """\
import weakref
class A: pass
a = A()
r = weakref.ref(a, __import__("functools").partial(print, "called"))
"""
NOT_AT_EXIT = """\
import weakref
class A: pass
a = A()
weakref.finalize(a, print, "late").atexit = False
"""
TEMPORARY = "import tempfile\nf = tempfile.NamedTemporaryFile('w', dir='.')\nf.write('x')\n"
METACLASS = """\
class Meta(type):
    def __del__(cls):
        print("class gone")
class A(metaclass=Meta): pass
"""
EVIL = """\
class Evil:
    def __del__(self):
        raise ValueError("in the end")
evil = Evil()
"""
OPEN = "kept = open('left.txt', 'w')\nkept.write('x' * 100)\n"


@each(
    Ending("in main", LOUD + "a = Loud('a')\n_b = Loud('b')\n", FULL, shows=b"gone a\ngone b"),
    Ending("in a list", LOUD + "a = [Loud('a')]\n", FULL, shows=b"gone a"),
    Ending("in a cycle", LOUD + "a = Loud('a')\na.a = a\ndel a\n", FULL, shows=b"gone a"),
    Ending("in a closure", LOUD + "def f():\n    a = Loud('a')\n    return lambda: a\ng = f()\n", FULL,
           shows=b"gone a"),
    Ending("in a class", LOUD + "class A:\n    a = Loud('a')\n", FULL, shows=b"gone a"),
    Ending("in a default", LOUD + "def f(a=Loud('a')): pass\n", FULL, shows=b"gone a"),
    Ending("in a cache",
           LOUD + "import functools\n@functools.cache\ndef f(): return Loud('a')\nf()\n", FULL,
           shows=b"gone a"),
    Ending("in a context variable", LOUD + "import contextvars\nv = contextvars.ContextVar('v')\n"
           "v.set(Loud('a'))\n", FULL),
    Ending("in a thread's names",
           LOUD + "import threading\nl = threading.local()\nl.a = Loud('a')\n", FULL,
           shows=b"gone a"),
    Ending("in a library", LIBRARY, FULL, shows=b"gone library"),
    Ending("in sys", LOUD + "import sys\nsys.kept = Loud('a')\n", FULL),
    Ending("in builtins", LOUD + "import builtins\nbuiltins._ = Loud('a')\n", FULL, shows=b"gone a"),
    Ending("in a module's place", LOUD + "import sys\nsys.modules['json'] = Loud('a')\n", FULL,
           shows=b"gone a"),
    Ending("in a frame that sys.exit left",
           LOUD + "import sys\ndef f():\n    a = Loud('a')\n    sys.exit(3)\n"
           "f()\n", status=3, shows=b"gone a"),
    Ending("in an exception", LOUD + "try:\n    raise ValueError(Loud('a'))\nexcept ValueError as e:\n"
           "    kept = e\n", FULL, shows=b"gone a"),
    Ending("gone before", LOUD + "a = Loud('a')\ndel a\n", shows=b"gone a"),
    Ending("only the class", LOUD),
    Ending("without a dict", SLOTLESS, FULL, shows=b"bare gone"),
    Ending("a metaclass", METACLASS, FULL),
    Ending("one that fails", EVIL, FULL, shows=b"in the end"),
    Ending("one and an exit status", EVIL + "raise SystemExit(5)\n", FULL, status=5, shows=b"in the end"),
    Ending("a generator in try", GENERATOR, FULL, shows=b"closed"),
    Ending("a generator in with", WITH, FULL),
    Ending("a generator that delegates", DELEGATE, FULL, shows=b"source closed"),
    Ending("a delegate in try", CAREFUL_DELEGATE, FULL, shows=b"outer closed"),
    Ending("a coroutine never awaited",
           "async def f(): pass\nkept = f()\n", FULL, shows=b"never awaited"),
    Ending("an asynchronous generator", ASYNC_GENERATOR, FULL),
    Ending("a task", TASK, FULL, shows=b"destroyed"),
    Ending("a future", FUTURE, FULL, shows=b"nobody asked"),
    Ending("a loop left open", "import asyncio\nloop = asyncio.new_event_loop()\n", FULL),
    Ending("a file left open", OPEN, FULL),
    Ending("two files left open", TWO_FILES, FULL),
    Ending("a file in a closure", OPEN + "f = lambda k=kept: k\ndel kept\n", FULL),
    Ending("a binary file left open", "kept = open('left', 'wb')\nkept.write(b'x')\n", FULL),
    Ending("a file to read and write", "kept = open('left', 'w+')\nkept.write('x')\n", FULL),
    Ending("a socket's file",
           "import socket\na, b = socket.socketpair()\nf = a.makefile('w')\nf.write('x')\n",
           FULL),
    Ending("gzip left open", GZIP, FULL),
    Ending("zip left open", ZIP, FULL),
    Ending("zip left open in an object of the program's", ZIP_TO_OBJECT, FULL, shows=b"PK"),
    Ending("shelf left open", SHELF, FULL),
    Ending("database left open", DATABASE, FULL),
    Ending("a temporary file left open", TEMPORARY, FULL),
    Ending("a process's input", "import subprocess\np = subprocess.Popen(['cat'], stdin=-1, stdout=-1)\n"
           "p.stdin.write(b'x')\n", FULL),
    Ending("a callback", CALLBACK, FULL),
    Ending("a proxy's callback", PROXY, FULL),
    Ending("a callback of C", BUILTIN_CALLBACK, FULL, shows=b"called"),
    Ending("a finalizer that is not for exit", NOT_AT_EXIT, FULL),
)  # fmt: skip
def test_what_is_left_to_do_is_done_by_the_full_end(ending: Ending, world: World) -> None:
    assert_same_end(ending, world)
