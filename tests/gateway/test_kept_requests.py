"""A kept process serves request after request: modules stay, and nothing else shows in the next."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import textwrap
import time
from typing import TYPE_CHECKING

import pytest
from warm.parity.remains import list_descendants, wait_for

from mainspring.gateway.bounds import Bounds
from mainspring.gateway.kept import Keeper

from .scripts import Ran, act, finish, list_descriptors, read_line

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from mainspring.gateway.call import Call

    from .scripts import Site

    Course = Callable[[Site], Awaitable[None]]

COUNTER = "requests = []\n"
#: tells its process, and how many requests the module `counter` has seen
COUNT = "import os, counter\ncounter.requests.append(1)\nprint(os.getpid(), len(counter.requests))\n"


def keep(site: Site, course: Course, **bounds: float) -> None:
    """Go through *course* with kept processes, of which none is left at the end."""

    async def act_out() -> None:
        before = list_descriptors()
        keeper = Keeper(site.starter, Bounds(**{"reuse": 1000, **bounds}))  # type: ignore[arg-type]
        starter, site.starter = site.starter, keeper  # type: ignore[assignment]
        try:
            await course(site)
        finally:
            await keeper.close()
            site.starter = starter
        assert list_descriptors() == before

    act(act_out())


def read_numbers(ran: Ran) -> list[int]:
    assert (ran.kind, ran.status, ran.stderr) == ("kept", 0, b""), ran
    return [int(word) for word in ran.stdout.split()]


def age(site: Site) -> None:
    """What was written just now could be written again without a trace: nothing is kept that read it."""
    wait_for(
        lambda: time.time() - max(path.stat().st_ctime for path in site.world.work.iterdir()) > 0.05,
        "old",
    )


@pytest.fixture
def counted(site: Site) -> Iterator[Site]:
    site.write(COUNTER, "counter.py")
    site.write(COUNT, "count.py")
    age(site)
    return site


async def count(site: Site, **variables: str) -> tuple[int, int]:
    """The process that served, and its how many-th request this was."""
    process, requests = read_numbers(await site.run(site.world.work / "count.py", **variables))
    return process, requests


def test_one_process_serves_one_request_after_the_other(counted: Site) -> None:
    async def course(site: Site) -> None:
        told = [await count(site) for _ in range(5)]
        assert len({process for process, _ in told}) == 1
        assert [requests for _, requests in told] == [1, 2, 3, 4, 5]

    keep(counted, course)


def test_it_serves_no_more_than_it_may(counted: Site) -> None:
    async def course(site: Site) -> None:
        told = [await count(site) for _ in range(6)]
        assert [requests for _, requests in told] == [1, 2, 3, 1, 2, 3]

    keep(counted, course, reuse=3)


def test_requests_at_the_same_time_have_processes_of_their_own(counted: Site) -> None:
    async def course(site: Site) -> None:
        told = await asyncio.gather(*[count(site) for _ in range(4)])
        assert len({process for process, _ in told}) == 4
        again = await count(site)
        assert again[1] == 2

    keep(counted, course)


def test_another_environment_of_the_interpreter_has_a_process_of_its_own(counted: Site) -> None:
    """What a request alone brings selects none."""

    async def course(site: Site) -> None:
        first = await count(site, LANG="C.UTF-8", QUERY_STRING="1")
        second = await count(site, LANG="C", QUERY_STRING="2")
        third = await count(site, LANG="C.UTF-8", QUERY_STRING="3")
        assert first[0] == third[0] != second[0]

    keep(counted, course)


@pytest.mark.parametrize("name", ["count.py", "counter.py"])
@pytest.mark.parametrize("way", ["write", "touch", "times kept", "replace"])
def test_a_file_that_has_changed_is_read_anew(counted: Site, name: str, way: str) -> None:
    path = counted.world.work / name

    def change() -> None:
        times = path.stat()
        if way == "touch":
            os.utime(path)
        elif way == "replace":
            fresh = path.with_suffix(".new")
            fresh.write_text(path.read_text())
            fresh.replace(path)
        else:
            path.write_text(path.read_text() + "\n")
        if way == "times kept":
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))

    async def course(site: Site) -> None:
        assert [(await count(site))[1] for _ in range(2)] == [1, 2]
        change()
        age(site)
        assert [(await count(site))[1] for _ in range(2)] == [1, 2]

    keep(counted, course)


def test_a_module_that_is_imported_late_is_watched_too(site: Site) -> None:
    site.write("value = 1\n", "late.py")
    script = site.write("import sys\nif sys.argv[1:]:\n    import late\n    print(late.value)\n")
    age(site)

    async def course(site: Site) -> None:
        assert (await site.run(script)).stdout == b""
        assert (await site.run(script, "late")).stdout == b"1\n"
        site.write("value = 22\n", "late.py")  # to CPython, too, the size tells
        age(site)
        assert (await site.run(script, "late")).stdout == b"22\n"

    keep(site, course)


def test_what_is_read_while_it_is_written_is_not_kept(site: Site) -> None:
    """Its next change might have the same times and the same size."""
    script = site.write("import os; print(os.getpid())\n")

    async def course(site: Site) -> None:
        processes = []
        for _ in range(3):
            script.write_text(script.read_text())
            processes += read_numbers(await site.run(script))
        assert len(set(processes)) == 3

    keep(site, course)


def test_a_process_with_nothing_to_do_ends(counted: Site) -> None:
    async def course(site: Site) -> None:
        process, _ = await count(site)
        while process in {one.number for one in list_descendants()}:  # noqa: ASYNC110 - a process
            await asyncio.sleep(0.01)
        assert (await count(site))[1] == 1

    keep(counted, course, kept_idle=0.2)


def test_there_are_never_more_than_may_run(site: Site) -> None:
    scripts = [site.write("import os; print(os.getpid())\n", f"script{i}.py") for i in range(4)]
    age(site)

    async def course(site: Site) -> None:
        told = [read_numbers(await site.run(script))[0] for script in scripts]
        while len(kept := {one.number for one in list_descendants()}) > 2:  # noqa: ASYNC110 - processes
            await asyncio.sleep(0.01)
        assert kept == set(told[2:])  # the longest idle ones made room

    keep(site, course, children=2)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_what_is_sent_a_signal_serves_nobody_else(site: Site, number: signal.Signals) -> None:
    script = site.write(
        "import os, sys\nprint(os.getpid(), flush=True)\nif sys.argv[1:]:\n    sys.stdin.read()\n"
    )
    age(site)

    async def course(site: Site) -> None:
        first = read_numbers(await site.run(script))
        process = await site.begin(site.call(script, "wait"))
        assert [int(await read_line(process.stdout))] == first
        process.send_signal(number)
        assert (await finish(process)).status == -number
        process.send_signal(number)  # it is gone
        assert read_numbers(await site.run(script)) != first

    keep(site, course)


def test_one_that_survives_its_signal_serves_nobody_else(site: Site) -> None:
    text = """
