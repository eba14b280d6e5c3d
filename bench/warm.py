"""Measures warm starts: against `/bin/true`, against cold starts of real commands, and against chg.

`--check` ends with status 1 if a bound is not met; `--rounds N` decides how many pairs are run.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from figures import Figure, Figures, run_benchmark
from ground import LAUNCHER
from home import Home

PACKAGES = ["black==26.10.1", "httpie==3.2.4", "ansible-core==2.19.14", "mercurial==7.2.4"]
COMMANDS = {"black": 20, "http": 15, "ansible": 20}  # how many times faster
STARTS_TO_WARM = 60
SETTLE_SECONDS = 0.05
NULL_STREAMS = [
    (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, "/dev/null", os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, "/dev/null", os.O_WRONLY, 0),
]
WAITER = """import table
import sys
sys.stdout.write("ready\\n")
sys.stdout.flush()
sys.stdin.read()
"""
TABLE = "ROWS = [str(number) * 4 for number in range(500_000)]\n"


class NotWarmError(Exception):
    """A program did not come to start warm."""


@dataclass
class Runner:
    """A command that is timed from its start to its end, in milliseconds."""

    command: Sequence[str | os.PathLike[str]]
    environment: dict[str, str]
    milliseconds: list[float] = field(default_factory=list)

    def run(self) -> float:
        arguments = [os.fspath(word) for word in self.command]
        started = time.perf_counter()
        process = os.posix_spawn(arguments[0], arguments, self.environment, file_actions=NULL_STREAMS)
        _, status = os.waitpid(process, 0)
        taken = (time.perf_counter() - started) * 1000
        if status != 0:
            raise subprocess.CalledProcessError(os.waitstatus_to_exitcode(status), arguments)
        return taken

    def note(self) -> None:
        """Time a start, once what an earlier one has left behind is done, on a processor that is awake.

        chg's server works on for 20 ms after a start has ended, which was charged to whoever came next.
        """
        begin = time.perf_counter() + SETTLE_SECONDS
        while time.perf_counter() < begin:
            pass
        self.milliseconds.append(self.run())

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)


class Ground(Home):
    """A home with the commands that are measured."""

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "PATH": f"{self.bin}:{os.environ['PATH']}"}

    def warm(self, script: Path, *arguments: str) -> Runner:
        """A start from a host, which is up."""
        command: list[str | os.PathLike[str]] = [
            LAUNCHER,
            "run",
            "--warm",
            "--python",
            self.python,
            script,
            *arguments,
        ]
        runner = Runner(command, self.environment())
        for _ in range(STARTS_TO_WARM):
            runner.run()
            if self.count_served(script):
                return runner
            time.sleep(0.1)
        raise NotWarmError(script)


def prepare(folder: Path) -> Ground:
    """Install the commands, and build chg from Mercurial's own source package."""
    ground = Ground(folder)
    if not (ground.bin / "ansible").exists():
        ground.make_interpreter()
        ground.pip("install", *PACKAGES)
        source = [package for package in PACKAGES if package.startswith("mercurial")]
        ground.pip("download", "--no-deps", "--no-binary", ":all:", "--dest", folder, *source)
        [archive] = folder.glob("mercurial-*.tar.gz")
        subprocess.run(["tar", "-xf", archive, "-C", folder], check=True)
        [chg] = folder.glob("mercurial-*/contrib/chg")
        subprocess.run(["make", "-s", "-C", chg], check=True)
    (folder / "one_line.py").write_text("pass\n", encoding="utf-8")
    (folder / "table.py").write_text(TABLE, encoding="utf-8")
    (folder / "waiter.py").write_text(WAITER, encoding="utf-8")
    return ground


def race(one: Runner, other: Runner, rounds: int) -> float:
    """The median of the ratios, pair by pair."""
    for runner in (one, other):
        runner.run()
        runner.milliseconds.clear()
    for _ in range(rounds):
        one.note()
        other.note()
    pairs = zip(one.milliseconds, other.milliseconds, strict=True)
    return statistics.median(first / second for first, second in pairs)


def describe(one: Runner, other: Runner) -> str:
    return f"{one.median:.2f} ms / {other.median:.2f} ms"


def measure(folder: Path, rounds: int) -> Figures:
    ground = prepare(folder)
    with ground.start_afresh():
        yield from measure_all(ground, rounds)


