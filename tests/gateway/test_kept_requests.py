"""A kept process serves request after request: modules stay, and nothing else shows in the next."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from .keeping import age, keep, read_numbers, run_plainly
from .scripts import finish

if TYPE_CHECKING:
    from .scripts import Site


def test_a_request_finds_nothing_of_another_ones_environment(site: Site) -> None:
    """Neither Python code, nor other programs, nor who looks into /proc."""
    text = """
import os, subprocess, sys
print(os.environ.get("HTTP_COOKIE"), os.environ.get("LEFT"))
print(subprocess.run(["printenv", "HTTP_COOKIE"], capture_output=True).stdout)
with open("/proc/self/environ") as file:
    print("HTTP_COOKIE" in file.read())
os.environ["LEFT"] = "1"
os.environ = {}
"""
    script = site.write(text)
    age(site)

    async def course(site: Site) -> None:
        first = await site.run(script, HTTP_COOKIE="secret")
        second = await site.run(script)
        third = await site.run(script, HTTP_COOKIE="other")
        assert first.stdout == b"secret None\nb'secret\\n'\nFalse\n"
        assert second.stdout == b"None None\nb''\nFalse\n"
        assert third.stdout == b"other None\nb'other\\n'\nFalse\n"
        assert first.process == second.process == third.process

    keep(site, course)


#: what a script does to its process, and that tells of it: every request finds the same
HABITS: dict[str, str] = {
    "folder": "print(os.getcwd()); os.chdir('/')",
    "umask": "print(os.umask(0o070))",
    "arguments": "print(sys.argv, sys.orig_argv[1:]); sys.argv.append('more')",
    "names": "print(sorted(globals())); more = 1",
    "path": "print(len(sys.path)); sys.path.insert(0, '/more'); sys.path.remove('/more')",
    "hook": "print(sys.excepthook is sys.__excepthook__); sys.excepthook = print",
    "signal": "import signal; print(signal.getsignal(15)); signal.signal(15, lambda *_: None)",
    "timer": "import signal; print(signal.getitimer(signal.ITIMER_REAL)); signal.alarm(100)",
    "warned": "import warnings; warnings.warn('again')",
    "output": "print(sys.stdout.encoding); sys.stdout.reconfigure(encoding='utf-16')",
    "exit": "import atexit; atexit.register(print, 'at exit'); print('before')",
    "unregistered": "import atexit; atexit.register(print, 1); atexit.unregister(print)",
    "main": "import __main__; print(vars(__main__) is globals(), __name__, __file__, __spec__)",
    "module": "import helper; print(helper.find_main())",
    "pickle": "import pickle\nclass Kind: pass\nprint(type(pickle.loads(pickle.dumps(Kind()))) is Kind)",
    "annotations": "print(__annotations__); x: int = 1",
    "input": "print(sys.stdin.read(), sys.stdin.buffer.read())",
    "trace": "print(sys.gettrace())",
}


@pytest.mark.parametrize("habit", HABITS)
def test_each_request_finds_what_a_fresh_process_would(site: Site, habit: str) -> None:
    site.write("def find_main():\n    import __main__\n    return sorted(vars(__main__))\n", "helper.py")
    script = site.write(f"import os, sys\n{HABITS[habit]}\n")
    age(site)

    call = site.call(script, "a", "b")
    plain = run_plainly(site, call, b"body")

    async def course(site: Site) -> None:
        processes = set()
        for _ in range(3):
            ran = await finish(await site.begin(call), b"body")
            assert ran[2:] == (plain.returncode, plain.stdout, plain.stderr)
            processes.add(ran.process)
        assert len(processes) == 1

    keep(site, course)


def test_the_path_does_not_grow_with_each_request(site: Site) -> None:
    script = site.write("import sys\nsys.path.insert(0, '/more')\nprint(sys.path.count('/more'))\n")
    age(site)

    async def course(site: Site) -> None:
        counts = [read_numbers(await site.run(script))[0] for _ in range(4)]
        assert counts == [1, 2, 2, 2]  # the one before the rest of the path, and the one that was there

    keep(site, course)


def test_what_a_later_request_changes_is_put_back(site: Site) -> None:
    """What the first leaves is taken for what modules do when they are imported."""
    text = """
import signal, sys, warnings
print(len(warnings.filters), signal.getsignal(15) is signal.SIG_IGN, sys.displayhook is print)
if sys.argv[1:]:
    warnings.simplefilter("error", BytesWarning)
    signal.signal(15, signal.SIG_IGN)
    sys.displayhook = print
