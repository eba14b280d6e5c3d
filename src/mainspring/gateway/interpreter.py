"""Which interpreter a script asks for, by the rule of the launcher (native/launcher/shebang.c).

| the script begins with | interpreter |
|---|---|
| `#!` and an absolute path of a Python | that one, with the rest of the line as one option |
| `#!/bin/sh`, and `'''exec'` with a path of a Python, as of installers | that one, with its options |
| `#!` and `env`, `mainspring` or a relative path, with the name of a Python | the gateway's own |
| no `#!`, or another command, in a file whose name ends in `.py` | the gateway's own |
| no `#!`, or another command, in a file of another name | none: it is no Python |
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple

from mainspring.shebang import FIRST_BYTES, WRAPPER, parse_line

PYTHON = re.compile(r"(?:python|pypy)w?[0-9.]*t?d?(?:-dbg)?")
DIRECT = re.compile(r"#![ \t]*([^ \t]*)(?:[ \t]+(.*?))?[ \t]*")

SCRIPT_FOLDER = '"$(dirname -- "$(realpath -- "$0")")"/'
SPECIAL = r"$`\\;&|<>()*?\[\]#~!{}"
#: what `sh` takes as one word, if it is to do nothing but take the quotes away
WORD = rf"""(?:[^ \t'"{SPECIAL}]|'[^']*'|"(?:[^"\\$`]|\\[$`"\\]|\\(?![$`"\\]))*")+"""
WRAPPED = re.compile(rf"""[ \t]*({WORD}(?:[ \t]+{WORD}){{0,8}})[ \t]+"\$0" "\$@".*""")
WORDS = re.compile(WORD)
QUOTED = re.compile(r"""'([^']*)'|"((?:[^"\\]|\\.)*)\"""")
ESCAPED = re.compile(r"""\\([$`"\\])""")


class Interpreter(NamedTuple):
    """An interpreter's path, None for the gateway's own, and the options that come with it."""

    path: str | None = None
    options: tuple[str, ...] = ()


OWN = Interpreter()


def choose_interpreter(start: bytes, script: str) -> Interpreter | None:
    """What runs *script*, a path with no link in it that begins with *start*; None if it is no Python."""
    named = parse_start(start, script)
    if named is not None:
        return named
    return OWN if script.endswith(".py") or names_any_python(start) else None


def names_any_python(start: bytes) -> bool:
    """Whether the command of a `#!` line is a Python, wherever that may be, or starts one."""
    line = parse_line(start)
    if line is None or not line.words:
        return False
    name = os.path.basename(line.words[0].rstrip("\r"))
    return name == "mainspring" or is_python(name)


def is_python(path: str) -> bool:
    return PYTHON.fullmatch(os.path.basename(path)) is not None


def parse_start(start: bytes, script: str) -> Interpreter | None:
    """The interpreter that the first lines name by its place."""
    lines = os.fsdecode(start).split("\n", 2)
    if not lines[0].startswith("#!") or not is_whole(start, 1) or "\0" in lines[0]:
        return None
    if lines[0].rstrip(" \t") != "#!/bin/sh":
        return parse_direct(lines[0])
    if len(lines) == 1 or not lines[1].startswith(WRAPPER) or not is_whole(start, 2) or "\0" in lines[1]:
        return None
    return parse_wrapped(lines[1].removeprefix(WRAPPER), script)


def is_whole(start: bytes, lines: int) -> bool:
    """Whether the first *lines* lines end within what was read."""
    return len(start) < FIRST_BYTES or start.count(b"\n") >= lines


def parse_direct(line: str) -> Interpreter | None:
    found = DIRECT.fullmatch(line)
    if found is None or not found[1].startswith("/") or not is_python(found[1]):
        return None
    return Interpreter(found[1], (found[2],) if found[2] else ())


def parse_wrapped(text: str, script: str) -> Interpreter | None:
    beside = text.startswith(SCRIPT_FOLDER)
    found = WRAPPED.fullmatch(text.removeprefix(SCRIPT_FOLDER))
    if found is None:
        return None
    path, *options = (unquote(word) for word in WORDS.findall(found[1]))
    if not is_python(path) or not (beside or path.startswith("/")):
        return None
    if beside:
        path = os.path.join(os.path.dirname(script), path)
    return Interpreter(path, tuple(options))


def unquote(word: str) -> str:
    return QUOTED.sub(lambda part: part[1] if part[1] is not None else ESCAPED.sub(r"\1", part[2]), word)
