"""Asks an interpreter where it looks at each start, and what it finds there."""

import json
import os
import shutil
from dataclasses import dataclass
from typing import TypedDict

from mainspring.errors import UnusableInterpreterError
from mainspring.slot.question import put_question

OLDEST = (3, 11)
# Since 3.18, `import` lines in .pth files are no longer run (PEP 829).
LAST_WITH_PTH_LINES = (3, 17)

# Up to the version check, this is Python 2 and 3.
PROBE = """
import sys
sys.path[:] = [entry for entry in sys.path if entry]
import json
if sys.version_info < (3, 11):
    answer = {"version": list(sys.version_info[:3]), "implementation": "python"}
    print(json.dumps(answer))
    sys.exit()
import importlib.util, os, site, sysconfig
try:
    spec = importlib.util.find_spec("sitecustomize")
except (ImportError, ValueError):
    spec = None
places = list(spec.submodule_search_locations or ()) if spec else []
print(json.dumps({
    "version": list(sys.version_info[:3]),
    "implementation": sys.implementation.name,
    "executable": sys.executable,
    "prefix": sys.prefix,
    "cache_tag": sys.implementation.cache_tag,
    "path": sys.path,
    "site_folder": sysconfig.get_path("purelib"),
    "site_folders": site.getsitepackages(),
    "user_folder": site.getusersitepackages(),
    "heeds_user_folder": bool(site.ENABLE_USER_SITE),
    "sitecustomize": (spec.origin or "".join(places[:1])) if spec else None,
}))
"""


class Answer(TypedDict):
    """What the probe prints."""

    version: list[int]
    implementation: str
    executable: str
    prefix: str
    cache_tag: str
    path: list[str]
    site_folder: str
    site_folders: list[str]
    user_folder: str
    heeds_user_folder: bool
    sitecustomize: str | None


@dataclass(frozen=True)
class Survey:
    """What an interpreter said of itself."""

    executable: str
    prefix: str
    version: tuple[int, ...]
    cache_tag: str
    path: tuple[str, ...]
    site_folder: str
    site_folders: tuple[str, ...]
    user_folder: str
    heeds_user_folder: bool
    sitecustomize: str | None

    def finds_first(self, folder: str) -> bool:
        """Whether a sitecustomize in *folder* would be found before the one that there is."""
        if self.sitecustomize is None:
            return True
        places = [*self.path, folder]
        found_in = os.path.dirname(self.sitecustomize.removesuffix("/__init__.py"))
        return found_in not in places or places.index(folder) < places.index(found_in)


def survey_interpreter(python: str) -> Survey:
    """Ask the interpreter *python*, a path or a name on PATH.  Raises UnusableInterpreterError."""
    found = shutil.which(python)
    if found is None:
        raise UnusableInterpreterError(
            f"there is no interpreter {python}", "give the path of one with --python"
        )
    return describe_answer(found, ask(os.path.abspath(found)))


def describe_answer(found: str, answer: Answer) -> Survey:
    """What the interpreter *found* said, if it is one to work with.  Raises UnusableInterpreterError."""
    if answer["implementation"] != "cpython" or tuple(answer["version"]) < OLDEST:
        version = ".".join(map(str, answer["version"]))
        raise UnusableInterpreterError(
            f"{found} is {answer['implementation']} {version}", "give a CPython of 3.11 or newer"
        )
    return Survey(
        executable=answer["executable"],
        prefix=answer["prefix"],
        version=tuple(answer["version"]),
        cache_tag=answer["cache_tag"],
        path=tuple(answer["path"]),
        site_folder=choose_site_folder(answer),
        site_folders=tuple(answer["site_folders"]),
        user_folder=answer["user_folder"],
        heeds_user_folder=answer["heeds_user_folder"],
        sitecustomize=answer["sitecustomize"],
    )


def ask(python: str, seconds: float | None = None) -> Answer:
    """Ask the interpreter at *python*, and wait at most *seconds*.  Raises UnusableInterpreterError."""
    environment = {name: value for name, value in os.environ.items() if is_heeded(name)}
    environment["MAINSPRING"] = "off"
    try:
        reply = put_question([python, "-c", PROBE], environment, seconds)
        answer: Answer = dict(json.loads(reply.output))  # type: ignore[assignment]
    except (OSError, ValueError, TypeError) as error:
        raise UnusableInterpreterError(
            f"{python} does not work as a Python interpreter", "give another with --python"
        ) from error
    return answer


def is_heeded(name: str) -> bool:
    """Whether a survey keeps that of the environment: what is found is to hold for every start."""
    return name == "PYTHONUSERBASE" or not name.startswith(("PYTHON", "MAINSPRING"))


def choose_site_folder(answer: Answer) -> str:
    """The folder that packages are installed to, if the interpreter looks there."""
    if answer["site_folder"] in answer["path"] or not answer["site_folders"]:
        return answer["site_folder"]
    on_path = [folder for folder in answer["site_folders"] if folder in answer["path"]]
    return (on_path or answer["site_folders"])[0]
