"""How long requests took, in a fixed number of places: counts are exact, times to a tenth.

    place n := the times above BOUNDS[n - 1], up to BOUNDS[n]; the last place has all that are longer

The bounds are round numbers, so that those of a histogram for Prometheus (STEPS) are among them.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate

DECADE = (
    100, 110, 120, 130, 150, 160, 180, 200, 220, 250, 270, 300, 330, 360, 400, 450, 500, 550, 600, 650,
    700, 750, 800, 900,
)  # fmt: skip
#: seconds, from 0.1 ms to 900 s
BOUNDS = tuple(float(f"{step}e{power}") for power in range(-6, 1) for step in DECADE)
#: seconds; those that Prometheus is told
STEPS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
PLACES = tuple(map(BOUNDS.index, STEPS))


class Times:
    """The times of some requests."""

    __slots__ = ("counts", "longest", "number", "total")

    def __init__(self) -> None:
        self.counts = [0] * (len(BOUNDS) + 1)
        self.number = 0
        self.total = self.longest = 0.0

    def add(self, seconds: float) -> None:
        self.counts[bisect_left(BOUNDS, seconds)] += 1
        self.number += 1
        self.total += seconds
        if seconds > self.longest:  # noqa: PLR1730 - a call to max() costs more than all else here
            self.longest = seconds

    def add_all(self, other: Times) -> None:
        self.counts = [one + more for one, more in zip(self.counts, other.counts, strict=True)]
        self.number += other.number
        self.total += other.total
        self.longest = max(self.longest, other.longest)

    def find(self, share: float) -> float:
        """The time that *share* of the requests did not exceed; up to a tenth too long."""
        wanted, seen = share * self.number, 0
        for bound, count in zip(BOUNDS, self.counts, strict=False):
            seen += count
            if count and seen >= wanted:
                return min(bound, self.longest)
        return self.longest

    def count_steps(self) -> list[int]:
        """How many took no longer than each of STEPS."""
        so_far = list(accumulate(self.counts))
        return [so_far[place] for place in PLACES]
