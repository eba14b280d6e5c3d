"""What a run of a program showed, as facets, each of which is compared on its own."""

from collections.abc import Mapping
from dataclasses import dataclass

#: what is compared -> its meaning
FACETS = {
    "stdout": "what was written to standard output, or to the terminal",
    "stderr": "what was written to standard error",
    "status": "the exit status, or the signal that ended it",
    "files": "what was written below the current folder and $TMPDIR, and at paths among the arguments",
    "descriptors": "which descriptors were open at the end, and what they led to",
}
#: a facet's parts, by name; lines have numbers for names
Parts = Mapping[str, str]


@dataclass(frozen=True)
class Seen:
    """What a run showed; None where it could not be observed."""

    status: str
    stdout: bytes
    stderr: bytes
    files: Mapping[str, str] | None
    descriptors: Mapping[str, str] | None
    is_cut_short: bool = False  # by the time limit
    replaced: tuple[str, ...] = ()  # of the files, those that had been there

    def find_parts(self, facet: str) -> Parts | None:
        if facet == "status":
            return {"0": self.status}
        value = getattr(self, facet)
        return number_lines(value) if isinstance(value, bytes) else value


def number_lines(content: bytes) -> dict[str, str]:
    """The lines of *content*, in order; the last is what stands behind the last LF."""
    lines = content.split(b"\n")
    return {str(number): line.decode(errors="backslashreplace") for number, line in enumerate(lines)}
