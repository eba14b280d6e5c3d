"""Measures what starts cost: plain, for the first time, from an entry, and as an import.

Each line is a ratio of whole processes, run in turn, the median of the pairs; or of instructions.
`--check` ends with status 1 if a bound is not met.
"""

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from figures import Figure, Figures, run_benchmark
from ground import LAUNCHER, PROGRAMS, Ground, prepare_ground
from pairs import (
    Contender,
    clean_environment,
    compare,
    count_instructions,
    race,
)

CACHED_BOUNDS = {"cpplint": 0.60, "git_filter_repo": 0.60, "bottle": 0.80}
IMPORT = "import {0}"
SAME_WORK = "import sys, {0}; sys.argv[1:] = ['--version']; {0}.main()"


def measure_program(ground: Ground, name: str, rounds: int) -> Iterator[Figure]:
    """A program from PyPI, run with --version."""
    environment = clean_environment(ground.home)
    script: list[str | Path] = [ground.find_program(name), "--version"]
    imported = {**environment, "PYTHONPATH": str(ground.folder)}
    contenders = {
        "plain": Contender([ground.plain, *script], environment),
        "cached": Contender([ground.enabled, *script], environment),
        "import": Contender([ground.plain, "-c", IMPORT.format(name)], imported),
        "same work": Contender([ground.plain, "-c", SAME_WORK.format(name)], imported),
    }
    race(contenders, rounds)
    detail = ", ".join(f"{key} {c.median * 1000:.1f} ms" for key, c in contenders.items())
    cached = contenders["cached"]
    yield Figure(
        f"{name}: cached / plain", compare(cached, contenders["plain"]), CACHED_BOUNDS[name], detail
    )
    yield Figure(f"{name}: cached / import it", compare(cached, contenders["import"]), 1.05)
    yield Figure(
        f"{name}: cached / import it and do the same",
        compare(cached, contenders["same work"]),
        1.05,
    )


def measure_generated(ground: Ground, rounds: int) -> Iterator[Figure]:
    environment = clean_environment(ground.home)
    script = ground.find_program("generated")
    contenders = {
        "plain": Contender([ground.plain, script], environment),
        "cached": Contender([ground.enabled, script], environment),
    }
    race(contenders, rounds)
    detail = ", ".join(f"{key} {c.median * 1000:.1f} ms" for key, c in contenders.items())
    ratio = compare(contenders["cached"], contenders["plain"])
    yield Figure("35,000 lines: cached / plain", ratio, 0.12, detail)


def measure_first(ground: Ground, name: str, rounds: int) -> Iterator[Figure]:
    environment = clean_environment(ground.home)
    script: list[str | Path] = [ground.find_program(name), "--version"]
    contenders = {
        "plain": Contender([ground.plain, *script], environment),
        "first": Contender([ground.enabled, *script], environment, ground.forget_entries),
    }
    race(contenders, rounds)
    detail = ", ".join(f"{key} {c.median * 1000:.1f} ms" for key, c in contenders.items())
    ratio = compare(contenders["first"], contenders["plain"])
    yield Figure(f"{name}: first / plain", ratio, 1.05, detail)


def measure_run(ground: Ground, rounds: int) -> Iterator[Figure]:
    environment = clean_environment(ground.home)
    script = ground.find_program("one_line")
    contenders = {
        "plain": Contender([ground.plain, script], environment),
        "run": Contender([LAUNCHER, "run", "--python", ground.plain, script], environment),
    }
    race(contenders, rounds)
    detail = ", ".join(f"{key} {c.median * 1000:.1f} ms" for key, c in contenders.items())
    ratio = compare(contenders["run"], contenders["plain"])
    yield Figure("one line: mainspring run / python", ratio, 1.15, detail)


def measure_instructions(ground: Ground) -> Iterator[Figure]:
    """What a start pays that has nothing to gain, through each of the two slots."""
    environment = clean_environment(ground.home)
    starts = {"-c pass": ["-c", "pass"], "one line": [str(ground.find_program("one_line"))]}
    for slot, bound in (("sitecustomize", 1.01), (".pth", 1.05)):
        python = ground.enabled if slot == "sitecustomize" else ground.enable_by_line()
        for name, arguments in starts.items():
            for warm_up in (ground.plain, python):
                count_instructions([warm_up, *arguments], environment)
            plain = count_instructions([ground.plain, *arguments], environment)
            enabled = count_instructions([python, *arguments], environment)
            detail = f"{plain / 1e6:.2f} and {enabled / 1e6:.2f} million instructions"
            yield Figure(f"{name}: enabled by {slot} / not", enabled / plain, bound, detail)


def measure(folder: Path, rounds: int) -> Figures:
    ground = prepare_ground(folder)
    for name in PROGRAMS:
        yield from measure_program(ground, name, rounds)
    yield from measure_generated(ground, max(rounds // 2, 5))
    for name in PROGRAMS:
        yield from measure_first(ground, name, rounds)
    yield from measure_run(ground, 3 * rounds)
    if shutil.which("valgrind"):
        yield from measure_instructions(ground)
    else:
        print("no valgrind here: instructions are not counted", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(run_benchmark(measure, __doc__, 25))
