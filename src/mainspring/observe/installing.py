"""Finds out what a command on PATH is, for a shim of it: a Python script, or something else.

    env    = "#!" blank* path "/env" blank+ ["-S" blank*] name (blank+ option)*

The answer is what the kernel would do with the file now, and `env` at each start.
"""

import os
import re
import shlex
import stat
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mainspring.errors import NotACommandError, UnusableInterpreterError
from mainspring.launcher import find_launcher
from mainspring.shebang import WRAPPER, parse_line, read_start
from mainspring.slot.inspection import inspect_slot
from mainspring.slot.survey import Survey, ask, describe_answer
from mainspring.warm.targets import Target, find_shims_folder

# as the launcher has it (native/launcher/shebang.c)
PYTHON = re.compile(r"(?:python|pypy)w?[\d.]*t?d?(?:-dbg)?")
# a letter of python's that takes a value ends the flags
IGNORES_ENVIRONMENT = re.compile(r"-[^-cmWX]*[EI]")
ENV_SPLITS = re.compile(r"-S|--split-string[= ]")
SCRIPT_FOLDER = '"$(dirname -- "$(realpath -- "$0")")"/'
MOST_OPTIONS = 8
ELF = b"\x7fELF"
#: what a file begins with -> what it is
FORMATS = {
    ELF: "a program in machine code",
    b"\xcf\xfa\xed\xfe": "a program in machine code",
    b"\xca\xfe\xba\xbe": "a program in machine code",
    b"PK\x03\x04": "a zip file without a `#!` line",
}
LANGUAGES = {
    "shell": {"sh", "bash", "dash", "zsh", "ksh", "fish"},
    "Perl": {"perl"},
    "JavaScript": {"node", "nodejs", "deno", "bun"},
    "Ruby": {"ruby"},
}
#: those whose scripts, in a folder called shims, start a program of the same name somewhere else
FORWARDERS = ("pyenv", "asdf")
OWN_COMMAND = "mainspring-cli"
ANOTHER = "name a command that is written in Python"


@dataclass(frozen=True)
class Named:
    """What the lines at the top of a script name."""

    interpreter: str
    options: tuple[str, ...]
    opening: str


@dataclass(frozen=True)
class Command:
    """A Python command: what a shim of it is called, and stands for."""

    name: str
    target: Target
    interpreter: str
    survey: Survey

    @property
    def is_out_of_reach(self) -> bool:
        """Whether its starts do not come past Mainspring: -E hides what the launcher sets.

        Machine code, as nearly every interpreter is, the launcher has other means for
        (native/launcher/reach.c).
        """
        ignores = any(IGNORES_ENVIRONMENT.match(option) for option in self.target.options)
        return ignores and not is_program(self.interpreter) and inspect_slot(self.survey) is None


def find_python_command(word: str, environment: Mapping[str, str]) -> Command:
    """What a shim for *word*, a command on PATH or the path of a script, is to stand for.

    Raises NotACommandError.
    """
    path = os.path.abspath(word) if "/" in word else find_command(word, environment)
    if is_own(path):
        raise NotACommandError(path, "Mainspring itself, which has no use for a shim", ANOTHER)
    start = read_program(path)
    named = read_named(path, start)
    interpreter = locate_interpreter(path, named, environment)
    survey = survey_named(path, interpreter)
    target = Target(path, named.interpreter, named.opening, named.options)
    return Command(os.path.basename(path), target, interpreter, survey)


def find_command(name: str, environment: Mapping[str, str]) -> str:
    """The absolute path of what *name* starts, where there is no shim.  Raises NotACommandError."""
    candidates = list(find_on_path(name, environment))
    for path in candidates:
        if name == "mainspring" or not is_launcher(path):
            return path
    if candidates:
        raise NotACommandError(name, "a shim, and nothing else of that name is on PATH", ANOTHER)
    raise NotACommandError(name, "no command on PATH", "check its name, or give the path of its script")


def find_on_path(name: str, environment: Mapping[str, str]) -> Iterator[str]:
    shims = find_shims_folder(environment)
    for folder in os.get_exec_path(environment):
        path = os.path.abspath(os.path.join(folder, name))
        if name and is_executable(path) and not is_same(folder or ".", shims):
            yield path


def is_executable(path: str) -> bool:
    return os.path.isfile(path) and os.access(path, os.X_OK)


def is_same(path: str, other: str | None) -> bool:
    try:
        return other is not None and os.path.samefile(path, other)
    except OSError:
        return False


def is_program(path: str) -> bool:
    return sys.platform == "linux" and read_start(path).startswith(ELF)


def is_launcher(path: str) -> bool:
    return is_same(path, find_launcher())


def is_own(path: str) -> bool:
    """Whether *path* is one of the commands that Mainspring is installed with."""
    folder = os.path.dirname(find_launcher())
    return is_launcher(path) or is_same(path, os.path.join(folder, OWN_COMMAND))


def read_program(path: str) -> bytes:
    """What the executable file *path* begins with.  Raises NotACommandError, or OSError."""
    status = os.stat(path)
    if stat.S_ISDIR(status.st_mode):
        raise NotACommandError(path, "a folder", "give the path of a script")
    if not stat.S_ISREG(status.st_mode):
        raise NotACommandError(path, "no file", "give the path of a script")
    if not os.access(path, os.X_OK):
        raise NotACommandError(path, "not executable", f"make it so with `chmod +x {shlex.quote(path)}`")
    return read_start(path)