"""
    script = site.write(text)
    age(site)

    async def course(site: Site) -> None:
        first = await site.run(script)
        await site.run(script, "change")
        assert await site.run(script) == first

    keep(site, course)


def test_a_timer_that_is_left_ends_no_other_request(site: Site) -> None:
    script = site.write(
        "import signal, sys\nif sys.argv[1:]:\n    sys.stdin.read()\nelse:\n"
        "    signal.setitimer(signal.ITIMER_REAL, 0.05)\nprint('ran')\n"
    )
    age(site)

    async def course(site: Site) -> None:
        first = await site.run(script)
        process = await site.begin(site.call(script, "wait"))
        await asyncio.sleep(0.2)  # longer than the timer, of which nothing tells
        ran = await finish(process)
        assert (ran.process, ran.status, ran.stdout) == (first.process, 0, b"ran\n")

    keep(site, course)


def test_a_data_base_stays_open(site: Site) -> None:
    """That is what processes are kept for."""
    site.write(
        "import sqlite3\nconnection = sqlite3.connect(':memory:')\n"
        "connection.execute('create table seen (number)')\n",
        "store.py",
    )
    script = site.write(
        "import store\nstore.connection.execute('insert into seen values (1)')\n"
        "print(store.connection.execute('select count(*) from seen').fetchone()[0])\n"
    )
    age(site)

    async def course(site: Site) -> None:
        assert [read_numbers(await site.run(script)) for _ in range(3)] == [[1], [2], [3]]

    keep(site, course)


#: where a connection is that a script does not close
LEFT_OPEN = {
    "name": "connection = sqlite3.connect(FILE, timeout=0.1)\n",
    "attribute": "class Store:\n    connection = sqlite3.connect(FILE, timeout=0.1)\n"
    "connection = Store.connection\n",
    "argument": "def write(connection=sqlite3.connect(FILE, timeout=0.1)):\n    return connection\n"
    "connection = write()\n",
}
WRITE = """\
connection.execute("create table if not exists seen (number)")
connection.execute("insert into seen values (1)")
print(connection.execute("select count(*) from seen").fetchone()[0])
"""


@pytest.mark.parametrize("place", LEFT_OPEN)
def test_a_transaction_that_is_left_open_is_rolled_back_before_the_answer_ends(
    site: Site, place: str
) -> None:
    """A connection is in a cycle with its own cache: it goes when that is collected."""
    script = site.write(f"import sqlite3\nFILE = 'data.base'\n{LEFT_OPEN[place]}{WRITE}")
    age(site)

    async def course(site: Site) -> None:
        processes = set()
        for _ in range(4):
            ran = await site.run(script)
            assert read_numbers(ran) == [1]
            processes.add(ran.process)
        assert len(processes) == 1

    keep(site, course)


def test_what_a_module_drops_is_collected_in_time(site: Site) -> None:
    site.write(
        "class Held:\n    def __init__(self): self.me = self\n    def __del__(self): print('dropped')\n"
        "held = Held()\n",
        "holder.py",
    )
    script = site.write("import sys, holder\nif sys.argv[1:]: del holder.held\nprint('ran')\n")
    age(site)

    async def course(site: Site) -> None:
        first = await site.run(script)
        said = [(await site.run(script, "drop")).stdout]
        while said[-1] == b"ran\n" and len(said) < 200:
            ran = await site.run(script)
            said.append(ran.stdout)
            assert ran.process == first.process
        assert said[-1] == b"ran\ndropped\n"

    keep(site, course)


#: what a script does with the descriptors that it has, and leaves in a module
HELD = "import os, held\nheld.{}\nprint('ran')\n"


@pytest.mark.parametrize(
    "line",
    [
        "copies.append(os.dup(1))",
        "tell(b'K' + bytes(4))",
        "tell(50 * (b'K' + bytes(4)))",
        "tell(bytes(99))",
    ],
)
def test_a_process_that_does_not_let_go_of_an_answer_serves_no_other(site: Site, line: str) -> None:
    """Each client has an answer of its own, whatever a script says on the way to the gateway."""
    site.write("import os\ncopies = []\ndef tell(words):\n    os.write(1000, words)\n", "held.py")
    script = site.write(HELD.format(line))
    age(site)

    async def course(site: Site) -> None:
        async with asyncio.timeout(10):
            ran = [await site.run(script) for _ in range(3)]
        assert [one.kind for one in ran] == ["kept"] * 3
        assert len({one.process for one in ran}) == 3

    keep(site, course, grace=0.2)
