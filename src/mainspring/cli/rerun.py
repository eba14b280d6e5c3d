"""Runs the command under another interpreter: code is compiled by the one that will use it.

The other one need not have this package: it is given the folders of this one's, for its imports alone.
"""

import os
import sys
from importlib.util import find_spec
from typing import NoReturn

from mainspring.ahead.shebang import NamedInterpreter, read_interpreter
from mainspring.cli import RERUN_MARK
from mainspring.errors import UnusableInterpreterError
from mainspring.observe.launcher import choose_interpreter
from mainspring.slot.survey import survey_interpreter

#: what the command imports beyond the standard library
OWN = ("mainspring", "click", "rich", "packaging", "markdown_it", "mdurl", "pygments")
#: put in front of the command: finds OWN where they are, and all else as that interpreter would
RUNNER = """
import sys
from importlib.machinery import PathFinder
class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if path is None and name in {own!r}:
            return PathFinder.find_spec(name, {folders!r}, target)
sys.meta_path.insert(0, Finder)
from mainspring.cli.main import main
main()
"""


def find_interpreters(commands: list[str]) -> list[str]:
    """The interpreters that those of *commands* run under which are Python's, each once."""
    programs = [path for path in commands if read_interpreter(path) is not NamedInterpreter.NONE]
    found = [choose_interpreter([path], None)[0] for path in programs]
    return list({place_interpreter(executable): executable for executable in found}.values())


def place_interpreter(executable: str) -> tuple[str, str]:
    """What tells an interpreter, in its environment, from others."""
    return os.path.realpath(executable), os.path.dirname(executable)


def is_this_interpreter(executable: str) -> bool:
    """Whether *executable* is this process's, in the same environment."""
    return place_interpreter(executable) == place_interpreter(sys.executable)


def rerun_under(python: str, arguments: list[str]) -> None:
    """Go on in the interpreter *python* with the same arguments; returns if this is it.

    Raises UnusableInterpreterError.
    """
    survey = survey_interpreter(python)
    if not is_this_interpreter(survey.executable):
        replace_process(survey.executable, arguments)


def replace_process(executable: str, arguments: list[str]) -> NoReturn:
    runner = RUNNER.format(own=OWN, folders=find_folders())
    sys.stdout.flush()
    try:
        os.execve(  # noqa: S606 - this very command goes on there
            executable,
            [executable, "-P", "-c", runner, *arguments],
            {**os.environ, RERUN_MARK: "1"},
        )
    except OSError as error:
        raise UnusableInterpreterError(
            f"{executable} cannot be started ({error.strerror})", "give another with --python"
        ) from error


def find_folders() -> list[str]:
    """The folders in which this interpreter finds what the command imports."""
    specs = [find_spec(name) for name in OWN]
    origins = [spec.origin for spec in specs if spec is not None and spec.origin is not None]
    return list(dict.fromkeys(os.path.dirname(os.path.dirname(origin)) for origin in origins))
