"""Hands parcels of sources to workers, a bounded number at a time, and loses none of them.

A parcel whose worker died is tried again, alone, so that it is known which one is to blame; if it
fails once more it is opened, and each source in it tried by itself.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from mainspring.ahead.job import identify_build
from mainspring.ahead.task import Task
from mainspring.errors import MainspringError

if TYPE_CHECKING:
    from mainspring.ahead.job import Answer, Outcome, Unit

TRIES = 3
#: seconds without an answer after which to ask whether there is still somebody to give one
PATIENCE = 2


class ForeignWorkerError(MainspringError):
    """A worker whose code would not be for this interpreter."""

    def __init__(self, worker: str, build: str) -> None:
        self.worker = worker
        self.build = build
        super().__init__(
            f"worker {worker} runs {build}, and this is {identify_build()}",
            "start workers of the same Python build",
        )


class Engine(Protocol):
    """What runs jobs: *capacity* of them are to be under way at a time."""

    capacity: int

    def submit(self, batch: "Sequence[Unit]") -> "Future[Answer]":
        """Raises BrokenExecutor where no worker is left."""

    def check(self) -> None:
        """Raises BrokenExecutor where no answer is to come any more."""

    def close(self) -> None:
        """Let go of the workers, which are idle."""

    def kill(self) -> None:
        """Let go of the workers at once, whatever they do."""


@dataclass
class Parcel:
    """Tasks whose sources go to a worker together."""

    tasks: list[Task]
    units: "list[Unit]"
    tries: int = 0

    def open(self) -> "list[Parcel]":
        """This parcel again, or if it has failed before, one for each of its sources."""
        self.tries += 1
        if self.tries < TRIES - 1 or len(self.tasks) == 1:
            return [self]
        pairs = zip(self.tasks, self.units, strict=True)
        return [Parcel([task], [unit], self.tries - 1) for task, unit in pairs]


@dataclass
class Dispatch:
    """Parcels on their way."""

    engine: Engine
    waiting: "dict[Future[Answer], Parcel]" = field(default_factory=dict)
    failed: deque[Parcel] = field(default_factory=deque)

    def run(self, parcels: Iterable[Parcel]) -> "Iterator[tuple[Task, Outcome | None]]":
        """Each task and what came of it; None if its workers died each time.

        Raises ForeignWorkerError, or BrokenExecutor if no worker is left.
        """
        fresh = iter(parcels)
        while self.send(fresh):
            done, _ = wait(self.waiting, PATIENCE, FIRST_COMPLETED)
            if not done:
                self.engine.check()
            for future in done:
                yield from self.receive(self.waiting.pop(future), future)

    def send(self, fresh: Iterator[Parcel]) -> bool:
        """Keep the workers busy; whether anything is under way."""
        while self.failed and not self.waiting:
            self.submit(self.failed.popleft())
        while not self.failed and len(self.waiting) < self.engine.capacity:
            parcel = next(fresh, None)
            if parcel is None:
                break
            self.submit(parcel)
        return bool(self.waiting)

    def submit(self, parcel: Parcel) -> None:
        self.waiting[self.engine.submit(parcel.units)] = parcel

    def receive(
        self, parcel: Parcel, future: "Future[Answer]"
    ) -> "Iterator[tuple[Task, Outcome | None]]":
        if future.cancelled() or future.exception() is not None:
            yield from self.take_back(parcel)
            return
        build, worker, outcomes = future.result()
        if build != identify_build():
            raise ForeignWorkerError(worker, build)
        yield from zip(parcel.tasks, outcomes, strict=True)

    def take_back(self, parcel: Parcel) -> Iterator[tuple[Task, None]]:
        if parcel.tries >= TRIES:
            yield parcel.tasks[0], None
        else:
            self.failed.extend(parcel.open())
