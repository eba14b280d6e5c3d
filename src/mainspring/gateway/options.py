"""What is served, and how: one value, from the command line or from the settings of an application.

| setting | meaning |
|---|---|
| path | a script, or a folder of scripts; MAINSPRING_SERVE if it is left out |
| root | the folder that stands for `/`; that of the scripts if left out |
| extensions | what names of scripts end in |
| indexes | what is looked for in a folder |
| variables | environment names and values that each script gets |
| passed | further variables of the front's that each script gets |
| authorization | whether scripts get the client's Authorization |
| user | who the scripts run as; needed where that is root |
| static | whether files that are no scripts are sent (HTTP alone) |
| access_log, log_format | where requests are logged, `-` for standard output; how |
| error_log, slow_log | where scripts' complaints, and slow ones, are logged; `-` for standard error |
| each name of `Bounds` | that bound |
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

from mainspring.errors import BadArgumentsError
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.variables import Passage

if TYPE_CHECKING:
    from collections.abc import Mapping

PATH_VARIABLE = "MAINSPRING_SERVE"
LogFormat = Literal["combined", "json"]
EXTENSIONS = (".py", ".cgi")
INDEXES = ("index.py", "index.cgi")


@dataclass(frozen=True)
class Options:
    """What is served, and how; all paths are absolute."""

    path: str
    root: str | None = None
    extensions: tuple[str, ...] = EXTENSIONS
    indexes: tuple[str, ...] = INDEXES
    variables: Mapping[str, str] = field(default_factory=dict)
    passed: tuple[str, ...] = ()
    authorization: bool = False
    user: str | None = None
    static: bool = False
    access_log: str | None = None
    log_format: LogFormat = "combined"
    error_log: str = "-"
    slow_log: str | None = "-"
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def is_single(self) -> bool:
        """Whether one script is served, at whatever path of the URL."""
        return not os.path.isdir(self.path)

    def find_root(self) -> str | None:
        """The folder that stands for `/`, where scripts are found by their path."""
        return None if self.is_single else (self.root or self.path)


def make_options(path: str | None, environment: Mapping[str, str], **settings: Any) -> Options:
    """The settings as one value.  Raises BadArgumentsError."""
    path = path or environment.get(PATH_VARIABLE)
    if not path:
        raise BadArgumentsError("nothing is named to be served", f"name a path, or set {PATH_VARIABLE}")
    known = {one.name for one in fields(Options)} - {"path", "bounds"}
    bounds = {name: settings.pop(name) for name in BOUNDS if name in settings}
    if unknown := sorted(settings.keys() - known):
        raise BadArgumentsError(f"there is no setting {unknown[0]}", f"known: {', '.join(sorted(known))}")
    for name in ("extensions", "indexes", "passed"):
        if name in settings:
            settings[name] = tuple(settings[name])
    return check_options(Options(os.path.abspath(path), **settings, bounds=Bounds(**bounds)))


BOUNDS = tuple(one.name for one in fields(Bounds))


def check_options(options: Options) -> Options:
    """*options*, if they can be served.  Raises BadArgumentsError."""
    if not os.path.exists(options.path):
        raise BadArgumentsError(f"there is nothing at {options.path}", "check the path")
    if options.root is not None and not is_below(options.path, options.root):
        raise BadArgumentsError(
            f"{options.path} does not lie below the root {options.root}", "name a folder that it lies in"
        )
    for extension in options.extensions:
        if not extension.startswith(".") or "/" in extension:
            raise BadArgumentsError(f"{extension!r} is no extension", "begin it with a dot")
    for name in options.variables:
        if not name or "=" in name or "\0" in name + options.variables[name]:
            raise BadArgumentsError(f"{name!r} cannot be an environment name", "give NAME=VALUE")
    try:
        Passage(options.authorization, frozenset(options.passed))
    except ValueError as error:
        raise BadArgumentsError(str(error), "leave it out") from error
    return options


def is_below(path: str, root: str) -> bool:
    root = os.path.abspath(root).rstrip("/")
    return path == root or path.startswith(root + "/")
