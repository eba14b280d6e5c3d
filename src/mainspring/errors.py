"""What a command that the user typed can fail with: each knows its exit code and what helps."""

import errno
from typing import ClassVar

from mainspring.reasons import REASONS


class MainspringError(Exception):
    """A failure to be told in one line: what is wrong, and the remedy."""

    exit_code = 1

    def __init__(self, problem: str, remedy: str) -> None:
        self.problem = problem
        self.remedy = remedy
        super().__init__(f"{problem}; {remedy}")


class BadArgumentsError(MainspringError):
    """Arguments that the command does not take."""

    exit_code = 2


class SystemRefusalError(MainspringError):
    """What the operating system refused to a command."""

    REMEDIES: ClassVar = {
        errno.EACCES: "run this as its owner, or give yourself access",
        errno.EPERM: "run this as its owner",
        errno.ENOENT: "check the path",
        errno.ENOSPC: "free some space",
        errno.EDQUOT: "free some space",
        errno.EROFS: "name a place that can be written to",
    }

    def __init__(self, error: OSError) -> None:
        self.error = error
        subject = "cannot write the output" if error.filename is None else str(error.filename)
        super().__init__(
            f"{subject}: {error.strerror or error}",
            self.REMEDIES.get(error.errno or 0, "mend that, and try again"),
        )


class UnusableInterpreterError(MainspringError):
    """An interpreter that is missing, too old, or not CPython."""

    exit_code = 127


class NotWritableError(MainspringError):
    """A folder that this user may not write to."""

    def __init__(self, folder: str, cause: str) -> None:
        self.folder = folder
        super().__init__(
            f"cannot write to {folder} ({cause})",
            "use --user, or a virtual environment, or run this as its owner",
        )


class UnsafePackageError(MainspringError):
    """A package folder that others could change, for an interpreter that would load it."""

    def __init__(self, folder: str, interpreter: str) -> None:
        self.folder = folder
        super().__init__(
            f"{interpreter} would load code from {folder}, which another user can change",
            "install Mainspring as the owner of that interpreter, and enable that one",
        )


class NoUserFolderError(MainspringError):
    """An interpreter, as of a virtual environment, that looks into no folder of its user."""

    def __init__(self, interpreter: str) -> None:
        super().__init__(f"{interpreter} heeds no folder of its user", "leave out --user")


class NoSlotError(MainspringError):
    """An interpreter whose sitecustomize is taken, and that heeds no `.pth` lines."""

    def __init__(self, interpreter: str, taken_by: str) -> None:
        super().__init__(
            f"the sitecustomize of {interpreter} is {taken_by}",
            "remove that, or start programs with `mainspring run`",
        )


class OutputError(MainspringError):
    """A stdout that takes nothing more."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"cannot write to stdout ({cause})", "send the output somewhere else")


class BrokenPackageError(MainspringError):
    """A part of Mainspring that its own interpreter cannot load."""

    def __init__(self, part: str) -> None:
        super().__init__(
            f"{part} cannot be loaded", "install Mainspring again; `mainspring doctor` says more"
        )


class NotPythonError(MainspringError):
    """A script whose first line names another language's interpreter."""

    exit_code = 2

    def __init__(self, script: str, command: str) -> None:
        super().__init__(f"{script} is started by {command}", "name a Python script")


class UnreadableScriptError(MainspringError):
    """A script that this user cannot read."""

    exit_code = 2

    def __init__(self, script: str, cause: str) -> None:
        super().__init__(f"cannot read {script} ({cause})", "name a script that you can read")


class UnusableCacheError(MainspringError):
    """A user's cache that is not used, for one of the reasons of the table."""

    def __init__(self, path: str, meaning: str, remedy: str) -> None:
        self.path = path
        super().__init__(f"the cache {path} is not used: {meaning}", remedy)


class ReadOnlyError(MainspringError):
    """A setting that forbids what a command is for."""

    def __init__(self) -> None:
        super().__init__("MAINSPRING_READONLY forbids writing", "unset it for this command")


class NoScriptError(MainspringError):
    """A path at which there is no script, and of which there is no entry."""

    exit_code = 2

    def __init__(self, path: str) -> None:
        super().__init__(f"there is no script {path}, and no entry of one", "check its path")


class NoProgramError(MainspringError):
    """A word that is neither a path of anything nor a command; *shim* starts what was at that path."""

    def __init__(self, word: str, shim: str | None) -> None:
        if shim is None:
            super().__init__(f"there is no script or command {word}", "check its path, or its name")
        else:
            remedy = f"remove the shim with `mainspring uninstall {shim}`"
            super().__init__(f"{word} is gone, which the shim {shim} starts", remedy)


class NoCacheFolderError(MainspringError):
    """An environment in which no setting leads to a cache."""

    def __init__(self) -> None:
        row = REASONS["no-cache-folder"]
        super().__init__(row.meaning, f"{row.remedy}, or use --beside")


class UnreadableListError(MainspringError):
    """A list of paths that this user cannot read."""

    def __init__(self, path: str, cause: str) -> None:
        super().__init__(f"cannot read the list {path} ({cause})", "give -i a readable file, or -")


class NoWorkerStartedError(MainspringError):
    """A machine on which no worker can be started."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"no worker can be started ({cause})", "see which limit (`ulimit -a`) is too low"
        )


class NoWorkerLeftError(MainspringError):
    """An executor whose workers have all ended."""

    def __init__(self, cause: str) -> None:
        super().__init__(
            f"no worker is left ({cause})", "see why the workers ended, and start them again"
        )


class NotACommandError(MainspringError):
    """A name or path that no shim can be made for: it says what that is."""

    def __init__(self, subject: str, what: str, remedy: str) -> None:
        super().__init__(f"{subject} is {what}", remedy)


class NoShimError(MainspringError):
    """A shim that there is not."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no shim {name}", "`mainspring shims --list` prints those that there are"
        )


class NoDataFolderError(MainspringError):
    """Neither HOME nor another setting says where the shims are."""

    def __init__(self) -> None:
        super().__init__("there is no place for shims", "set HOME or XDG_DATA_HOME to an absolute path")


class RefusedPlaceError(MainspringError):
    """A folder of the user's that is not to be used."""

    def __init__(self, path: str, meaning: str, remedy: str) -> None:
        super().__init__(f"{path} is not used: {meaning}", remedy)


class HostNotEndedError(MainspringError):
    """A host that did not end when it was asked to."""


class NoHostError(MainspringError):
    """A program that no host is up for."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"there is no host of {program}", "`mainspring hosts` lists those that there are"
        )


class NothingLearntError(MainspringError):
    """A program that there is nothing to forget of."""

    def __init__(self, program: str) -> None:
        super().__init__(
            f"nothing was learnt of {program}", "`mainspring explain` says what was, of a program"
        )


class ChangesFilesError(MainspringError):
    """A program whose second run does not find what the first one found."""

    MOST_NAMED = 3

    def __init__(self, program: str, paths: list[str]) -> None:
        named = ", ".join(paths[: self.MOST_NAMED])
        more = f" and {len(paths) - self.MOST_NAMED} more" if len(paths) > self.MOST_NAMED else ""
        super().__init__(
            f"{program} changed files that were there ({named}{more}), and its next run found others: "
            "its runs cannot be compared",
            "have it change nothing, or go on all the same with --yes",
        )


class NotEndedError(MainspringError):
    """A program that runs longer than it may."""

    def __init__(self, program: str, seconds: float) -> None:
        super().__init__(
            f"{program} did not end within {seconds:g} seconds", "give it more with --timeout"
        )
