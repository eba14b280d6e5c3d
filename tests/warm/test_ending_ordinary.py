"""Ordinary programs end quickly, and nobody can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .ending import Ending, assert_same_end, each

if TYPE_CHECKING:
    from starts import World

ARGUMENTS = """\
import argparse
import sys
parser = argparse.ArgumentParser(description="does nothing")
parser.add_argument("--size", type=int, default=3)
parser.parse_args(%r)
"""
LOGGING = """\
import logging
logging.basicConfig(level="INFO", format="%(levelname)s %(message)s")
logging.getLogger("here").info("said")
class Late(logging.StreamHandler):
    def close(self):
        print("handler closed")
        super().close()
logging.getLogger().addHandler(Late())
"""
THREADS = """\
import threading
def work(number):
    print("worker", number, flush=True)
threads = [threading.Thread(target=work, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
    thread.join()
print("joined")
"""
LATE_THREAD = """\
import threading
gate = threading.Event()
def work():
    gate.wait()
    print("thread ends", flush=True)
threading.Thread(target=work).start()
threading._register_atexit(gate.set)
print("main ends", flush=True)
"""
FILES = """\
with open("written.txt", "w") as file:
    file.write("one")
kept = open("second.txt", "wb")
kept.write(b"two")
kept.close()
left_open = open("written.txt")
print(left_open.read())
raw = open("main.py", "rb", buffering=0)
"""
REQUESTS = """\
import email.message, http.client, http.cookiejar, json, os, queue, re, socket, ssl, threading
import urllib.request
import zlib
request = urllib.request.Request("http://x/")
print(json.dumps({"a": re.findall("a+", "baab")}), len(request.header_items()))
opener = urllib.request.build_opener()
context = ssl.create_default_context()
"""
MANY = """\
import argparse, asyncio, base64, collections, concurrent.futures, configparser, contextlib, csv
import dataclasses, datetime, decimal, difflib, email, enum, fnmatch, fractions, functools
import getpass, glob, gzip, hashlib, html.parser, http.server, importlib.metadata, inspect, io
import ipaddress, itertools, json, locale, logging.config, multiprocessing, pathlib, pickle
import platform, pprint, queue, random, shelve, shlex, shutil, signal, smtplib, socketserver
import sqlite3, statistics, string, struct, subprocess, tarfile, tempfile, textwrap, traceback
import typing, unittest, unittest.mock, uuid, venv, weakref, xml.dom.minidom
import xml.etree.ElementTree, zipfile, zoneinfo
print("imported")
"""
CLASSES = """\
import dataclasses, enum, functools, typing, abc, collections
class Colour(enum.Enum):
    RED = 1
@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
class Shape(abc.ABC):
    @abc.abstractmethod
    def area(self): ...
@functools.lru_cache
def double(x):
    return 2 * x
T = typing.TypeVar("T")
class Box(typing.Generic[T]):
    pass
points = [Point(i) for i in range(1000)]
points.append(points)
print(double(4), Colour.RED, isinstance(points[0], Shape), collections.Counter("aab"))
"""
GENERATORS = """\
def numbers():
    for i in range(10):
        yield i
def chained():
    yield from numbers()
half = numbers()
next(half)
unstarted = chained()
inner = chained()
next(inner)
done = list(numbers())
lazy = (i for i in done)
next(lazy)
def careful():
    try:
        pass
    finally:
        print("before")
    yield 1
    yield 2
beyond = careful()
next(beyond)
print("end")
"""
ASYNC = """\
import asyncio
async def work(number):
    await asyncio.sleep(0)
    return number
async def main():
    print(await asyncio.gather(*(work(i) for i in range(5))))
asyncio.run(main())
"""
SUBPROCESS = """\
import subprocess, sys
done = subprocess.run([sys.executable, "-c", "print('child')"], stdout=subprocess.PIPE)
process = subprocess.Popen([sys.executable, "-c", "pass"])
print(process.wait(), done.stdout)
"""
EXECUTOR = """\
from concurrent.futures import ThreadPoolExecutor
pool = ThreadPoolExecutor(2)
future = pool.submit(print, "in pool", flush=True)
future.result()
print("end")
"""
GZIP = """\
import gzip
def write():
    with gzip.GzipFile("a.gz", "wb", mtime=0) as file:
        file.write(b"x")
write()
"""
WEAK = """\
import weakref
class A:
    def f(self): pass
a = A()
values = weakref.WeakValueDictionary(a=a)
keys = weakref.WeakKeyDictionary({a: 1})
them = weakref.WeakSet([a])
method = weakref.WeakMethod(a.f)
plain = weakref.ref(a)
proxy = weakref.proxy(a)
weakref.finalize(a, print, "finalized")
print(len(values), len(keys), len(them))
"""


@each(
    Ending("nothing", ""),
    Ending("a line", "print('hello')", shows=b"hello"),
    Ending("no line end", "import sys; sys.stdout.write('a'); sys.stderr.write('b'); print('c', end='')"),
    Ending("bytes beneath",
           "import sys; sys.stdout.buffer.write(b'raw'); print('text')", shows=b"rawtext"),
    Ending("much output", "for i in range(20000): print(i)", shows=b"19999"),
    Ending("unbuffered", "print('a')", options=("-u",)),
    Ending("line-buffered", "import sys; sys.stdout.reconfigure(line_buffering=True); print('a')"),
    Ending("help", ARGUMENTS % ["--help"], shows=b"does nothing"),
    Ending("wrong arguments", ARGUMENTS % ["--size", "x"], status=2, shows=b"invalid int"),
    Ending("logging", LOGGING, shows=b"handler closed"),
    Ending("threads", THREADS, shows=b"joined"),
    Ending("a thread until the end", LATE_THREAD, shows=b"main ends\nthread ends"),
    Ending("files", FILES, shows=b"one"),
    Ending("a client's imports", REQUESTS, shows=b'["aa"]'),
    Ending("many imports", MANY, shows=b"imported"),
    Ending("classes", CLASSES, shows=b"8 Colour.RED"),
    Ending("generators without handlers", GENERATORS, shows=b"before"),
    Ending("asyncio", ASYNC, shows=b"[0, 1, 2, 3, 4]"),
    Ending("subprocess", SUBPROCESS, shows=b"child"),
    Ending("executor", EXECUTOR, shows=b"in pool"),
    Ending("weak references", WEAK, shows=b"finalized"),
    Ending("socket left open", "import socket; a, b = socket.socketpair(); a.send(b'x')"),
    Ending("folder left open", "import os; s = os.scandir('.'); next(s)"),
    Ending("temporary folder", "import tempfile; t = tempfile.TemporaryDirectory(dir='.')"),
    Ending("temporary file", "import tempfile\nwith tempfile.NamedTemporaryFile() as f: f.write(b'x')"),
    Ending("database closed",
           "import sqlite3; c = sqlite3.connect('a.db'); c.execute('create table t(x)');"
           "c.commit(); c.close()"),
    Ending("zip closed",
           "import zipfile as z\nwith z.ZipFile('a.zip', 'w') as a: a.writestr(z.ZipInfo('a'), 'b')"),
    Ending("gzip closed", GZIP),
    Ending("garbage", "class A: pass\nfor i in range(100):\n    a = A(); a.a = a\n"),
    Ending("deep list", "x = []\nfor i in range(100000):\n    x = [x]\nprint('end')\n"),
    Ending("names cleared", "print('start')\nglobals().clear()\n", "full frozen", shows=b"start"),
    Ending("a fork",
           "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint('once each', pid == 0)\n",
           "", shows=b"once each True\nonce each False"),
    Ending("multiprocessing",
           "import multiprocessing as m\np = m.get_context('fork').Process(target=print,"
           " args=('child',))\np.start()\np.join()\n", shows=b"child"),
)  # fmt: skip
def test_ordinary_programs_end_quickly_and_alike(ending: Ending, world: World) -> None:
    assert_same_end(ending, world)
