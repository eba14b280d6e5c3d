"""Entries as starts make them, and as somebody might have changed them."""

from __future__ import annotations

import json
import marshal
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from security.people import read_identity, write_script
from starts import give_command

from mainspring.codecache.entry import Entry, decode_entry, encode_entry

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

    from starts import Argument, Ended, World

SCRIPT = """\
import sys
CHOSEN = {'a', 'b', 'c', 'd', 'e', 'f', 1, 2.5, ('x', 3)}
def outer(first, *, second=-0.0):
    def inner():
        try:
            return [first, second, 'inner' in {'inner', 'outer'}]
        except ValueError:
            return None
    return inner
print(outer(1)()[2] and 'ran')
"""
WARNING_SCRIPT = SCRIPT + "assert (1, 'always')\n'\\N{BULLET}'\n"


@dataclass
class Verified:
    """What `verify --json` says: the status, an answer for each entry, and the sums."""

    status: int
    entries: list[dict[str, Any]]
    summary: dict[str, Any]

    @property
    def findings(self) -> list[str]:
        return [entry["finding"] for entry in self.entries]

    def of(self, script: Path) -> str:
        """The finding about the only entry of *script*."""
        [finding] = [entry["finding"] for entry in self.entries if entry["script"] == str(script)]
        return str(finding)


def verify(world: World, *words: Argument, **changes: str | None) -> Verified:
    status, output, errors = give_command(world, "verify", "--json", *words, **changes)
    assert errors == ""
    answer = json.loads(output)
    verified = Verified(status, answer["entries"], answer["summary"])
    differing = [entry for entry in verified.entries if entry["difference"]]
    assert verified.summary["entries"] == len(verified.entries)
    assert verified.summary["differences"] == len(differing)
    assert status == (1 if any(not entry["removed"] for entry in differing) else 0)
    return verified


def start(world: World, script: Path, *options: str, **changes: str | None) -> Ended:
    ended = world.start("enabled", *options, script, env=world.environment(**changes))
    assert ended.status == 0
    return ended


def make_entry(
    world: World, name: str = "program.py", text: str = SCRIPT, options: tuple[str, ...] = ()
) -> tuple[Path, Path]:
    """A script, and the entry that a start of it made."""
    before = set(world.entries)
    script = write_script(world, text, name)
    start(world, script, *options)
    [entry] = set(world.entries) - before
    return script, entry


def alter(path: Path, *, identity: str | None = None, **changes: Any) -> None:
    """Give the entry at *path* other parts, and a checksum that holds."""
    content = path.read_bytes()
    own = read_identity(content)
    entry = decode_entry(content, own)
    kept = {name: getattr(entry, name) for name in Entry.__slots__}
    path.write_bytes(encode_entry(Entry(**{**kept, **changes}), identity or own))


def alter_code(path: Path, change: Callable[[CodeType], CodeType]) -> None:
    content = path.read_bytes()
    code = decode_entry(content, read_identity(content)).load_code()
    alter(path, code_bytes=marshal.dumps(change(code)))


def change_inner(code: CodeType, **changes: Any) -> CodeType:
    """*code* with the innermost function of SCRIPT changed."""
    if code.co_name == "inner":
        return code.replace(**changes)
    kind = type(code)
    constants = tuple(
        change_inner(constant, **changes) if isinstance(constant, kind) else constant
        for constant in code.co_consts
    )
    return code.replace(co_consts=constants)


def find_others() -> list[Path]:
    """All the other interpreters that the machine has, of versions that Mainspring is for."""
    root = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    found = [path for n in range(11, 16) for path in sorted(root.glob(f"versions/*/bin/python3.{n}"))]
    found += [path for n in range(11, 16) if (path := Path(f"/usr/bin/python3.{n}")).exists()]
    return found


def find_note(entry: Path, world: World) -> Path:
    """The note of the interpreter that made *entry*."""
    return world.cache / entry.relative_to(world.cache).parts[0] / "%interpreter"
