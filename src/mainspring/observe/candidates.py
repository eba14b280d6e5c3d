"""Finds the interpreters that a user has: on PATH, and where tools make environments.

Nothing is run here.  Relative folders on PATH are passed over: what they lead to depends on where the
user happens to be.
"""

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from mainspring.slot.register import list_interpreters

NAME_PATTERN = re.compile(r"python(?:3(?:\.\d+t?)?)?")
#: folders whose folders are environments: what made them -> (setting, folders in it or below HOME)
ENVIRONMENT_FOLDERS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "pipx": ("PIPX_HOME", ("venvs",), (".local/share/pipx/venvs", ".local/pipx/venvs")),
    "uv tool": ("UV_TOOL_DIR", ("",), (".local/share/uv/tools",)),
    "virtualenvwrapper": ("WORKON_HOME", ("",), (".virtualenvs",)),
    "pyenv": ("PYENV_ROOT", ("versions",), (".pyenv/versions",)),
}
LOCAL_NAMES = (".venv", "venv")


@dataclass(frozen=True)
class Candidate:
    """What may be an interpreter, and where it was found."""

    path: str
    found_in: tuple[str, ...]


def find_candidates(environment: Mapping[str, str], folder: str) -> list[Candidate]:
    """The interpreters that can be seen from *folder*, each once, in the order of their nearness."""
    found: dict[tuple[str, str | None], Candidate] = {}
    for path, found_in in list_paths(environment, folder):
        key = identify(path)
        before = found.get(key, Candidate(path, ()))
        if found_in not in before.found_in:
            found[key] = Candidate(before.path, (*before.found_in, found_in))
    return list(found.values())


def list_paths(environment: Mapping[str, str], folder: str) -> Iterator[tuple[str, str]]:
    """Paths of programs, and where each was found; some more than once."""
    for path in search_path(environment):
        yield path, "PATH"
    for place, found_in in list_environments(environment, folder):
        path = os.path.join(place, "bin", "python")
        if is_program(path):
            yield path, found_in
    for path in list_interpreters(environment):
        if is_program(path):
            yield path, "enabled"


def search_path(environment: Mapping[str, str]) -> Iterator[str]:
    shims = os.path.join(find_home(environment, "PYENV_ROOT", ".pyenv"), "shims")
    for folder in environment.get("PATH", os.defpath).split(os.pathsep):
        if os.path.isabs(folder):
            names = sorted(filter(NAME_PATTERN.fullmatch, list_names(folder)), key=rank_name)
            # pyenv's shims lead to its versions, which are looked at below, or nowhere
            if is_same_folder(folder, shims):
                names = [name for name in names if "." not in name]
            yield from filter(is_program, (os.path.join(folder, name) for name in names))


def rank_name(name: str) -> tuple[bool, str]:
    """`python3` first: it is what `#!` lines name."""
    return name != "python3", name


def find_home(environment: Mapping[str, str], setting: str, below_home: str) -> str:
    """The folder that *setting* names, or else the one in HOME; empty if neither is absolute."""
    own = environment.get(setting, "")
    if os.path.isabs(own):
        return own
    home = environment.get("HOME", "")
    return os.path.join(home, below_home) if os.path.isabs(home) else ""


def list_environments(environment: Mapping[str, str], folder: str) -> Iterator[tuple[str, str]]:
    """Folders that are environments or may be, and where each was found."""
    active = environment.get("VIRTUAL_ENV", "")
    if os.path.isabs(active):
        yield active, "VIRTUAL_ENV"
    home = environment.get("HOME", "")
    for parent in list_parents(folder, home):
        for name in LOCAL_NAMES:
            yield os.path.join(parent, name), name
    for maker in ENVIRONMENT_FOLDERS:
        for place in list_maker_folders(environment, maker):
            for name in sorted(list_names(place)):
                yield os.path.join(place, name), maker


def list_parents(folder: str, home: str) -> Iterable[str]:
    """*folder* and the folders above it, as far as *home*, or the root."""
    while True:
        yield folder
        if folder in {home, os.path.dirname(folder)}:
            return
        folder = os.path.dirname(folder)


def list_maker_folders(environment: Mapping[str, str], maker: str) -> list[str]:
    setting, inside, below_home = ENVIRONMENT_FOLDERS[maker]
    named, home = environment.get(setting, ""), environment.get("HOME", "")
    folders = [os.path.join(named, part) for part in inside] if os.path.isabs(named) else []
    if maker == "uv tool" and not folders:
        shared = environment.get("XDG_DATA_HOME", "")
        folders += [os.path.join(shared, "uv", "tools")] if os.path.isabs(shared) else []
    if not folders and os.path.isabs(home):
        folders += [os.path.join(home, part) for part in below_home]
    return folders


def identify(path: str) -> tuple[str, str | None]:
    """What tells an interpreter from another: the program, and the environment that it starts in."""
    folder = os.path.dirname(path)
    for place in (folder, os.path.dirname(folder)):
        if os.path.isfile(os.path.join(place, "pyvenv.cfg")):
            return os.path.realpath(path), os.path.realpath(place)
    return os.path.realpath(path), None


def is_program(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def is_same_folder(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def list_names(folder: str) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError:
        return []


def find_folder() -> str:
    """The folder that the user is in; the root where that one was removed."""
    try:
        return os.getcwd()
    except OSError:
        return "/"
