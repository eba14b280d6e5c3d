"""An import, and what code read, as they are noted while a start is recorded."""

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.warm.changes import State
    from mainspring.warm.recipe import Cause

MOST_PATHS = 10_000  # of the program: it may go on for days without an effect


class Span:
    """An import, from its begin to its end."""

    def __init__(self, name: str, before: "State", how: str = "") -> None:
        self.name = name
        self.how = how  # as recipes name it
        self.before = before
        self.began = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        self.spent_us = 0
        self.within: list[Span] = []
        self.readings = Readings(float("inf"))
        self.failed = False
        self.is_tied = False  # to an import around it: by itself, it could come to something else

    @property
    def row(self) -> "tuple[str, int]":
        """That of a recipe."""
        return f"{self.how} {self.name}".lstrip(), self.spent_us

    def forget(self) -> None:
        """Hold nothing of the program's: a stream that is held is not flushed at its end."""
        self.before = ()
        for span in self.within:
            span.forget()

    def list_readings(self) -> "list[Readings]":
        """Its own, and those of all that it came to import."""
        return [self.readings, *(one for span in self.within for one in span.list_readings())]


class Readings:
    """What code read, and the first thing that it did or asked for that an import must not."""

    def __init__(self, most_paths: float = MOST_PATHS) -> None:
        self.most_paths = most_paths
        self.names: set[str] = set()
        self.files: set[str] = set()
        self.folders: set[str] = set()
        self.selects: set[str] = set()  # what else of the caller, as recipes name it
        self.cause: Cause | None = None

    def add(self, event: str, path: str) -> None:
        paths = self.files if event == "open" else self.folders
        if len(paths) < self.most_paths:
            paths.add(path)

    def update(self, others: "Readings") -> None:
        self.names |= others.names
        self.files |= others.files
        self.folders |= others.folders
        self.selects |= others.selects
