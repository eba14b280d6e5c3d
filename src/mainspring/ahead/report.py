"""What a compilation came to: the numbers, what was left alone, and every error."""

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypedDict

from mainspring.ahead.walk import Left, Unlisted

if TYPE_CHECKING:
    from mainspring.ahead.job import Failure


@dataclass(frozen=True)
class Mistake:
    """A source that could not be compiled, or what came of it not written."""

    path: str
    line: int
    message: str
    excerpt: str = ""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


class ReportFacts(TypedDict):
    """A report as `--json` prints it; times are in seconds, sizes in bytes."""

    compiled: int
    unchanged: int
    failed: int
    seconds: float
    source_bytes: int
    left: list[dict[str, str]]
    unlisted: list[dict[str, str]]
    errors: list[dict[str, object]]


@dataclass
class Report:
    """What a compilation came to; *source_bytes* is the size of what was compiled.

    *unstripped* are the sources that do not lie below the folder that was to be stripped.
    """

    compiled: int = 0
    unchanged: int = 0
    source_bytes: int = 0
    seconds: float = 0.0
    left: list[Left] = field(default_factory=list)
    unlisted: list[Unlisted] = field(default_factory=list)
    unstripped: set[str] = field(default_factory=set)
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return 1 if self.mistakes else 0

    def summarize(self) -> str:
        """All of it in one line."""
        parts = [f"{self.compiled} compiled", f"{self.unchanged} unchanged"]
        if self.left:
            parts.append(f"{len(self.left)} left alone ({count_reasons(self.left)})")
        parts.append(f"{len(self.mistakes)} failed")
        return f"{', '.join(parts)} in {self.seconds:.1f} s"

    def as_facts(self) -> ReportFacts:
        return {
            "compiled": self.compiled,
            "unchanged": self.unchanged,
            "failed": len(self.mistakes),
            "seconds": round(self.seconds, 3),
            "source_bytes": self.source_bytes,
            "left": [{"path": left.path, "reason": left.reason} for left in self.left],
            "unlisted": [{"path": one.path, "problem": one.problem} for one in self.unlisted],
            "errors": [
                {"path": one.path, "line": one.line, "message": one.message} for one in self.mistakes
            ],
        }


def describe_mistake(path: str, failure: "Failure") -> Mistake:
    kind, message, line, excerpt = failure
    return Mistake(path, line, f"{kind}: {message}", excerpt)


def count_reasons(left: list[Left]) -> str:
    counts = Counter(one.reason for one in left)
    return ", ".join(f"{count} {reason}" for reason, count in counts.most_common())
