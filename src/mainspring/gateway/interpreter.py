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
import time
from typing import TYPE_CHECKING, NamedTuple

from mainspring.gateway.refusals import Refusal
from mainspring.shebang import FIRST_BYTES, WRAPPER, parse_line, read_start

if TYPE_CHECKING:
    from mainspring.gateway.tree import Place

MOST_REMEMBERED = 4096
#: a file changed so lately may be changed again without its times telling
RACY_SECONDS = 2.0
Identity = tuple[int, ...]

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


class Interpreters:
    """Remembers what each script asks for, as long as its stat is the same."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Identity, Interpreter | None]] = {}

    def find(self, place: Place) -> Interpreter:
        """What is to run the script that *place* is.  Raises Refusal."""
        identity = identify(place.status)
        known = self._known.get(place.path)
        if known is None or known[0] != identity:
            known = identity, choose_interpreter(read_beginning(place), place.path)
            if time.time() - place.status.st_ctime > RACY_SECONDS:
                self._remember(place.path, known)
        if known[1] is None:
            raise Refusal("not-python", place.path)
        return known[1]

    def _remember(self, path: str, known: tuple[Identity, Interpreter | None]) -> None:
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[path] = known


def identify(status: os.stat_result) -> Identity:
    times = status.st_mtime_ns, status.st_ctime_ns
    return status.st_dev, status.st_ino, status.st_mode, status.st_uid, status.st_size, *times


def read_beginning(place: Place) -> bytes:
    """The first lines of the very file that was looked at.  Raises Refusal."""
    try:
        return read_start(f"/proc/self/fd/{place.descriptor}")
    except OSError as error:
        raise Refusal("not-readable", f"{place.path}: {error.strerror}") from None


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
        path = script[: script.rindex("/") + 1] + "/" + path  # as the launcher spells it, and `sh`
    return Interpreter(path, tuple(options))


def unquote(word: str) -> str:
    return QUOTED.sub(lambda part: part[1] if part[1] is not None else ESCAPED.sub(r"\1", part[2]), word)
