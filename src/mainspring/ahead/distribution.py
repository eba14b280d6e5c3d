"""From the name of a console command to its script, and all modules of what it is installed from."""

import os
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, distributions
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

CONSOLE_SCRIPTS = "console_scripts"


def list_installed(command: str, folders: list[str]) -> list[str]:
    """The modules of the distribution that installed *command*, and of all that it requires.

    *folders* are where its interpreter finds distributions.  Empty where none installed it.
    """
    installed: dict[str, Distribution] = {}
    for found in distributions(path=folders):
        if found.name:
            # the first is the one that is imported
            installed.setdefault(normalize(found.name), found)
    owner = find_owner(command, installed)
    if owner is None:
        return []
    return [path for found in require_all(owner, installed) for path in list_modules(found)]


def normalize(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def find_owner(command: str, installed: dict[str, Distribution]) -> Distribution | None:
    """The distribution that *command* is a file of, or else an entry point of."""
    where = Path(command).resolve()
    for found in installed.values():
        files = found.files or []
        if any(file.name == where.name and is_same(file.locate(), where) for file in files):
            return found
    for found in installed.values():
        points = found.entry_points.select(group=CONSOLE_SCRIPTS, name=Path(command).name)
        if points:
            return found
    return None


def is_same(path: os.PathLike[str], other: Path) -> bool:
    return Path(path).resolve() == other


def require_all(owner: Distribution, installed: dict[str, Distribution]) -> Iterator[Distribution]:
    """*owner*, and what of its requirements, and theirs, is installed."""
    seen: set[tuple[str, str]] = set()
    given: set[str] = set()
    waiting = [(normalize(owner.name), "")]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen or name not in installed:
            continue
        seen.add((name, extra))
        found = installed[name]
        if name not in given:
            given.add(name)
            yield found
        waiting += list_requirements(found, extra)


def list_requirements(found: Distribution, extra: str) -> Iterator[tuple[str, str]]:
    """What *found* requires, here and with *extra*: names, each with an extra of its own or none."""
    for line in found.requires or []:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            name = normalize(requirement.name)
            yield name, ""
            for asked in requirement.extras:
                yield name, asked


def list_modules(found: Distribution) -> list[str]:
    """The modules that *found* installed and that are there."""
    paths = (str(file.locate()) for file in found.files or [] if file.suffix == ".py")
    return [path for path in paths if os.path.isfile(path)]
