"""Compiles all that is found at some paths: plan, dispatch, keep, report."""

import os
import time
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from mainspring.ahead.planning import Planner
from mainspring.ahead.report import Mistake, Report, describe_mistake
from mainspring.ahead.request import Request
from mainspring.ahead.task import Task, WarnedError, count_cores
from mainspring.ahead.walk import Finding, walk_path
from mainspring.errors import NoWorkerLeftError
from mainspring.places import Refused
from mainspring.reasons import REASONS

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from mainspring.ahead.dispatch import Engine, Parcel
    from mainspring.ahead.job import Outcome, Unit

Progress = Callable[[int, int], None]
PARCEL_BYTES = 256 * 1024
#: a worker takes as long to start as it takes to compile this
WORKER_BYTES = 100_000
#: each source costs something, whatever its size
SOURCE_BYTES = 2000


def compile_tree(
    paths: Iterable[str | os.PathLike[str]],
    *,
    executor: "Executor | None" = None,
    request: Request | None = None,
    on_progress: Progress | None = None,
) -> Report:
    """Compile the modules and scripts at *paths*, files and folders, ahead of time.

    *executor*, any of `concurrent.futures`, is sent sources and gives back code, so that its workers
    need not see these files, but do need this build of Python; without one, processes of this machine
    are used.  *on_progress* is called with the bytes of source that are done, and all there are.

    Raises ForeignWorkerError for a worker of another build, NoWorkerStartedError or NoWorkerLeftError,
    and whatever interrupts it; errors of sources are in the report.
    """
    from mainspring.ahead.engines import ExecutorEngine

    engine = None if executor is None else ExecutorEngine(executor)
    findings = find_sources([os.fspath(path) for path in paths], request or Request())
    return Compilation(request or Request(), on_progress).run(findings, engine)


def find_sources(paths: Iterable[str], request: Request) -> Iterator[Finding]:
    """What is to be compiled at *paths*, each once."""
    for path in dict.fromkeys(paths):
        yield from walk_path(path, request)


class Compilation:
    """One run over some sources."""

    def __init__(self, request: Request, on_progress: Progress | None = None) -> None:
        self.request = request
        self.on_progress = on_progress
        self.report = Report()
        self.done_bytes = 0
        self.all_bytes = 0

    def run(self, findings: Iterable[Finding], engine: "Engine | None" = None) -> Report:
        """Compile what is not current; *engine* is chosen by how much that is, if none is given."""
        started = time.monotonic()
        planner = Planner(self.request, self.report)
        try:
            tasks = list(planner.plan(findings))
            self.all_bytes = sum(task.size for task in tasks)
            if tasks:
                self.compile(tasks, engine or choose_engine(self.all_bytes, self.request))
            planner.finish()
        finally:
            self.report.mistakes.sort(key=lambda mistake: (mistake.path, mistake.line))
            self.report.seconds = time.monotonic() - started
        return self.report

    # ---- doing it -----------------------------------------------------------------------------

    def compile(self, tasks: list[Task], engine: "Engine") -> None:
        # a run that finds nothing to do goes without all this
        from concurrent.futures import BrokenExecutor

        from mainspring.ahead.dispatch import Dispatch

        try:
            for task, outcome in Dispatch(engine).run(self.pack(tasks)):
                self.take(task, outcome)
        except BrokenExecutor as error:
            engine.kill()
            raise NoWorkerLeftError(str(error)) from error
        except BaseException:
            engine.kill()
            raise
        engine.close()

    def pack(self, tasks: list[Task]) -> "Iterator[Parcel]":
        """Parcels of about the same size, the largest sources first, so that none is left for last."""
        from mainspring.ahead.dispatch import Parcel

        parcel = Parcel([], [])
        size = 0
        for task in sorted(tasks, key=lambda task: task.size, reverse=True):
            if not self.load(task, parcel):
                continue
            size += task.size + SOURCE_BYTES
            if size >= PARCEL_BYTES:
                yield parcel
                parcel, size = Parcel([], []), 0
        if parcel.tasks:
            yield parcel

    def load(self, task: Task, parcel: "Parcel") -> bool:
        """Read the source of *task* and put it into *parcel*; False if that is not to be compiled."""
        try:
            unit = task.read()
            if not task.needs_own_process:
                parcel.tasks.append(task)
                parcel.units.append(unit)
                return True
            self.compile_alone(task, unit)
        except (Refused, OSError) as error:
            self.fail(task, Mistake(task.path, 1, describe_error(task, error)))
        return False

    def compile_alone(self, task: Task, unit: "Unit") -> None:
        """Raises OSError where no process can be started."""
        from mainspring.ahead.engines import compile_alone

        self.take(task, compile_alone(unit))

    def take(self, task: Task, outcome: "Outcome | None") -> None:
        """Keep what came of *task*, or report why not."""
        if outcome is None:
            self.fail(task, Mistake(task.path, 1, "the worker that compiled it died"))
        elif outcome[4] is not None:
            self.fail(task, describe_mistake(task.path, outcome[4]))
        else:
            self.keep(task, outcome)

    def keep(self, task: Task, outcome: "Outcome") -> None:
        try:
            task.keep(outcome)
        except WarnedError as error:
            self.fail(task, Mistake(task.path, error.line, str(error)))
        except (Refused, OSError) as error:
            self.fail(task, Mistake(task.path, 1, describe_error(task, error)))
        else:
            self.report.compiled += 1
            self.report.source_bytes += task.size
            self.advance(task)

    def fail(self, task: Task, mistake: Mistake) -> None:
        if str(mistake) not in {str(other) for other in self.report.mistakes}:
            self.report.mistakes.append(mistake)
        self.advance(task)

    def advance(self, task: Task) -> None:
        self.done_bytes += task.size
        if self.on_progress is not None:
            self.on_progress(self.done_bytes, self.all_bytes)


def choose_engine(size: int, request: Request) -> "Engine":
    """Processes, as many as cores if the request does not say; fewer for little."""
    from mainspring.ahead.engines import ProcessEngine

    return ProcessEngine(min(request.workers or count_cores(), size // WORKER_BYTES + 1))


def describe_error(task: Task, error: Exception) -> str:
    if isinstance(error, Refused):
        row = REASONS[error.reason]
        # what stands in the way may be in the cache, far from the source
        place = "" if error.path in task.path else f"{error.path}: "
        return f"{place}{row.meaning}; {row.remedy}"
    return f"{type(error).__name__}: {error}"
