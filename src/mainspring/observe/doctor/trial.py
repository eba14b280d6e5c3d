"""Starts a program that does nothing, as a user would, and sees whether Mainspring came past.

It is told to log and to write nothing else; all else is as the user has it.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mainspring.hook import NATIVE
from mainspring.observe.interpreters import SECONDS
from mainspring.slot.placing import PACKAGE
from mainspring.slot.question import Reply, put_question

SCRIPT = str(PACKAGE / "observe" / "doctor" / "trial_script.py")
RAISED = re.compile(r"^Error in sitecustomize;[^\n]*\n(?P<error>[^\n]*)", re.MULTILINE)
LOAD = """
import sys
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("mainspring._native", sys.argv[1])
spec.loader.exec_module(module_from_spec(spec))
"""


@dataclass(frozen=True)
class Trial:
    """What a start came to: the words of its line in the log, if there is one, and what went wrong."""

    words: tuple[str, ...]
    raised: str | None
    status: int


def try_start(command: Sequence[str], environment: Mapping[str, str]) -> Trial:
    """Start the program by *command*, an interpreter and its options.  Raises OSError."""
    reader, writer = os.pipe()
    try:
        os.set_blocking(reader, False)
        surroundings = {
            **{name: value for name, value in environment.items() if name != "MAINSPRING"},
            "MAINSPRING_LOG": str(writer),
            "MAINSPRING_MIN_SIZE": "0",
            "MAINSPRING_READONLY": "on",
        }
        reply = put_question([*command, SCRIPT], surroundings, SECONDS, (writer,))
        return Trial(read_outcome(reader), find_raised(reply), reply.status)
    finally:
        os.close(reader)
        os.close(writer)


def can_load_native(python: str, root: str) -> bool:
    """Whether the interpreter *python* can load the native module of the package in *root*.

    Where it cannot, a start can leave no line in the log.  Raises OSError.
    """
    path = os.path.join(root, PACKAGE.name, NATIVE)
    environment = {**os.environ, "MAINSPRING": "off"}
    return put_question([python, "-c", LOAD, path], environment, SECONDS).status == 0


def read_outcome(reader: int) -> tuple[str, ...]:
    """The verdict and reason of the first line; none if nothing was logged."""
    try:
        line = os.read(reader, 1 << 16)
    except BlockingIOError:
        return ()
    fields = os.fsdecode(line).split("\n")[0].split("\t")
    return tuple(fields[1].split(" ")) if len(fields) == 3 else ()


def find_raised(reply: Reply) -> str | None:
    """What a sitecustomize raised, as `site` tells it."""
    found = RAISED.search(os.fsdecode(reply.errors))
    return None if found is None else found["error"]
