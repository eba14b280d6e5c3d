"""Sizes and ages as users read and type them."""

import re
import time

BINARY_UNITS = ("KiB", "MiB", "GiB", "TiB")
STEP = 1024
AGE_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
AGE = re.compile(r"([0-9]+(?:\.[0-9]+)?)([smhdw])")


def format_size(size: int) -> str:
    """`640 bytes`, `3.4 MiB`."""
    if size < STEP:
        return count(size, "byte")
    amount, step = size / STEP, 0
    # what would be rounded to a whole step is one of the next unit
    while amount >= STEP - 0.05 and step < len(BINARY_UNITS) - 1:
        amount /= STEP
        step += 1
    return f"{amount:.1f} {BINARY_UNITS[step]}"


def format_time(seconds: float | None) -> str:
    """The time in UTC, for programs to read; `-` where it is not known."""
    if seconds is None:
        return "-"
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


def parse_age(text: str) -> float:
    """Seconds for `90s`, `15m`, `12h`, `30d` or `2w`.  Raises ValueError."""
    found = AGE.fullmatch(text.strip().lower())
    if found is None:
        raise ValueError(text)
    return float(found[1]) * AGE_UNITS[found[2]]


def count(number: int, noun: str, plural: str = "") -> str:
    """`1 entry`, `2 entries`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"
