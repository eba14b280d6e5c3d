"""The interpreters that made the entries of the cache, as far as they may be started to check them."""

import os
import re

from mainspring.codecache.origin import is_gone
from mainspring.codecache.writer import INTERPRETER_NOTE
from mainspring.observe.trust import find_distrust
from mainspring.observe.verify.findings import Finding
from mainspring.places import Refused, open_tree, read_trusted_file

OPTIMIZED = re.compile("opt-([1-9])")
DIGITS = re.compile("digits-([0-9]+)")


class NotCheckable(Exception):
    """Entries that no interpreter may be asked about."""

    def __init__(self, finding: Finding) -> None:
        self.finding = finding
        super().__init__(finding)


def find_interpreter(root: int, build: str) -> str:
    """The path of the interpreter that made the entries of *build*.  Raises NotCheckable."""
    path = read_note(root, build)
    if not path.startswith("/") or "\0" in path or is_gone(path):
        raise NotCheckable("unknown-interpreter")
    if not is_safe(path):
        raise NotCheckable("unsafe-interpreter")
    return path


def read_note(root: int, build: str) -> str:
    """What the note of *build* says, if nobody else could have written it.  Raises NotCheckable."""
    owners = (os.geteuid(),)
    try:
        folder = open_tree(root, [build], owners)
    except FileNotFoundError:
        raise NotCheckable("gone") from None
    except (OSError, Refused):
        raise NotCheckable("untrusted") from None
    try:
        content, _ = read_trusted_file(folder, INTERPRETER_NOTE, owners)
    except OSError:
        raise NotCheckable("unknown-interpreter") from None
    except Refused:
        raise NotCheckable("unsafe-interpreter") from None
    return os.fsdecode(content)


def is_safe(path: str) -> bool:
    """Whether nobody but root and the user can change what *path* leads to, or where it leads."""
    try:
        return find_distrust(path) is None
    except OSError:
        return False


def find_options(variant: str) -> list[str]:
    """The options under which an interpreter makes entries of *variant*.  Raises NotCheckable."""
    return [option for part in variant.split(".") if part for option in find_option(part)]


def find_option(part: str) -> list[str]:
    if part == "no_debug_ranges":
        return ["-X", part]
    if found := OPTIMIZED.fullmatch(part):
        return ["-" + "O" * int(found[1])]
    if found := DIGITS.fullmatch(part):
        return ["-X", f"int_max_str_digits={found[1]}"]
    raise NotCheckable("unknown-options")
