"""Asks the launcher which interpreter it would start: its answer is the one that counts."""

import os
import subprocess
import sys

from mainspring.errors import UnusableInterpreterError
from mainspring.launcher import find_launcher
from mainspring.observe.trust import find_distrust
from mainspring.reasons import REASONS

NAMED_BY_USER = {"--python", "MAINSPRING_PYTHON"}


def choose_interpreter(arguments: list[str], python: str | None) -> tuple[str, str, list[str]]:
    """The interpreter, what chose it, and the options that come with it.

    Raises UnusableInterpreterError, for one that is not to be asked, too.
    """
    option = [] if python is None else ["--python", python]
    done = subprocess.run(
        [find_launcher(), "run", "--which", *option, *arguments], capture_output=True, check=False
    )
    if done.returncode:
        message = os.fsdecode(done.stderr).strip().removeprefix("mainspring: ")
        problem, _, remedy = message.partition("; ")
        raise UnusableInterpreterError(problem, remedy)
    interpreter, named_by, *options = os.fsdecode(done.stdout).split("\0")[:-1]
    if named_by not in NAMED_BY_USER:
        check_trust(interpreter)
    return interpreter, describe_choice(named_by), options


def check_trust(interpreter: str) -> None:
    """Raise UnusableInterpreterError for one that somebody else could change: asking it is running it."""
    try:
        distrust = find_distrust(os.path.abspath(interpreter))
    except OSError:
        return  # there is none: who starts it tells
    if distrust is not None and not os.path.samefile(interpreter, sys.executable):
        reason, place = distrust
        raise UnusableInterpreterError(
            f"{interpreter} is not asked ({place}: {REASONS[reason].meaning})",
            "name it with --python if you trust it",
        )


def describe_choice(named_by: str) -> str:
    if named_by in NAMED_BY_USER:
        return f"named by {named_by}"
    return "named by the script's first line" if named_by else "the nearest python3"