def measure_all(ground: Ground, rounds: int) -> Iterator[Figure]:
    environment = ground.environment()
    warm, true = ground.warm(ground.folder / "one_line.py"), Runner(["/bin/true"], environment)
    yield Figure(
        "warm one-line script / /bin/true", race(warm, true, rounds * 4), 3.5, describe(warm, true)
    )
    for name, times in COMMANDS.items():
        script = ground.bin / name
        warm, cold = ground.warm(script, "--version"), Runner([script, "--version"], environment)
        ratio = race(warm, cold, rounds)
        detail = f"{describe(warm, cold)}, 1/{1 / ratio:.1f}"
        yield Figure(f"warm {name} --version / cold", ratio, 1 / times, detail)
    yield from measure_chg(ground, rounds)
    yield from measure_recorded(ground, max(rounds // 3, 3))
    yield from measure_launcher(ground, rounds)
    yield from measure_memory(ground)


def measure_recorded(ground: Ground, rounds: int) -> Iterator[Figure]:
    """What a first start costs, which is recorded."""
    for name in COMMANDS:
        script = ground.bin / name
        command: list[str | Path] = [LAUNCHER, "run", "--warm"]
        command += ["--python", ground.bin / "python", script, "--version"]
        plain = Runner([script, "--version"], ground.environment())
        ratios, milliseconds = [], []
        for number in range(rounds):
            folder = ground.folder / "run" / f"{name}-{number}"
            folder.mkdir(mode=0o700)
            recorded = Runner(command, {**ground.environment(), "XDG_RUNTIME_DIR": str(folder)})
            milliseconds.append(recorded.run())
            plain.note()
            ratios.append(milliseconds[-1] / plain.milliseconds[-1])
        detail = f"{statistics.median(milliseconds):.0f} ms / {plain.median:.0f} ms"
        yield Figure(f"recorded {name} --version / plain", statistics.median(ratios), 2.0, detail)


def measure_chg(ground: Ground, rounds: int) -> Iterator[Figure]:
    [chg] = ground.folder.glob("mercurial-*/contrib/chg/chg")
    sockets = ground.folder / "chg"
    sockets.mkdir(mode=0o700, exist_ok=True)
    environment = {**ground.environment(), "CHGHG": str(ground.bin / "hg"), "CHGSOCKNAME": f"{sockets}/s"}
    warm, other = ground.warm(ground.bin / "hg", "--version"), Runner([chg, "--version"], environment)
    try:
        ratio = race(warm, other, rounds * 2)
    finally:
        subprocess.run([chg, "--kill-chg-daemon"], env=environment, check=False, capture_output=True)
    yield Figure("warm hg --version / chg --version", ratio, 1.0, describe(warm, other))


def measure_launcher(ground: Ground, rounds: int) -> Iterator[Figure]:
    """What a start costs that finds no host, in milliseconds over `python`."""
    script = ground.folder / "one_line.py"
    run = ground.folder / "closed"  # not the user's alone: no warm start, and no host
    run.mkdir(exist_ok=True)
    (run / "mainspring").mkdir(exist_ok=True)
    (run / "mainspring").chmod(0o755)
    environment = {**ground.environment(), "XDG_RUNTIME_DIR": str(run)}
    python = ground.bin / "python"
    cold = Runner([LAUNCHER, "run", "--warm", "--python", python, script], environment)
    plain = Runner([python, script], environment)
    race(cold, plain, rounds * 2)
    pairs = zip(cold.milliseconds, plain.milliseconds, strict=True)
    over = statistics.median(one - other for one, other in pairs)
    yield Figure("launcher without a host, ms over python", over, 1.5, describe(cold, plain))


def measure_memory(ground: Ground) -> Iterator[Figure]:
    """What two children that wait have for themselves, in megabytes."""
    script = ground.folder / "waiter.py"
    command = [*ground.warm(script).command]
    started = [
        subprocess.Popen(
            command, env=ground.environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        process.stdout.readline()
    [host] = [host for host in ground.list_hosts() if host["program"] == str(script)]
    children = (
        Path(f"/proc/{host['pid']}/task/{host['pid']}/children").read_text(encoding="ascii").split()
    )
    private = sorted(read_private(child) for child in children)
    for process in started:
        process.communicate()
    resident = read_memory(str(host["pid"]), "Rss:")
    detail = f"of a host of {resident / 1024:.0f} MB; all: {[round(one / 1024, 2) for one in private]}"
    yield Figure("private memory of a child, MB", private[-1] / 1024, 3.0, detail)


def read_private(process: str) -> int:
    return read_memory(process, "Private_Clean:") + read_memory(process, "Private_Dirty:")


def read_memory(process: str, name: str) -> int:
    """Kilobytes."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name))


if __name__ == "__main__":
    sys.exit(run_benchmark(measure, __doc__, 25, keeps=True))
