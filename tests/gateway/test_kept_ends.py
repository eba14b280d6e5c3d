"""Output, errors and ends of a script are the same whether or not its process is kept."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from .keeping import age, assert_like_plain, keep

if TYPE_CHECKING:
    from .scripts import Site

#: ways to end, each as it would end the interpreter
ENDS: dict[str, str] = {
    "normal": "print('x', end='')",
    "status": "sys.exit(3)",
    "message": "print('x'); sys.exit('a complaint')",
    "negative": "sys.exit(-1)",
    "none": "sys.exit(None)",
    "exception": "print('x'); 1/0",
    "chained": "try:\n    1/0\nexcept ZeroDivisionError:\n    {}['x']",
    "interrupt": "print('x'); raise KeyboardInterrupt",
    "_exit": "os._exit(5)",
    "kill": "os.kill(os.getpid(), 9)",
    "hook": "sys.excepthook = lambda *_: print('hooked'); 1/0",
    "hook fails": "sys.excepthook = 1; 1/0",
    "thread": "import threading, time\n"
    "threading.Thread(target=lambda: (time.sleep(.1), print('x'))).start()",
    "thread fails": "import threading\nthreading.Thread(target=lambda: 1/0, name='own').start()",
    "daemon": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=[9], daemon=True).start()",
    "own daemon": "import threading, time\n"
    "threading.Thread(target=lambda: time.sleep(9), daemon=True).start()",
    "pool": "from concurrent.futures import ThreadPoolExecutor as Pool\nPool().submit(print, 'x')",
    "fork": "sys.stdout.flush()\nif os.fork():\n    os.wait()\nprint(os.getpid() == os.getpgid(0))",
    "child": "import multiprocessing\nif __name__ == '__main__':\n"
    "    p = multiprocessing.get_context('fork').Process(target=print, args=['x']); p.start(); p.join()",
    "no output": "sys.stdout.close()",
    "closes all": "print('x'); os.closerange(3, 4096)",
    "closes some": "print('x'); os.closerange(3, 256)",
    "output gone": "os.close(1)\nprint('x')",
    "deleted": "class Last:\n    def __del__(self): print('deleted')\nlast = Last()",
    "deleted with what it uses": "import json\ndef tell(word): print(json.dumps(word))\n"
    "class Last:\n    def __init__(self): self.me = self\n    def __del__(self): tell('deleted')\n"
    "last = Last()\nmore = [Last()]\nclass Whole:\n    one = Last()",
    "deleted before others": "out = ['x']\nclass Last:\n    def __del__(self): print(out)\nlast = Last()",
    "file": "file = open('written', 'a'); file.write('x'); print('x')",
}
#: ways to write that are often seen in scripts
WRITERS: dict[str, str] = {
    "print": "print('é')",
    "buffer": "sys.stdout.buffer.write(b'x'); print('y')",
    "os.write": "os.write(1, b'x'); print('y')",
    "wrapped": "import io\nsys.stdout = io.TextIOWrapper(sys.stdout.buffer, 'latin-1'); print('é')",
    "wrapped apart": "import io\nout = io.TextIOWrapper(sys.stdout.buffer, 'latin-1'); out.write('é')",
    "wrapped in a cycle": "import io\nclass Out:\n    pass\nout = Out(); out.me = out\n"
    "out.out = io.TextIOWrapper(sys.stdout.buffer, 'latin-1'); out.out.write('é')",
    "codecs": "import codecs\nsys.stdout = codecs.getwriter('utf-16')(sys.stdout.buffer); print('é')",
    "detached": "import io\nsys.stdout = io.TextIOWrapper(sys.stdout.detach(), 'latin-1'); print('é')",
    "opened": "sys.stdout = open(1, 'w', encoding='latin-1'); print('é')",
    "opened apart": "out = open(1, 'wb'); out.write(b'x')",
    "left open": "out = open(1, 'wb', closefd=False); out.write(b'x')",
    "reconfigured": "sys.stdout.reconfigure(encoding='latin-1', line_buffering=True); print('é')",
    "stderr": "sys.stderr.write('x'); print('y', file=sys.stderr, end='')",
    "stderr to stdout": "sys.stderr = sys.stdout; print('x', file=sys.stderr); sys.stdout.write('y')",
    "captured": "import io\nsys.stdout = io.StringIO(); print('x'); sys.__stdout__.write('y')",
    "none": "sys.stdout = None; print('x')",
    "logging": "import logging; logging.basicConfig(); logging.warning('x')",
    "module": "import helper; helper.say('x')",
    "module's buffer": "import helper; helper.write(b'x'); print('y')",
    "other program": "import subprocess; sys.stdout.flush(); subprocess.run(['echo', 'x'])",
    "much": "sys.stdout.write('x' * 1000000)",
    "binary input": "sys.stdout.buffer.write(sys.stdin.buffer.read())",
    "input line": "print(input())",
}
HELPER = """
import sys
out, raw = sys.stdout, sys.stdout.buffer
def say(word):
    print(word, file=out)
def write(content):
    raw.write(content)
"""
#: for CPython to speak of
NO_PROGRAMS = {
    "syntax": "print('x'",
    "null": "x = 1\n\0",
    "not utf-8": "# \udcff\nprint('x')",
    "unknown coding": "# coding: unknown\n",
    "indentation": "  x",
}


def test_a_traceback_is_the_one_that_the_interpreter_writes(site: Site) -> None:
    text = """
    import sys
    def fail():
        raise ValueError("a complaint")
    print("before")
    fail()
    """
    assert_like_plain(site, textwrap.dedent(text))


@pytest.mark.parametrize("text", NO_PROGRAMS)
def test_what_does_not_compile_is_left_to_the_interpreter(site: Site, text: str) -> None:
    assert_like_plain(site, NO_PROGRAMS[text], "cold")


def test_what_is_in_another_encoding_is_kept(site: Site) -> None:
    assert_like_plain(site, "# coding: latin-1\nprint('\udce9')\n")


def test_a_handler_that_fails_at_the_end_changes_nothing_else(site: Site) -> None:
    script = site.write("import atexit\natexit.register(print, 'ran')\natexit.register(lambda: 1/0)\n")
    age(site)

    async def course(site: Site) -> None:
        first = await site.run(script)
        again = await site.run(script)
        assert (first.status, first.stdout) == (0, b"ran\n")
        assert first.stderr.endswith(b"ZeroDivisionError: division by zero\n")
        assert b"kept_child" not in first.stderr
        assert again == first

    keep(site, course)


@pytest.mark.parametrize("end", ENDS)
def test_an_end_is_the_same_as_without_a_kept_process(site: Site, end: str) -> None:
    assert_like_plain(site, f"import os, sys\n{ENDS[end]}\n")


@pytest.mark.parametrize("writer", WRITERS)
def test_output_is_the_same_as_without_a_kept_process(site: Site, writer: str) -> None:
    site.write(HELPER, "helper.py")
    assert_like_plain(site, f"import os, sys\n{WRITERS[writer]}\n")
