"""What is to be checked, as a value: found out before anything runs."""

import os
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from mainspring.errors import BadArgumentsError, NotPythonError, UnreadableScriptError
from mainspring.launcher import find_launcher
from mainspring.observe.doctor.shebang import read_command
from mainspring.observe.explain import locate_slot
from mainspring.observe.launcher import choose_interpreter
from mainspring.observe.programs import find_program

MOST_INPUT = 16 << 20
BLOCK = 512
MOST_TYPED = 4000  # a terminal holds no more until somebody reads


@dataclass(frozen=True)
class Request:
    """A program, its arguments and surroundings."""

    script: str
    arguments: tuple[str, ...]
    python: str | None  # as the user named it
    interpreter: str
    options: tuple[str, ...]  # of the script's first line
    is_enabled: bool
    launcher: str
    content: bytes  # of standard input
    in_terminal: bool
    seconds: float
    environment: Mapping[str, str]
    is_accepted: bool = False  # that runs do not find the same files

    @property
    def plain_command(self) -> list[str]:
        return [self.interpreter, *self.options, self.script, *self.arguments]

    def compose_run(self, *options: str) -> list[str]:
        """The command that lets the launcher start the program."""
        chosen = [] if self.python is None else ["--python", self.python]
        return [self.launcher, "run", *options, *chosen, self.script, *self.arguments]


def make_request(
    words: tuple[str, ...], python: str | None, *, in_terminal: bool, seconds: float
) -> Request:
    """Raises BadArgumentsError, NotPythonError, UnreadableScriptError or UnusableInterpreterError."""
    word, *arguments = words
    script = find_script(word)
    if python is None:
        read_command(script, os.environ)
    interpreter, _, options = choose_interpreter([script], python)
    return Request(
        script,
        tuple(arguments),
        python,
        interpreter,
        tuple(options),
        locate_slot(interpreter) is not None,
        find_launcher(),
        read_input(MOST_TYPED if in_terminal else MOST_INPUT),
        in_terminal,
        seconds,
        dict(os.environ),
    )


def find_script(word: str) -> str:
    """The path of the script that *word* means.  Raises BadArgumentsError."""
    program = find_program(word)
    if program.kind not in {"script", "command"}:
        raise BadArgumentsError(f"{word} is a {program.kind}", "name a script")
    if not os.path.exists(program.target):
        raise BadArgumentsError(f"there is no script {word}", "check its path")
    if is_binary(program.target):
        raise NotPythonError(word, "the system itself")
    return program.target


def is_binary(path: str) -> bool:
    """Whether the file at *path* cannot be the text of a script.  Raises UnreadableScriptError."""
    try:
        with open(path, "rb") as file:
            return b"\0" in file.read(BLOCK)
    except OSError as error:
        raise UnreadableScriptError(path, error.strerror or str(error)) from None


def read_input(most: int) -> bytes:
    """What standard input holds; nothing of a terminal.  Raises BadArgumentsError."""
    try:
        if os.isatty(0) or stat.S_ISCHR(os.fstat(0).st_mode):
            return b""
        content = sys.stdin.buffer.read(most + 1)
    except (OSError, AttributeError):
        return b""
    if len(content) > most:
        raise BadArgumentsError(f"standard input has more than {most:,} bytes", "give it less")
    return content
