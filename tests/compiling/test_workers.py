"""A run uses every core, and loses nothing when a worker dies; who kills it each time is reported."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from .calls import ask, call, compile_all, count, list_compiled, make_program, make_tree

if TYPE_CHECKING:
    from collections.abc import Callable

    from starts import Argument, World

PATIENCE = 60
TAG = sys.implementation.cache_tag
#: takes hundreds of megabytes, and seconds, to compile
GIANT = "x = [" + "[],\n" * 1_500_000 + "]\n"
SMALLER_GIANT = "x = [" + "[],\n" * 300_000 + "]\n"
MEGABYTE = 1 << 20


def write_modules(folder: Path, number: int, lines: int = 250) -> Path:
    """A tree of *number* modules, each of which takes some milliseconds to compile."""
    folder.mkdir(parents=True, exist_ok=True)
    for module in range(number):
        text = "".join(f"def f{line}(a, b={module}): return [a + {line}, b]\n" for line in range(lines))
        (folder / f"module{module}.py").write_text(text)
    return folder


def start(world: World, *words: Argument, before: tuple[Argument, ...] = ()) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*before, world.launcher, "compile", *words],
        cwd=world.home,
        env=world.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, "this did not come about"
        time.sleep(0.002)


def find_workers(process: subprocess.Popen[bytes]) -> list[int]:
    """The processes that *process* has started."""
    found: list[int] = []
    for children in Path(f"/proc/{process.pid}/task").glob("*/children"):
        try:
            found += map(int, children.read_text().split())
        except OSError:
            pass
    return found


def measure(worker: int) -> int:
    """The bytes of memory that a process uses; none if it has gone."""
    try:
        return int(Path(f"/proc/{worker}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def is_there(process: int) -> bool:
    """Whether a process runs, and is no zombie."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def finish(process: subprocess.Popen[bytes]) -> tuple[int, bytes, bytes]:
    try:
        output, errors = process.communicate(timeout=PATIENCE)
    finally:
        process.kill()
    return process.returncode, output, errors


@pytest.mark.parametrize(("words", "expected"), [([], len(os.sched_getaffinity(0))), (["-j3"], 3)])
def test_there_is_a_worker_for_each_core(world: World, words: list[str], expected: int) -> None:
    write_modules(world.home / "tree", 60)
    process = start(world, *words, "tree")
    wait_for(lambda: len(find_workers(process)) >= expected)
    most = len(find_workers(process))
    while process.poll() is None:
        most = max(most, len(find_workers(process)))
    finish(process)
    assert most == expected


def test_there_is_no_worker_where_nothing_is_to_do(world: World) -> None:
    tree = make_tree(world.home / "tree", a="a = 1\n")
    call(world, "tree")
    log = world.home / "trace"
    command: tuple[Argument, ...] = ("strace", "-f", "-qq", "-e", "trace=execve", "-o", log)
    assert call(world, tree, before=command).status == 0
    plain = log.read_text().count("execve(")
    call(world, "-f", tree, before=command)
    assert log.read_text().count("execve(") == plain + 1


def test_the_work_of_a_worker_that_was_killed_is_done_by_others(world: World) -> None:
    tree = write_modules(world.home / "tree", 150)
    process = start(world, "-j2", "--json", "tree")
    done = tree / "__pycache__"
    wait_for(lambda: done.is_dir() and len(os.listdir(done)) > 5)
    killed = find_workers(process)[0]
    os.kill(killed, signal.SIGKILL)
    assert len(os.listdir(done)) < 150
    status, output, errors = finish(process)
    assert (status, errors) == (0, b"")
    assert b'"compiled": 150' in output
    ours = list_compiled(tree)
    shutil.rmtree(done)
    compile_all("-s", world.home, tree)
    assert ours == list_compiled(tree)


def kill_whom_memory_runs_out_for(process: subprocess.Popen[bytes], limit: int) -> int:
    """Do as the kernel does where memory is short, until *process* has ended; how many it met."""
    killed: set[int] = set()
    while process.poll() is None:
        for worker in find_workers(process):
            if measure(worker) > limit and worker not in killed:
                os.kill(worker, signal.SIGKILL)
                killed.add(worker)
        time.sleep(0.005)
    return len(killed)


def test_a_source_that_kills_each_worker_is_an_error_and_the_rest_is_compiled(world: World) -> None:
    tree = write_modules(world.home / "tree", 20, lines=10)
    (tree / "giant.py").write_text(GIANT)
    (tree / "script").write_text("#!/usr/bin/env python3\nprint('\\N{SNOWMAN}')\n" + GIANT)
    process = start(world, "-q", "tree")
    assert kill_whom_memory_runs_out_for(process, 100 * MEGABYTE) >= 6
    status, output, errors = finish(process)
    assert (status, errors) == (1, b"")
    died = "the worker that compiled it died"
    assert output.decode() == f"tree/giant.py:1: {died}\ntree/script:1: {died}\n"
    assert len(list_compiled(tree)) == 20


