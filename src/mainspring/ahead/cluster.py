"""Workers of a Dask cluster, which are sent the sources, and this package's job with them."""

from typing import Any

from mainspring.ahead import job
from mainspring.ahead.dispatch import ForeignWorkerError
from mainspring.ahead.engines import ExecutorEngine
from mainspring.errors import MainspringError

SCHEME = "dask://"
CONNECT_SECONDS = 10


class ClusterError(MainspringError):
    """A cluster that cannot be used."""


class ClusterEngine(ExecutorEngine):
    """The workers of the scheduler at *address*, as `dask://HOST:PORT`.

    Raises ClusterError, or ForeignWorkerError for a worker of another build.
    """

    def __init__(self, address: str) -> None:
        self._client = connect(address)
        builds = self._client.run(job.identify_build)
        if not builds:
            raise ClusterError(f"the scheduler at {address} has no workers", "start some")
        for worker, build in builds.items():
            if build != job.identify_build():
                raise ForeignWorkerError(worker, build)
        # pure: a source that is compiled again is compiled again
        super().__init__(self._client.get_executor(pure=False), sum(self._client.nthreads().values()))

    def close(self) -> None:
        self._client.close()

    def kill(self) -> None:
        self._client.close(timeout=1)


def connect(address: str) -> Any:
    """A client of the scheduler at *address*.  Raises ClusterError."""
    try:
        import cloudpickle
        import distributed
    except ImportError as error:
        raise ClusterError(
            "dask.distributed is not installed here", "pip install 'mainspring[dask]'"
        ) from error
    # workers need not have this package
    cloudpickle.register_pickle_by_value(job)
    place = address.removeprefix(SCHEME)
    try:
        return distributed.Client(f"tcp://{place}", timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {place} ({error})", "start one, or check its address"
        ) from error
