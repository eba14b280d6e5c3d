"""Mutates entries, and holds that the reader accepts none that is not exactly what was written.

    python fuzz/fuzz_entry.py [--runs N] [--seed N] [--save FOLDER]

The seeds are scripts, since entries belong to one build: their entries are made here, by the interpreter
that runs this.  The corpus beside them holds entries of other builds and formats.  The same seed gives
the same mutations.  Whatever the reader makes of them: no exception but Damaged, and what it accepts
has the code, the notes and the signature of an entry that was written.
"""

from __future__ import annotations

import argparse
import marshal
import random
import resource
import sys
import time
from _imp import source_hash
from pathlib import Path
from typing import TYPE_CHECKING

from mainspring.codecache.entry import (
    HEADER_SIZE,
    MARK,
    SUM_KEY,
    TRAILER_SIZE,
    Damaged,
    Entry,
    decode_entry,
    encode_entry,
    hash_source,
    sign_source,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    Mutation = Callable[["Fuzzer", bytearray], None]

HERE = Path(__file__).parent
IDENTITY = "the build that fuzzes"
NUMBERS_AT = (48, 40, 32, 24)  # from the end: READ_AT, COMPILE_NS, NOTES_AT, LENGTH
ODD_NUMBERS = (0, 1, 15, 16, 17, 87, 88, 104, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
WARNINGS = (("SyntaxWarning", "invalid escape sequence '\\d'", 3),)


class Broken(AssertionError):
    """The reader did what it must not do with *content*."""

    def __init__(self, problem: str, content: bytes) -> None:
        self.content = content
        super().__init__(problem)


def make_seeds() -> list[bytes]:
    """An entry of each script in seeds/, with warnings and without."""
    seeds = []
    for script in sorted((HERE / "seeds").iterdir()):
        source = script.read_bytes()
        entry = Entry(
            code_bytes=marshal.dumps(compile(source, script.name, "exec", dont_inherit=True)),
            source_hash=hash_source(source),
            signature=sign_source(script.stat()),
            read_at=time.time_ns(),
            compile_ns=len(source),
            warnings=WARNINGS if b"\\d" in source else (),
        )
        seeds.append(encode_entry(entry, IDENTITY))
    return seeds


def read_corpus() -> list[bytes]:
    return [path.read_bytes() for path in sorted((HERE / "corpus").glob("*.pyc"))]


class Fuzzer:
    """Mutations of seeds, in an order that *seed* decides."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)  # noqa: S311 - to be repeated, not to be secret
        self.written = make_seeds()
        self.others = read_corpus()
        self.known = {content: describe(content) for content in self.written}
        self.parts = {part for known in self.known.values() for part in known}
        self.accepted = 0
        self.resealed = 0

    def run_once(self) -> None:
        """Mutate an entry, and read it.  Raises Broken."""
        content = bytearray(self.chance.choice(self.written))
        for _ in range(self.chance.choice((1, 1, 1, 2, 3))):
            self.chance.choice(MUTATIONS)(self, content)
        sealed = self.chance.random() < RESEALED_SHARE
        if sealed:
            reseal(content)
        self.read(bytes(content), sealed=sealed)

    def read(self, content: bytes, *, sealed: bool) -> None:
        self.resealed += sealed
        try:
            entry = decode_entry(content, IDENTITY)
        except Damaged:
            return
        except Exception as error:
            problem = f"{type(error).__name__}: {error}"
            raise Broken(problem, content) from error
        self.accepted += 1
        if not is_well_formed(entry):
            raise Broken("accepted notes that no start could have written", content)
        # with the checksum made anew, a change cannot be told from what was meant to be written
        if not sealed and content not in self.known:
            problem = f"accepted what was not written: {entry.signature!r}"
            raise Broken(problem, content)
        if not sealed and describe(content) != self.known[content]:
            raise Broken("read something else than was written", content)


def is_well_formed(entry: Entry) -> bool:
    """Whether a start can do with *entry* what it does with each: wrong notes would be its end."""
    return isinstance(entry.warnings, tuple) and all(
        isinstance(warning, tuple) and [type(part) for part in warning] == [str, str, int]
        for warning in entry.warnings
    )


def describe(content: bytes) -> tuple[object, ...]:
    """All that the reader gives of *content*."""
    entry = decode_entry(content, IDENTITY)
    return (
        bytes(entry.code_bytes), entry.source_hash, entry.signature,
        entry.read_at, entry.compile_ns, entry.warnings,
    )  # fmt: skip


def reseal(content: bytearray) -> None:
    """Give *content* the checksum that it should have."""
    if len(content) >= 8:
        content[-8:] = source_hash(SUM_KEY, bytes(content[:-8]))


# ---- mutations, each in place -----------------------------------------------------------------


def flip_bit(fuzzer: Fuzzer, content: bytearray) -> None:
    if content:
        content[fuzzer.chance.randrange(len(content))] ^= 1 << fuzzer.chance.randrange(8)


def set_byte(fuzzer: Fuzzer, content: bytearray) -> None:
    if content:
        content[fuzzer.chance.randrange(len(content))] = fuzzer.chance.choice((0, 1, 0x7F, 0x80, 0xFF))


def cut(fuzzer: Fuzzer, content: bytearray) -> None:
    del content[fuzzer.chance.randrange(len(content) + 1) :]


def cut_front(fuzzer: Fuzzer, content: bytearray) -> None:
    del content[: fuzzer.chance.randrange(len(content) + 1)]


def extend(fuzzer: Fuzzer, content: bytearray) -> None:
    content += fuzzer.chance.randbytes(fuzzer.chance.randrange(1, 40))


def insert(fuzzer: Fuzzer, content: bytearray) -> None:
    place = fuzzer.chance.randrange(len(content) + 1)
    content[place:place] = fuzzer.chance.randbytes(fuzzer.chance.randrange(1, 9))


def repeat_part(fuzzer: Fuzzer, content: bytearray) -> None:
    start = fuzzer.chance.randrange(len(content) + 1)
    content[start:start] = content[start : start + fuzzer.chance.randrange(1, 40)]


def splice(fuzzer: Fuzzer, content: bytearray) -> None:
    other = fuzzer.chance.choice(fuzzer.written + fuzzer.others)
    content[fuzzer.chance.randrange(len(content) + 1) :] = other[
        fuzzer.chance.randrange(len(other) + 1) :
    ]


def swap_trailer(fuzzer: Fuzzer, content: bytearray) -> None:
    content[-TRAILER_SIZE:] = fuzzer.chance.choice(fuzzer.written + fuzzer.others)[-TRAILER_SIZE:]


def swap_header(fuzzer: Fuzzer, content: bytearray) -> None:
    content[:HEADER_SIZE] = fuzzer.chance.choice(fuzzer.written + fuzzer.others)[:HEADER_SIZE]


def edit_number(fuzzer: Fuzzer, content: bytearray) -> None:
    at = len(content) - fuzzer.chance.choice(NUMBERS_AT)
    if at >= 0:
        number = fuzzer.chance.choice((*ODD_NUMBERS, len(content), fuzzer.chance.getrandbits(64)))
        content[at : at + 8] = number.to_bytes(8, "little")


def edit_mark(fuzzer: Fuzzer, content: bytearray) -> None:
    content[-16:-8] = MARK[:6] + fuzzer.chance.randbytes(2)


def replace_all(fuzzer: Fuzzer, content: bytearray) -> None:
    content[:] = fuzzer.chance.choice(fuzzer.others) if fuzzer.others else b""


def zero_part(fuzzer: Fuzzer, content: bytearray) -> None:
    """As a file system may, that lost its power."""
    start = fuzzer.chance.randrange(len(content) + 1)
    length = len(content[start : start + fuzzer.chance.randrange(1, 4096)])
    content[start : start + length] = bytes(length)


RESEALED_SHARE = 0.25
MEMORY = 1 << 31
MUTATIONS: tuple[Mutation, ...] = (
    flip_bit, set_byte, cut, cut_front, extend, insert, repeat_part, splice, swap_trailer,
    swap_header, edit_number, edit_mark, replace_all, zero_part,
)  # fmt: skip


def fuzz(runs: int, seed: int) -> Fuzzer:
    """Run *runs* mutations.  Raises Broken, with the seed and the number of the run in a note."""
    fuzzer = Fuzzer(seed)
    for run in range(runs):
        try:
            fuzzer.run_once()
        except Broken as broken:
            broken.add_note(f"seed {seed}, run {run}")
            raise
    return fuzzer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--save", type=Path, help="where to put what broke the reader")
    options = parser.parse_args()
    # a length that was never written must not take all memory
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    started = time.monotonic()
    try:
        fuzzer = fuzz(options.runs, options.seed)
    except Broken as broken:
        if options.save:
            options.save.mkdir(parents=True, exist_ok=True)
            (options.save / f"broken-{options.seed}.pyc").write_bytes(broken.content)
        print(*broken.__notes__, broken, sep=": ", file=sys.stderr)
        return 1
    print(
        f"{options.runs} mutated entries in {time.monotonic() - started:.0f} s, of them"
        f" {fuzzer.resealed} with a checksum made anew; {fuzzer.accepted} accepted, all of them"
        " unchanged, or changed and sealed"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
