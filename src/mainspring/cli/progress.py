"""A bar shows rate and time left, on a terminal."""

from types import TracebackType
from typing import TYPE_CHECKING, Self

from mainspring.cli.output import is_terminal

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Bar:
    """Shows how much is done, if that is wanted and standard output is a terminal."""

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and is_terminal()
        self._progress: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def show(self, done: int, total: int) -> None:
        """Show that *done* bytes of *total* are done.

        The bar is made now, when all workers are: it brings a thread, and those are forks.
        """
        if not self._wanted:
            return
        if self._progress is None or self._task is None:
            self._progress = make_progress()
            self._progress.start()
            self._task = self._progress.add_task("compiling", total=total)
        self._progress.update(self._task, completed=done)


def make_progress() -> "Progress":
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        transient=True,
    )