import os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: None)
print(os.getpid(), flush=True)
if sys.argv[1:]:
    sys.stdin.read()
"""
    script = site.write(text)
    age(site)

    async def course(site: Site) -> None:
        process = await site.begin(site.call(script, "wait"))
        first = [int(await read_line(process.stdout))]
        process.send_signal(signal.SIGTERM)
        assert (await finish(process)).status == 0
        assert read_numbers(await site.run(script)) != first

    keep(site, course)


def test_a_request_that_has_ended_cannot_be_signalled(counted: Site) -> None:
    """Its process is another's by then."""

    async def course(site: Site) -> None:
        process = await site.begin(site.call(site.world.work / "count.py"))
        ran = await finish(process)
        process.send_signal(signal.SIGKILL)
        assert await count(site) == (ran.process, 2)

    keep(counted, course)


def test_one_that_was_killed_while_it_waited_is_not_missed(counted: Site) -> None:
    async def course(site: Site) -> None:
        process, _ = await count(site)
        os.kill(process, signal.SIGKILL)
        again = await count(site)
        assert (again[0] != process, again[1]) == (True, 1)

    keep(counted, course)


def test_where_none_can_be_kept_a_script_is_started_for_itself(site: Site) -> None:
    """An interpreter that cannot run what runs in a kept process says so as ever."""
    script = site.write("print('ran')\n")

    async def course(site: Site) -> None:
        call = site.call(script)
        ran = await finish(await site.starter.start(call, "/bin/cat", (), None))
        assert ran.kind == "cold"
        assert b"print('ran')" in ran.stdout

    keep(site, course)


def test_who_stops_waiting_leaves_nothing_behind(site: Site) -> None:
    script = site.write("import time; time.sleep(1000)\n")

    async def course(site: Site) -> None:
        starting = asyncio.create_task(site.begin(site.call(script)))
        await asyncio.sleep(0)
        starting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await starting

    keep(site, course)
    wait_for(lambda: not list_descendants(), "ended")


def test_more_than_fits_into_a_socket_arrives_whole(site: Site) -> None:
    script = site.write("import os; print(sum(map(len, os.environ.values())))\n")
    age(site)

    async def course(site: Site) -> None:
        few = read_numbers(await site.run(script))[0]
        many = {f"PART_{i}": "x" * 50_000 for i in range(30)}
        assert read_numbers(await site.run(script, **many)) == [few + 1_500_000]

    keep(site, course)


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


def test_a_traceback_is_the_one_that_the_interpreter_writes(site: Site) -> None:
    text = """
    import sys
    def fail():
        raise ValueError("a complaint")
    print("before")
    fail()
    """
    assert_like_plain(site, textwrap.dedent(text))


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


def run_plainly(site: Site, call: Call, body: bytes) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [site.world.plain_python, call.script, *call.arguments],
        env=dict(call.environment),
        cwd=call.folder,
        input=body,
        capture_output=True,
        check=False,
        start_new_session=True,
    )


#: for CPython to speak of
NO_PROGRAMS = {
    "syntax": "print('x'",
    "null": "x = 1\n\0",
    "not utf-8": "# \udcff\nprint('x')",
    "unknown coding": "# coding: unknown\n",
    "indentation": "  x",
}


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


@pytest.mark.parametrize("end", ENDS)
def test_an_end_is_the_same_as_without_a_kept_process(site: Site, end: str) -> None:
    assert_like_plain(site, f"import os, sys\n{ENDS[end]}\n")


@pytest.mark.parametrize("writer", WRITERS)
def test_output_is_the_same_as_without_a_kept_process(site: Site, writer: str) -> None:
    site.write(HELPER, "helper.py")
    assert_like_plain(site, f"import os, sys\n{WRITERS[writer]}\n")


def assert_like_plain(site: Site, text: str, kind: str = "kept") -> None:
    """Request after request, whether or not the process was kept for it."""
    script = site.write("")
    script.write_bytes(text.encode("utf-8", "surrogateescape"))
    age(site)

    call = site.call(script)
    plain = run_plainly(site, call, b"line\nand more")

    async def course(site: Site) -> None:
        for _ in range(3):
            ran = await finish(await site.begin(call), b"line\nand more")
            assert (ran.kind, *ran[2:]) == (kind, plain.returncode, plain.stdout, plain.stderr)

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
