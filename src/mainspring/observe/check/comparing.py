"""Compares a run with two plain ones: what differs between those is not held against it.

Lines of output are compared one by one where both plain runs wrote the same number of them; a line that
differs between the two, as one with the time, is left out.  Files and descriptors are compared by name.
"""

import difflib
from dataclasses import dataclass

from mainspring.observe.check.seen import FACETS, Parts, Seen

VARIES = "(varies by itself)"
CONTEXT = 1
WINDOW = 20
MOST_LINES, MOST_COLUMNS = 14, 240


@dataclass(frozen=True)
class Difference:
    """A facet in which a run differs from a plain one, and how."""

    facet: str
    diff: list[str]


class Yardstick:
    """Two plain runs, and what of them can be relied on."""

    def __init__(self, cold: Seen, again: Seen) -> None:
        self._plain = {facet: cold.find_parts(facet) for facet in FACETS}
        self._again = {facet: again.find_parts(facet) for facet in FACETS}

    def list_varying(self) -> dict[str, str]:
        """The facets that vary by themselves, and how much of each does."""
        found = {}
        for facet, plain in self._plain.items():
            again = self._again[facet]
            if plain is None or again is None or plain == again:
                continue
            found[facet] = "all" if self._is_vague(facet) else describe_extent(facet, plain, again)
        return found

    def list_unseen(self) -> list[str]:
        return [facet for facet, plain in self._plain.items() if plain is None]

    def compare(self, seen: Seen) -> list[Difference]:
        """Each facet in which *seen* differs, but for what varies by itself."""
        found = []
        for facet, plain in self._plain.items():
            shown = seen.find_parts(facet)
            if plain is None or shown is None or self._again[facet] is None or self._is_vague(facet):
                continue
            expected, actual = self._mask(facet, plain), self._mask(facet, shown)
            if expected != actual:
                found.append(Difference(facet, describe_difference(expected, actual)))
        return found

    def _is_vague(self, facet: str) -> bool:
        """Whether two plain runs have not even the number of lines in common."""
        plain, again = self._plain[facet], self._again[facet]
        return is_lines(facet) and len(plain or ()) != len(again or ())

    def _mask(self, facet: str, parts: Parts) -> list[str]:
        """*parts* as lines, without what varies."""
        plain, again = self._plain[facet] or {}, self._again[facet] or {}
        varying = find_varying(plain, again)
        if is_lines(facet):
            return [VARIES if place in varying else text for place, text in parts.items()]
        names_vary = any((name in plain) != (name in again) for name in varying)
        return [
            f"{name}: {text}"
            for name, text in sorted(parts.items())
            if name not in varying and (name in plain or not names_vary)
        ]


def is_lines(facet: str) -> bool:
    return facet not in {"files", "descriptors"}


def find_varying(plain: Parts, again: Parts) -> set[str]:
    return {name for name in (*plain, *again) if plain.get(name) != again.get(name)}


def describe_extent(facet: str, plain: Parts, again: Parts) -> str:
    number = len(find_varying(plain, again))
    noun = "line" if is_lines(facet) else facet.removesuffix("s")
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def describe_difference(expected: list[str], actual: list[str]) -> list[str]:
    """A short unified diff, from the first difference on."""
    pairs = zip(expected, actual, strict=False)
    same = next((place for place, (one, other) in enumerate(pairs) if one != other), None)
    begin = max(0, (min(len(expected), len(actual)) if same is None else same) - CONTEXT)
    window = slice(begin, begin + WINDOW)
    lines = list(
        difflib.unified_diff(expected[window], actual[window], "cold", "here", n=CONTEXT, lineterm="")
    )[2:]
    lines = [line for line in lines if not line.startswith("@@")]
    cut = find_cut(lines)
    lines = [line if len(line) <= MOST_COLUMNS else cut_line(line, cut) for line in lines]
    return [*lines[:MOST_LINES], *(["..."] if len(lines) > MOST_LINES else [])]


def find_cut(lines: list[str]) -> int:
    """From which column on the first pair of long lines is of interest."""
    removed = next((line for line in lines if line.startswith("-")), "")
    added = next((line for line in lines if line.startswith("+")), "")
    pairs = enumerate(zip(removed[1:], added[1:], strict=False))
    same = next((place for place, (one, other) in pairs if one != other), 0)
    return max(0, same - MOST_COLUMNS // 2)


def cut_line(line: str, begin: int) -> str:
    shown = line[1:][begin : begin + MOST_COLUMNS]
    return f"{line[0]}{'...' if begin else ''}{shown}"
