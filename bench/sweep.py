"""Measures how a cache that 100,000 scripts filled comes back under its bound, start by start.

The starts use an entry; what each waits for the sweep is what the log says it took, less what a start
takes that has nothing to sweep.  `--check` ends with status 1 if a bound is not met.
"""

import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

from figures import Figure, Figures, run_benchmark
from ground import Ground, prepare_ground
from pairs import clean_environment

STARTS_AT_MOST = 100_000
LINKS = 30_000


class Grown:
    """A cache with *many* entries, of scripts that are there, and a start in it."""

    def __init__(self, ground: Ground, many: int) -> None:
        self.python = ground.enabled
        self.script = ground.home / "scripts" / "first.py"
        self.log = ground.home / "starts.log"
        self.environment = {
            **clean_environment(ground.home),
            "MAINSPRING_MIN_SIZE": "0",
            "MAINSPRING_LOG": str(self.log),
        }
        self.script.parent.mkdir(parents=True)
        self.script.write_text("print()\n")
        self.start()
        cache = ground.home / ".cache" / "mainspring"
        [self.entry] = cache.rglob("*%.pyc")
        multiply(self.script, [f"{number}.py" for number in range(many)])
        multiply(self.entry, [f"{number}.py%.pyc" for number in range(many)])
        # as the starts that made them would have left it
        os.utime(cache / "%sweep", (0, 0))
        self.bound = self.entry.stat().st_size * many // 2

    def start(self) -> float:
        """Start the script; the milliseconds that its line in the log tells."""
        self.log.unlink(missing_ok=True)
        subprocess.run(
            [self.python, self.script], env=self.environment, check=True, stdout=subprocess.DEVNULL
        )
        return float(self.log.read_text().split("\t")[2])

    def measure(self) -> int:
        """The bytes of all entries."""
        with os.scandir(self.entry.parent) as entries:
            return sum(entry.stat().st_size for entry in entries)


def multiply(path: Path, names: list[str]) -> None:
    """Make *names* beside *path*, of what it holds: links, of which a file system takes only so many."""
    for number, name in enumerate(names):
        if number % LINKS == 0:
            target = path.with_name(name)
            shutil.copy2(path, target)
        else:
            os.link(target, path.with_name(name))


def measure(folder: Path, many: int) -> Figures:
    grown = Grown(prepare_ground(folder), many)
    still = [grown.start() for _ in range(1000)]
    quiet = statistics.median(still)
    grown.environment["MAINSPRING_MAX_SIZE"] = str(grown.bound)
    times: list[float] = []
    while grown.measure() > grown.bound and len(times) < STARTS_AT_MOST:
        times += [grown.start() - quiet for _ in range(100)]
    detail = f"{len(times)} starts, {quiet:.2f} ms for one that sweeps nothing"
    size = grown.measure() / grown.bound
    yield Figure("the cache's size / its bound, in the end", size, 1.0, detail)
    noise = statistics.quantiles(still, n=1000)[-1] - quiet
    yield Figure("waited for the sweep: median, in ms", statistics.median(times), 5.0)
    yield Figure("waited for the sweep: 99 of 100, in ms", statistics.quantiles(times, n=100)[-1], 5.0)
    longest = statistics.quantiles(times, n=1000)[-1]
    yield Figure(
        "the same: 999 of 1000, less what they vary without",
        longest - noise,
        5.0,
        f"{longest:.2f} ms, and {noise:.2f} ms where nothing is swept",
    )


if __name__ == "__main__":
    sys.exit(run_benchmark(measure, __doc__, 100_000, of="scripts"))
