"""The workers on this machine, and any executor of `concurrent.futures` as it was given."""

import marshal
import os
import subprocess
import sys
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import TYPE_CHECKING

from mainspring.ahead import job
from mainspring.ahead.dispatch import TRIES
from mainspring.ahead.task import count_cores
from mainspring.errors import NoWorkerStartedError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import IO

    from mainspring.ahead.job import Answer, Outcome, Unit

AHEAD = 2  # parcels for each worker: one that it works on, and one that waits
#: what decides which code is generated
HEEDED = ("PYTHONNODEBUGRANGES", "PYTHONINTMAXSTRDIGITS")


class WorkerDiedError(Exception):
    """A worker that ended before it answered."""


class ExecutorEngine:
    """Any executor of `concurrent.futures`; it stays its owner's."""

    def __init__(self, executor: Executor, workers: int | None = None) -> None:
        self._executor = executor
        known = getattr(executor, "_max_workers", None)
        self.capacity = AHEAD * (workers or (known if isinstance(known, int) else count_cores()))

    def submit(self, batch: "Sequence[Unit]") -> "Future[Answer]":
        """Raises BrokenExecutor where no worker is left."""
        return self._executor.submit(job.compile_batch, list(batch))

    def check(self) -> None:
        """Nothing: the executor ends its futures itself."""

    def close(self) -> None:
        """Nothing: the executor is its owner's."""

    def kill(self) -> None:
        """Nothing: the executor is its owner's."""


class Worker:
    """A process of this interpreter that compiles what it is sent, and has loaded nothing else."""

    def __init__(self, *words: str) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith("PYTHON") or name in HEEDED
        }
        options = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # typeshed lacks it
        self._process = subprocess.Popen(
            [sys.executable, *options, "-S", "-P", job.__file__, *words],
            env={**environment, "MAINSPRING": "off"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def compile(self, batch: "Sequence[Unit]") -> "Answer":
        """Raises WorkerDiedError."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(job.frame(list(batch)))
            self._process.stdin.flush()
            head = self._process.stdout.read(job.LENGTH_SIZE)
            length = int.from_bytes(head, "little")
            content = self._process.stdout.read(length)
        except (OSError, ValueError) as error:
            raise WorkerDiedError from error
        if len(head) < job.LENGTH_SIZE or len(content) < length:
            raise WorkerDiedError
        answer: Answer = marshal.loads(content)
        return answer

    def end(self) -> None:
        """End it at once: it holds nothing that would be lost."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None and not pipe.closed:
                close_pipe(pipe)


def close_pipe(pipe: "IO[bytes]") -> None:
    try:
        pipe.close()
    except OSError:
        pass  # what was not yet sent has nowhere to go


def start_workers(number: int) -> list[Worker]:
    """As many workers as can be started, of *number*.  Raises NoWorkerStartedError."""
    workers: list[Worker] = []
    try:
        while len(workers) < number:
            workers.append(Worker(job.LIKE_COMPILEALL))
    except OSError as error:
        if not workers:
            raise NoWorkerStartedError(str(error.strerror)) from error
    return workers


class ProcessEngine:
    """Processes of this machine, each fed by a thread."""

    def __init__(self, workers: int) -> None:
        self._workers = start_workers(workers)
        self.capacity = AHEAD * len(self._workers)
        self._threads = ThreadPoolExecutor(len(self._workers))
        self._idle: SimpleQueue[Worker] = SimpleQueue()
        for worker in self._workers:
            self._idle.put(worker)

    def submit(self, batch: "Sequence[Unit]") -> "Future[Answer]":
        """Raises BrokenExecutor once it was closed."""
        try:
            return self._threads.submit(self._compile, batch)
        except RuntimeError as error:
            raise BrokenExecutor(str(error)) from error

    def _compile(self, batch: "Sequence[Unit]") -> "Answer":
        worker = self._idle.get()
        try:
            return worker.compile(batch)
        except WorkerDiedError:
            worker.end()
            worker = Worker(job.LIKE_COMPILEALL)
            self._workers.append(worker)
            raise
        finally:
            self._idle.put(worker)

    def check(self) -> None:
        """Nothing: a worker that dies ends its future."""

    def close(self) -> None:
        """End the workers, which are idle."""
        self._threads.shutdown()
        for worker in self._workers:
            worker.end()

    def kill(self) -> None:
        """End the workers at once, whatever they do."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for worker in self._workers:
            worker.end()


def compile_alone(unit: "Unit") -> "Outcome | None":
    """Compile *unit* in a process that has compiled nothing before; None if each that tried died."""
    for _ in range(TRIES):
        worker = Worker()
        try:
            return worker.compile([unit])[2][0]
        except WorkerDiedError:
            pass
        finally:
            worker.end()
    return None
