"""Starts in which one chosen system call fails, or is the moment at which a signal comes."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from security.people import need, put_before

if TYPE_CHECKING:
    from pathlib import Path

    from starts import Ended, World


@dataclass(frozen=True)
class Traced:
    """A start, and the system calls that it made."""

    ended: Ended
    calls: list[str]

    def find(self, *words: str) -> list[int]:
        """The places of the calls in which one of *words* occurs."""
        return [place for place, call in enumerate(self.calls) if any(word in call for word in words)]

    def name(self, place: int) -> str:
        """The system call at *place*."""
        return self.calls[place].partition("(")[0]

    def target(self, place: int, fault: str) -> str:
        """How strace is told to let *fault* come over the call at *place*: it counts by name."""
        name = self.name(place)
        count = sum(self.name(other) == name for other in range(place + 1))
        return f"inject={name}:{fault}:when={count}"


def trace_start(world: World, script: Path, fault: str = "") -> Traced:
    """Start *script*, with the *fault* that Traced.target describes."""
    need(shutil.which("strace"), "strace")
    record = world.home / "calls"
    injected = ["-e", fault] if fault else []
    traced = put_before(world, "strace", "-qq", "-y", "-o", record, "-e", "trace=%file,%desc", *injected)
    # the same calls in each start
    traced.settings = {**world.settings, "PYTHONHASHSEED": "0"}
    ended = traced.start("enabled", script)
    lines = record.read_text(errors="replace").splitlines()
    return Traced(ended, [line for line in lines if not line.startswith(("---", "+++"))])
