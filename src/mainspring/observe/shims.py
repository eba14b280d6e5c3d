"""Tells what becomes of a start by a shim now: a warm one, a cold one, or none, and what mends it."""

import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from mainspring.reasons import NOTHING, Row
from mainspring.shebang import read_start
from mainspring.warm.targets import LINKS, Target, list_shims, read_target

State = Literal["warm", "broken", "changed", "damaged", "gone", "hidden", "no-python", "not-on-path"]

#: in a remedy, {name} is the shim's
STATES: dict[State, Row] = {
    "warm": Row("it starts the command warm, or teaches how", NOTHING),
    "broken": Row("it leads to a Mainspring that is gone", "mainspring install {name}"),
    "changed": Row(
        "the first line of its script has changed: starts are cold", "mainspring install {name}"
    ),
    "damaged": Row("it does not say what it starts", "mainspring install {name}"),
    "gone": Row("its script is gone", "mainspring uninstall {name}"),
    "hidden": Row(
        "another command of the name comes first on PATH: starts are cold", "put the shims first on PATH"
    ),
    "no-python": Row("the interpreter of its script is gone", "mainspring uninstall {name}"),
    "not-on-path": Row(
        "the folder of the shims is not on PATH", 'export PATH="$(mainspring shims):$PATH"'
    ),
}
assert set(STATES) == set(get_args(State))


@dataclass(frozen=True)
class Shim:
    """A shim; *detail* is what is gone, or what hides it."""

    name: str
    link: str
    target: Target | None
    state: State
    detail: str | None = None

    @property
    def script(self) -> str | None:
        return None if self.target is None else self.target.script

    @property
    def meaning(self) -> str:
        return STATES[self.state].meaning

    @property
    def remedy(self) -> str:
        return STATES[self.state].remedy.replace("{name}", self.name)

    def list_facts(self) -> dict[str, Any]:
        """For `--json`."""
        words = ("name", "script", "state", "detail", "meaning", "remedy")
        return {word: getattr(self, word) for word in words}


def find_shims(data: str, environment: Mapping[str, str]) -> list[Shim]:
    """Every shim in the data folder, as it is with the PATH of *environment*."""
    return [judge_shim(data, name, environment) for name in list_shims(data)]


def find_shims_of(script: str, data: str | None, environment: Mapping[str, str]) -> list[Shim]:
    """The shims that start *script*."""
    shims = [] if data is None else find_shims(data, environment)
    return [shim for shim in shims if shim.script == os.path.abspath(script)]


def judge_shim(data: str, name: str, environment: Mapping[str, str]) -> Shim:
    link, target = f"{data}/{LINKS}/{name}", read_target(data, name)
    troubles = find_troubles(link, name, target, environment)
    state, detail = next(troubles, ("warm", None))
    return Shim(name, link, target, state, detail)


def find_troubles(
    link: str, name: str, target: Target | None, environment: Mapping[str, str]
) -> Iterator[tuple[State, str | None]]:
    """What is wrong with a shim, the worst first."""
    if target is None:
        yield "damaged", None
        return
    if not os.path.exists(link):
        yield "broken", os.path.realpath(link)
    if not os.path.exists(target.script):
        yield "gone", target.script
    elif not is_as_installed(target):
        yield "changed", target.script
    elif not has_python(target, environment):
        yield "no-python", target.interpreter
    path = environment.get("PATH", os.defpath)
    found = shutil.which(name, path=path)
    if not is_on_path(os.path.dirname(link), path):
        yield "not-on-path", None
    elif found is None or os.path.dirname(found) != os.path.dirname(link):
        yield "hidden", found


def is_as_installed(target: Target) -> bool:
    """Whether the script begins as the shim's record of it (native/launcher/shim.c)."""
    try:
        return os.access(target.script, os.X_OK) and read_start(target.script).startswith(
            os.fsencode(target.opening)
        )
    except OSError:
        return False


def has_python(target: Target, environment: Mapping[str, str]) -> bool:
    named = target.interpreter
    if named.startswith("./"):
        folder = os.path.dirname(os.path.realpath(target.script))
        return os.path.exists(os.path.join(folder, named[2:]))
    return shutil.which(named, path=environment.get("PATH", os.defpath)) is not None


def is_on_path(folder: str, path: str) -> bool:
    return any(os.path.abspath(part) == folder for part in path.split(os.pathsep) if part)
