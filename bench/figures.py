"""A claim of speed is a figure with a bound; a benchmark shows its figures, and `--check` has it fail."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Generator, Iterable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """A ratio, or another number, its bound, and what it is made of."""

    claim: str
    ratio: float
    bound: float
    detail: str = ""

    @property
    def is_met(self) -> bool:
        return self.ratio <= self.bound


Figures = Generator[Figure, None, None]


def show_figures(figures: Iterable[Figure]) -> int:
    """Print *figures* as they come; how many of them miss their bound."""
    missed = 0
    print(f"{'':52} {'figure':>7} {'bound':>7}")
    for figure in figures:
        missed += not figure.is_met
        word = "" if figure.is_met else "MISSED"
        print(
            f"{figure.claim:52} {figure.ratio:7.3f} {figure.bound:7.2f} {word:6} {figure.detail}",
            flush=True,
        )
    return missed


def run_benchmark(
    measure: Callable[[Path, int], Figures],
    about: str | None,
    count: int,
    *,
    of: str = "rounds",
    keeps: bool = False,
) -> int:
    """Show what *measure* finds in a folder, with as many rounds as are asked for; the exit status.

    The folder is its own and removed at the end; one that *keeps* what it has made may be given another.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument(f"--{of}", type=int, default=count, dest="count", help=f"how many ({count:,})")
    parser.add_argument("--check", action="store_true", help="end with status 1 if a bound is not met")
    if keeps:
        parser.add_argument("--folder", type=Path, help="where what is made is kept for the next time")
    options = parser.parse_args()
    print(f"CPython {sys.version.split()[0]}, {options.count:,} {of}\n")
    with tempfile.TemporaryDirectory(prefix="mainspring-bench-") as temporary:
        folder = ((keeps and options.folder) or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        # closed while the folder is there: what has begun in it is ended, whatever has gone wrong
        with closing(measure(folder, options.count)) as figures:
            missed = show_figures(figures)
    return 1 if missed and options.check else 0
