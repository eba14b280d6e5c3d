"""Workers of a Dask cluster, which are sent the sources, and the job with them.

The job goes as text: a worker need not have this package, and one of another Python, which would choke
on code of this one, can say so.
"""

import inspect
import logging
import time
import warnings
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING, Any

from mainspring.ahead import job
from mainspring.ahead.dispatch import ForeignWorkerError
from mainspring.ahead.engines import ExecutorEngine
from mainspring.errors import MainspringError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from mainspring.ahead.job import Answer, Unit

SCHEME = "dask://"
CONNECT_SECONDS = 5
#: a cluster may take this long to start a worker in the place of its last one
WORKERLESS_SECONDS = 30
#: what a worker evaluates: a call of the job, whose text is *text*
CALL = "exec(text, job := {'__name__': 'job'}) or job[name](*arguments)"


class ClusterError(MainspringError):
    """A cluster that cannot be used."""


class ClusterEngine(ExecutorEngine):
    """The workers of the scheduler at *address*, as `dask://HOST:PORT`.

    Raises ClusterError, or ForeignWorkerError for a worker of another build.
    """

    def __init__(self, address: str) -> None:
        self._client = connect(address)
        try:
            check_workers(self._client, address)
            threads = sum(self._client.nthreads().values())
        except BaseException:
            self.kill()
            raise
        # pure: a source that is compiled again is compiled again
        super().__init__(self._client.get_executor(pure=False), threads)
        self._last_seen = 0.0

    def submit(self, batch: "Sequence[Unit]") -> "Future[Answer]":
        self._last_seen = time.monotonic()  # one follows an answer
        return self._executor.submit(eval, CALL, describe_call("compile_batch", list(batch)))

    def check(self) -> None:
        """Raises BrokenExecutor."""
        if self._client.status == "closed":
            raise BrokenExecutor("the scheduler has gone")
        if self._client.status == "running" and self._client.nthreads():
            self._last_seen = time.monotonic()
        elif time.monotonic() > self._last_seen + WORKERLESS_SECONDS:
            raise BrokenExecutor("none was seen for long")

    def close(self) -> None:
        self._client.close()

    def kill(self) -> None:
        self._client.close(timeout=1)


def describe_call(name: str, *arguments: object) -> dict[str, object]:
    """What the names in CALL stand for."""
    return {"text": inspect.getsource(job), "name": name, "arguments": arguments}


def check_workers(client: Any, address: str) -> None:
    """Raise ClusterError if there are none, or ForeignWorkerError."""
    builds = client.run(eval, CALL, describe_call("identify_build"))
    if not builds:
        raise ClusterError(f"the scheduler at {address} has no workers", "start some")
    for worker, build in builds.items():
        if build != job.identify_build():
            raise ForeignWorkerError(worker, build)


def connect(address: str) -> Any:
    """A client of the scheduler at *address*.  Raises ClusterError."""
    try:
        import distributed
    except ImportError as error:
        raise ClusterError(
            "dask.distributed is not installed here", "pip install 'mainspring[dask]'"
        ) from error
    # what matters of it is told in a line
    warnings.filterwarnings("ignore", category=distributed.versions.VersionMismatchWarning)
    for name in list(logging.root.manager.loggerDict):
        if name.partition(".")[0] == "distributed":
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    place = address.removeprefix(SCHEME)
    try:
        return distributed.Client(f"tcp://{place}", timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {place} ({error})", "start one, or check its address"
        ) from error
