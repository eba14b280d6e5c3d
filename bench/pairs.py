"""Times commands as whole processes, in turn, so that a drift of the machine's speed meets them all."""

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

Command = Sequence[str | os.PathLike[str]]


@dataclass
class Contender:
    """A command, what is done before each of its runs, and how long the runs took, in seconds."""

    command: Command
    environment: Mapping[str, str]
    prepare: Callable[[], object] = lambda: None
    seconds: list[float] = field(default_factory=list)

    def run(self) -> None:
        self.prepare()
        started = time.perf_counter()
        subprocess.run(
            self.command,
            env=dict(self.environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        self.seconds.append(time.perf_counter() - started)

    @property
    def median(self) -> float:
        return statistics.median(self.seconds)


def race(contenders: Mapping[str, Contender], rounds: int) -> None:
    """Run all in turn, *rounds* times, after a run each that does not count."""
    for contender in contenders.values():
        contender.run()
        contender.seconds.clear()
    for _ in range(rounds):
        for contender in contenders.values():
            contender.run()


def compare(first: Contender, second: Contender) -> float:
    """The median of the ratios, pair by pair."""
    return statistics.median(
        one / other for one, other in zip(first.seconds, second.seconds, strict=True)
    )


def count_instructions(command: Command, environment: Mapping[str, str]) -> int:
    """The instructions of a whole process, its children left out, as valgrind's callgrind counts them."""
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", *command],
        env={**environment, "PYTHONHASHSEED": "0"},
        capture_output=True,
        check=True,
    )
    [line] = [line for line in done.stderr.splitlines() if b"Collected" in line]
    return int(line.split()[-1])


def clean_environment(home: Path) -> dict[str, str]:
    """What a start in a plain shell has, with a home of its own."""
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": str(home)}