def test_a_script_that_has_a_worker_of_its_own_is_given_another(world: World) -> None:
    make_program(world.home / "script", "#!/usr/bin/env python3\nprint('\\N{SNOWMAN}')\n" + SMALLER_GIANT)
    process = start(world, "-q", "script")
    killed: list[int] = []
    while process.poll() is None:
        for worker in find_workers(process):
            if measure(worker) > 50 * MEGABYTE and not killed:
                os.kill(worker, signal.SIGKILL)
                killed.append(worker)
        time.sleep(0.005)
    assert finish(process) == (0, b"", b"")
    assert len(killed) == len(world.entries) == 1


def test_a_source_for_which_memory_runs_out_is_an_error(world: World) -> None:
    tree = write_modules(world.home / "tree", 5, lines=10)
    (tree / "giant.py").write_text(GIANT)
    limit: tuple[Argument, ...] = ("prlimit", f"--as={300 * MEGABYTE}")
    facts = ask(world, "-j1", "tree", status=1, before=limit)
    assert count(facts) == (5, 0, 1)
    assert facts["errors"][0]["path"] == "tree/giant.py"


def test_where_not_all_workers_can_be_started_those_that_can_do(world: World) -> None:
    write_modules(world.home / "tree", 60, lines=1000)
    limit: tuple[Argument, ...] = ("prlimit", "--nofile=18")
    facts = ask(world, "-j40", "tree", before=limit)
    assert count(facts) == (60, 0, 0)


def test_where_no_worker_can_be_started_it_is_said_in_one_line(world: World) -> None:
    write_modules(world.home / "tree", 10)
    limit: tuple[Argument, ...] = ("prlimit", "--nofile=5")
    ended = call(world, "tree", before=limit)
    assert (ended.status, ended.stdout) == (1, b"")
    assert ended.stderr.startswith(b"mainspring: no worker can be started (")
    assert ended.stderr.count(b"\n") == 1


# ---- executors that are given -------------------------------------------------------------------

GIVEN = """\
import multiprocessing, sys
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from mainspring.ahead import Invalidation, Request, compile_tree

if __name__ == "__main__":
    kinds = {
        "threads": lambda: ThreadPoolExecutor(3),
        "spawn": lambda: ProcessPoolExecutor(2, multiprocessing.get_context("spawn")),
        "none": lambda: None,
    }
    seen = []
    executor = kinds[sys.argv[1]]()
    request = Request(destination="/code", optimizations=(0, 2))
    report = compile_tree(
        [Path("tree")], executor=executor, request=request, on_progress=lambda *done: seen.append(done)
    )
    assert report.exit_code == 1 and len(report.mistakes) == 1, report
    assert str(report.mistakes[0]).startswith("tree/bad.py:1: SyntaxError: "), report
    assert seen[-1][0] == seen[-1][1] and seen == sorted(seen), seen
    if executor is not None:
        assert executor.submit(abs, -1).result() == 1  # it stays its owner's
        executor.shutdown()
    print(report.compiled)
"""


@pytest.fixture
def given(world: World) -> Path:
    tree = write_modules(world.home / "tree", 30)
    (tree / "bad.py").write_text("bad = (\n")
    (world.home / "given.py").write_text(GIVEN)
    return tree


@pytest.mark.parametrize("kind", ["threads", "spawn", "none"])
def test_any_executor_gives_the_same_code(world: World, given: Path, kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "given.py", kind],
        cwd=world.home,
        env=world.environment(),
        check=False,
        capture_output=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"30\n", b"")
    ours = list_compiled(given)
    shutil.rmtree(given / "__pycache__")
    compile_all("-d", "/code", "-o0", "-o2", given)
    assert ours == list_compiled(given)
    assert len(ours) == 60


BROKEN = """\
import os, sys
from concurrent.futures import ProcessPoolExecutor
from mainspring.ahead import compile_tree
from mainspring.errors import MainspringError

def die():
    os._exit(1)

if __name__ == "__main__":
    executor = ProcessPoolExecutor(2)
    try:
        executor.submit(die).result()
    except Exception:
        pass
    try:
        compile_tree(["tree"], executor=executor)
    except MainspringError as error:
        print(error)
"""


@pytest.mark.usefixtures("given")
def test_an_executor_without_workers_is_an_error(world: World) -> None:
    (world.home / "broken.py").write_text(BROKEN)
    done = subprocess.run(
        [sys.executable, "broken.py"],
        cwd=world.home,
        env=world.environment(),
        check=True,
        capture_output=True,
    )
    assert done.stdout.startswith(b"no worker is left (")
    assert done.stderr == b""