def read_named(path: str, start: bytes) -> Named:
    """What the script at *path*, which begins with *start*, names.  Raises NotACommandError."""
    line = parse_line(start)
    if line is None:
        raise NotACommandError(path, describe_format(start), ANOTHER)
    opening = cut_opening(start)
    named = read_lines(opening.split("\n"), opening, by_env=line.by_env)
    if named is None or not is_python(named) or "\0" in opening:
        raise describe_script(path, opening.partition("\n")[0], start)
    return named


def cut_opening(start: bytes) -> str:
    """The first line, and that of a wrapper behind it; with its end, unless it is the file's."""
    lines = os.fsdecode(start).split("\n")
    is_wrapped = lines[0].rstrip(" \t") == "#!/bin/sh" and "".join(lines[1:2]).startswith(WRAPPER)
    count = 2 if is_wrapped else 1
    return "\n".join(lines[:count]) + ("\n" if len(lines) > count else "")


def read_lines(lines: list[str], opening: str, *, by_env: bool) -> Named | None:
    """What the *lines* of an *opening* name; None where that takes more than to start it."""
    if "".join(lines[1:2]).startswith(WRAPPER):
        return read_wrapper(lines[1].removeprefix(WRAPPER), opening)
    words = lines[0].removeprefix("#!").strip(" \t").split(None, 1)
    if by_env:
        return read_env("".join(words[1:]), opening)
    return Named(words[0], tuple(words[1:]), opening) if words and os.path.isabs(words[0]) else None


def read_wrapper(text: str, opening: str) -> Named | None:
    command, found, _ = text.partition('"$0" "$@"')
    is_relative = command.startswith(SCRIPT_FOLDER)
    try:
        words = shlex.split(command.removeprefix(SCRIPT_FOLDER))
    except ValueError:
        return None
    if not found or not words or not (is_relative or os.path.isabs(words[0])):
        return None
    return Named(("./" if is_relative else "") + words[0], tuple(words[1:]), opening)


def read_env(text: str, opening: str) -> Named | None:
    """What `env` starts, given *text*; None where it would do more than look up a name."""
    split = ENV_SPLITS.match(text)
    try:
        words = shlex.split(text[split.end() :]) if split else [text]
    except ValueError:
        return None
    return Named(words[0], tuple(words[1:]), opening) if words else None


def is_python(named: Named) -> bool:
    name = os.path.basename(named.interpreter)
    return PYTHON.fullmatch(name) is not None and len(named.options) <= MOST_OPTIONS


def describe_format(start: bytes) -> str:
    kinds = [kind for magic, kind in FORMATS.items() if start.startswith(magic)]
    return kinds[0] if kinds else "a file without a `#!` line"


def describe_script(path: str, line: str, start: bytes) -> NotACommandError:
    """What a script is that something else than a Python starts."""
    command = line.removeprefix("#!").strip()
    names = {os.path.basename(word) for word in command.split()}
    if "mainspring" in names:
        return NotACommandError(path, "started by Mainspring already", "start it as it is")
    languages = [language for language, shells in LANGUAGES.items() if shells & names]
    what = f"a {languages[0]} script ({command})" if languages else f"a script for {command}"
    folder, name = os.path.split(path)
    for forwarder in FORWARDERS:
        if os.path.basename(folder) == "shims" and forwarder.encode() in start:
            return NotACommandError(path, what, f"give the path that `{forwarder} which {name}` prints")
    return NotACommandError(path, what, ANOTHER)


def locate_interpreter(path: str, named: Named, environment: Mapping[str, str]) -> str:
    """The interpreter that would start the script *path* now.  Raises NotACommandError."""
    interpreter = named.interpreter
    if interpreter.startswith("./"):
        return os.path.join(os.path.dirname(os.path.realpath(path)), interpreter[2:])
    if os.path.isabs(interpreter):
        return interpreter
    for found in find_on_path(interpreter, environment):
        if not is_launcher(found):
            return found
    raise NotACommandError(
        path, f"a script for {interpreter}, which is not on PATH", "install that first"
    )


def survey_named(path: str, interpreter: str) -> Survey:
    """What CPython of 3.11 or newer, which starts the script *path*, says.  Raises NotACommandError.

    It is asked by being run, as it would be by the command, which the user named.
    """
    try:
        answer = ask(interpreter)
        is_known, version = answer["implementation"] == "python", ".".join(map(str, answer["version"]))
    except (UnusableInterpreterError, KeyError, TypeError) as error:
        is_there = os.path.lexists(interpreter)
        what = f"a script for {interpreter}, which does not {'work' if is_there else 'exist'}"
        raise NotACommandError(path, what, "install the command again") from error
    try:
        return describe_answer(interpreter, answer)
    except UnusableInterpreterError as error:
        name = "Python" if is_known else answer["implementation"]
        what = f"a script for {interpreter}, which is {name} {version}"
        raise NotACommandError(path, what, "install it with CPython 3.11 or newer") from error
