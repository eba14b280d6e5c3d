"""A Dask cluster is sent sources and gives back code; a worker of it may die, none may be foreign."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from starts import make_bare_venv

from .calls import ask, call, check_hit, count, list_compiled, make_program
from .workers import finish, start, wait_for, write_modules

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starts import World

#: what a worker says once it is of use
READY = "Registered to:"


class Cluster:
    """A scheduler, and workers that see neither this package nor the folder that is compiled."""

    def __init__(self, python: Path, folder: Path) -> None:
        self.python = python
        self.folder = folder
        self.processes: list[subprocess.Popen[bytes]] = []
        self.start("dask_scheduler", "--port", "0")
        wait_for(lambda: "Scheduler at: " in self.log.read_text())
        [self.place] = re.findall(r"Scheduler at: +tcp://(\S+)", self.log.read_text())

    @property
    def executor(self) -> list[str]:
        return ["--executor", f"dask://{self.place}"]

    def start(self, kind: str, *words: str, python: Path | None = None) -> subprocess.Popen[bytes]:
        command = [python or self.python, "-m", f"distributed.cli.{kind}", "--no-dashboard"]
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                [*command, "--host", "127.0.0.1", *words],
                cwd=self.folder,
                env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(self.folder)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def add_worker(self, threads: int = 1, python: Path | None = None) -> subprocess.Popen[bytes]:
        """Start a worker, and wait until the scheduler knows it."""
        before = self.log.read_text().count(READY)
        process = self.start(
            "dask_worker", self.place, "--nthreads", str(threads), "--no-nanny", python=python
        )
        wait_for(lambda: self.log.read_text().count(READY) > before)
        return process

    def end(self) -> None:
        for process in self.processes:
            process.kill()
            process.wait()


def make_worker_python(folder: Path) -> Path:
    """An interpreter that has all packages of this one but Mainspring."""
    python = make_bare_venv(folder)
    [packages] = folder.glob("lib/python*/site-packages")
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(("mainspring", "pip", "sitecustomize")) and path.suffix != ".pth":
            packages.joinpath(path.name).symlink_to(path)
    done = subprocess.run([python, "-c", "import mainspring"], check=False, capture_output=True)
    assert done.returncode == 1
    return python


@pytest.fixture(scope="module")
def worker_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_worker_python(tmp_path_factory.mktemp("workers") / "venv")


@pytest.fixture
def cluster(worker_python: Path, tmp_path: Path) -> Iterator[Cluster]:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    cluster = Cluster(worker_python, folder)
    yield cluster
    cluster.end()


def test_two_workers_one_of_them_killed_lose_nothing(world: World, cluster: Cluster) -> None:
    tree = write_modules(world.home / "tree", 150)
    (tree / "bad.py").write_text("bad = (\n")
    (tree / "warned.py").write_text("x = 1\nprint(x is 1)\n")
    workers = [cluster.add_worker() for _ in range(2)]
    process = start(world, *cluster.executor, "tree")
    done = tree / "__pycache__"
    wait_for(lambda: done.is_dir() and len(os.listdir(done)) > 5)
    workers[0].send_signal(signal.SIGKILL)
    assert len(os.listdir(done)) < 151
    status, output, errors = finish(process)
    assert status == 1
    assert output.startswith(b"tree/bad.py:1: SyntaxError: '(' was never closed\n")
    assert b"\n151 compiled, 0 unchanged, 1 failed in " in output
    assert re.fullmatch(rb"tree/warned.py:2: SyntaxWarning: .*\n  print\(x is 1\)\n", errors)
    theirs = list_compiled(tree)
    assert call(world, "-q", "-f", "tree").status == 1
    assert theirs == list_compiled(tree)


def test_scripts_too_and_nothing_is_left_with_the_workers(world: World, cluster: Cluster) -> None:
    cluster.add_worker()
    before = {path.name for path in cluster.folder.iterdir()}
    script = make_program(world.home / "bin" / "tool")
    named = make_program(
        world.home / "bin" / "named", "#!/usr/bin/env python3\nprint('\\N{DIGIT ONE}')\n"
    )
    assert count(ask(world, *cluster.executor, "bin")) == (2, 0, 0)
    for one in (script, named):
        check_hit(world, one)
    assert {path.name for path in cluster.folder.iterdir()} == before


def test_threads_of_one_worker_keep_their_warnings_apart(world: World, cluster: Cluster) -> None:
    cluster.add_worker(threads=6)
    tree = world.home / "tree"
    write_modules(tree, 30)
    for number, path in enumerate(sorted(tree.iterdir())):
        path.write_text(path.read_text() * 3 + f"print(f0 is {number})\n" * 5)
    ended = call(world, *cluster.executor, "-q", "tree")
    assert (ended.status, ended.stdout) == (0, b"")
    warned = re.findall(
        rb'^tree/(module\d+)\.py:\d+: SyntaxWarning: "is" with ', ended.stderr, re.MULTILINE
    )
    assert sorted(warned) == sorted(path.stem.encode() for path in tree.glob("*.py") for _ in range(5))
    assert b"SyntaxWarning" not in cluster.log.read_bytes()


def test_a_worker_of_another_build_is_refused_by_its_name(
    world: World, cluster: Cluster, tmp_path: Path
) -> None:
    python = make_worker_python(tmp_path / "other")
    [packages] = python.parents[1].glob("lib/python*/site-packages")
    line = "import sys; sys.version = sys.version.replace('(', '(another-', 1)\n"
    packages.joinpath("another.pth").write_text(line)
    write_modules(world.home / "tree", 3, lines=3)
    cluster.add_worker()
    cluster.add_worker(python=python)
    ended = call(world, *cluster.executor, "tree")
    assert (ended.status, ended.stdout) == (1, b"")
    assert re.fullmatch(
        rb"mainspring: worker tcp://127\.0\.0\.1:\d+ runs cpython .*\(another-.*, "
        rb"and this is cpython .*; start workers of the same Python build\n",
        ended.stderr,
    )
    assert list_compiled(world.home) == {}


def test_a_scheduler_without_workers(world: World, cluster: Cluster) -> None:
    write_modules(world.home / "tree", 3, lines=3)
    ended = call(world, *cluster.executor, "tree")
    assert (ended.status, ended.stdout) == (1, b"")
    expected = f"mainspring: the scheduler at dask://{cluster.place} has no workers; start some\n"
    assert ended.stderr.decode() == expected


def test_a_scheduler_that_is_not_there(world: World) -> None:
    ended = call(world, "--executor", "dask://127.0.0.1:1", ".")
    assert (ended.status, ended.stdout) == (1, b"")
    assert ended.stderr.startswith(b"mainspring: no scheduler answers at 127.0.0.1:1 (")
    assert ended.stderr.count(b"\n") == 1


def test_a_scheduler_that_dies_is_told_in_one_line(world: World, cluster: Cluster) -> None:
    tree = write_modules(world.home / "tree", 200)
    cluster.add_worker()
    process = start(world, *cluster.executor, "tree")
    wait_for((tree / "__pycache__").is_dir)
    cluster.processes[0].kill()
    status, output, errors = finish(process)
    assert (status, output) == (1, b"")
    assert errors.startswith(b"mainspring: no worker is left (the scheduler has gone); ")
    assert errors.count(b"\n") == 1
