"""Measures `mainspring compile` against `python -m compileall`, on a real site-packages folder.

Each line is a ratio of whole processes, run in turn, the median of the pairs; and the memory of the
largest process.  `--check` ends with status 1 if a bound is not met.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from figures import Figure, Figures, run_benchmark
from ground import LAUNCHER
from pairs import Command, Contender, clean_environment, compare, race

PACKAGES = ("django", "sqlalchemy", "pandas", "ansible-core")
POLL_SECONDS = 0.005


def make_tree(folder: Path) -> tuple[Path, Path]:
    """A virtual environment with real packages: its interpreter, and its site-packages."""
    python = folder / "bin" / "python"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    quiet = ["--quiet", "--disable-pip-version-check"]
    subprocess.run([python, "-m", "pip", *quiet, "install", *PACKAGES], check=True)
    code = "import sysconfig; print(sysconfig.get_path('purelib'))"
    return python, Path(subprocess.check_output([python, "-c", code], text=True).strip())


def describe(contenders: dict[str, Contender]) -> str:
    return ", ".join(f"{name} {c.median:.2f} s" for name, c in contenders.items())


def measure_forced(python: Path, tree: Path, home: Path, rounds: int) -> Iterator[Figure]:
    environment = clean_environment(home)
    contenders = {
        "mainspring": Contender([LAUNCHER, "compile", "-f", "-q", tree], environment),
        "compileall": Contender([python, "-m", "compileall", "-f", "-q", "-j0", tree], environment),
    }
    race(contenders, rounds)
    ratio = compare(*contenders.values())
    yield Figure("forced: compile / compileall -j0", ratio, 0.95, describe(contenders))


def measure_idle(python: Path, tree: Path, home: Path, rounds: int) -> Iterator[Figure]:
    """Of compileall's own, the faster of one process and of one a core."""
    environment = clean_environment(home)
    contenders = {
        "mainspring": Contender([LAUNCHER, "compile", "-q", tree], environment),
        "compileall": Contender([python, "-m", "compileall", "-q", tree], environment),
        "compileall -j0": Contender([python, "-m", "compileall", "-q", "-j0", tree], environment),
    }
    race(contenders, rounds)
    ours, serial, parallel = contenders.values()
    ratio = max(compare(ours, serial), compare(ours, parallel))
    yield Figure("nothing to do: compile / compileall", ratio, 0.50, describe(contenders))


def measure_memory(tree: Path, home: Path) -> Iterator[Figure]:
    peak = watch_workers([LAUNCHER, "compile", "-f", "-q", tree], home)
    yield Figure("forced: the largest worker, in MB", peak / 1e6, 150)


def watch_workers(command: Command, home: Path) -> int:
    """The most bytes that any child of *command* had resident."""
    process = subprocess.Popen(command, env=clean_environment(home))
    peaks = [0]
    watcher = threading.Thread(target=poll_children, args=(process, peaks))
    watcher.start()
    process.wait()
    watcher.join()
    return max(peaks)


def poll_children(process: "subprocess.Popen[bytes]", peaks: list[int]) -> None:
    while process.poll() is None:
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                text = status.read_text()
            except OSError:
                continue
            peak = re.search(r"^VmHWM:\s+(\d+) kB", text, re.MULTILINE)
            if f"\nPPid:\t{process.pid}\n" in text and peak is not None:
                peaks.append(int(peak[1]) * 1024)
        time.sleep(POLL_SECONDS)


def measure(folder: Path, rounds: int) -> Figures:
    python, tree = make_tree(folder / "tree")
    count = sum(name.endswith(".py") for _, _, names in os.walk(tree) for name in names)
    print(f"{count} modules of {', '.join(PACKAGES)}")
    yield from measure_forced(python, tree, folder / "home", max(rounds // 3, 3))
    yield from measure_idle(python, tree, folder / "home", rounds)
    yield from measure_memory(tree, folder / "home")


if __name__ == "__main__":
    sys.exit(run_benchmark(measure, __doc__, 15))
