"""Mutates entries, and holds that the reader accepts none that is not exactly what was written.

    python fuzz/fuzz_entry.py [--runs N] [--seed N] [--save FOLDER]

The seeds are scripts, since entries belong to one build: their entries are made here, by the interpreter
that runs this.  The corpus beside them holds entries of other builds and formats.  The same seed gives
the same mutations.  Whatever the reader makes of them: no exception but Damaged, and what it accepts
has the code, the notes and the signature of an entry that was written.
"""

from __future__ import annotations

import marshal
import sys
import time
from _imp import source_hash
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from campaign import Broken, conduct, make_parser
from mutations import (
    cut,
    cut_front,
    extend,
    flip_bit,
    insert,
    mutate,
    repeat_part,
    set_byte,
    splice,
    zero_part,
)

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
    import random
    from collections.abc import Sequence

    from mutations import Mutation

HERE = Path(__file__).parent
IDENTITY = "the build that fuzzes"
NUMBERS_AT = (48, 40, 32, 24)  # from the end: READ_AT, COMPILE_NS, NOTES_AT, LENGTH
ODD_NUMBERS = (0, 1, 15, 16, 17, 87, 88, 104, 2**31 - 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1)
RESEALED_SHARE = 0.25
TIMES = (1, 1, 1, 2, 3)
WARNINGS = (("SyntaxWarning", "invalid escape sequence '\\d'", 3),)


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
    """Reads mutations of entries, and knows what was written."""

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.written = make_seeds()
        self.known = {content: describe_entry(content) for content in self.written}
        self.mutations = list_mutations(self.written, read_corpus())
        self.resealed = 0

    def attempt(self, chance: random.Random, run: int) -> int:
        """Mutate an entry, and read it; whether it was accepted.  Keeps in the folder what raises."""
        content = mutate(chance, chance.choice(self.written), self.mutations, TIMES)
        sealed = chance.random() < RESEALED_SHARE
        self.resealed += sealed
        if sealed:
            content = reseal(content)
        try:
            return self.read(content, sealed=sealed)
        except Exception:
            if self.folder:
                self.folder.mkdir(parents=True, exist_ok=True)
                (self.folder / f"broken-{run}.pyc").write_bytes(content)
            raise

    def read(self, content: bytes, *, sealed: bool) -> bool:
        """Whether *content* is accepted.  Raises Broken."""
        try:
            entry = decode_entry(content, IDENTITY)
        except Damaged:
            return False
        if not is_well_formed(entry):
            raise Broken("accepted notes that no start could have written")
        # with the checksum made anew, a change cannot be told from what was meant to be written
        if not sealed and content not in self.known:
            raise Broken(f"accepted what was not written: {entry.signature!r}")
        if not sealed and describe_entry(content) != self.known[content]:
            raise Broken("read something else than was written")
        return True

    def describe(self, accepted: int) -> str:
        return (
            f"of them {self.resealed} with a checksum made anew; {accepted} accepted, all of them"
            " unchanged, or changed and sealed"
        )


def is_well_formed(entry: Entry) -> bool:
    """Whether a start can do with *entry* what it does with each: wrong notes would be its end."""
    return isinstance(entry.warnings, tuple) and all(
        isinstance(warning, tuple) and [type(part) for part in warning] == [str, str, int]
        for warning in entry.warnings
    )


def describe_entry(content: bytes) -> tuple[object, ...]:
    """All that the reader gives of *content*."""
    entry = decode_entry(content, IDENTITY)
    return (
        bytes(entry.code_bytes), entry.source_hash, entry.signature,
        entry.read_at, entry.compile_ns, entry.warnings,
    )  # fmt: skip


def reseal(content: bytes) -> bytes:
    """*content* with the checksum that it should have."""
    return content[:-8] + source_hash(SUM_KEY, content[:-8]) if len(content) >= 8 else content


# ---- mutations that know an entry's parts -----------------------------------------------------


def swap_trailer(chance: random.Random, content: bytearray, *, others: Sequence[bytes]) -> None:
    content[-TRAILER_SIZE:] = chance.choice(others)[-TRAILER_SIZE:]


def swap_header(chance: random.Random, content: bytearray, *, others: Sequence[bytes]) -> None:
    content[:HEADER_SIZE] = chance.choice(others)[:HEADER_SIZE]


def edit_number(chance: random.Random, content: bytearray) -> None:
    at = len(content) - chance.choice(NUMBERS_AT)
    if at >= 0:
        number = chance.choice((*ODD_NUMBERS, len(content), chance.getrandbits(64)))
        content[at : at + 8] = number.to_bytes(8, "little")


def edit_mark(chance: random.Random, content: bytearray) -> None:
    content[-16:-8] = MARK[:6] + chance.randbytes(2)


def replace_all(chance: random.Random, content: bytearray, *, others: Sequence[bytes]) -> None:
    content[:] = chance.choice(others)


def list_mutations(written: list[bytes], corpus: list[bytes]) -> tuple[Mutation, ...]:
    others = written + corpus
    return (
        flip_bit, set_byte, cut, cut_front, extend, insert, repeat_part, partial(splice, others=others),
        partial(swap_trailer, others=others), partial(swap_header, others=others), edit_number, edit_mark,
        partial(replace_all, others=corpus), zero_part,
    )  # fmt: skip


def main() -> int:
    parser = make_parser(__doc__)
    parser.add_argument("--save", type=Path, help="where to put what broke the reader")
    options = parser.parse_args()
    fuzzer = Fuzzer(options.save)
    return conduct(fuzzer.attempt, options, "entries", fuzzer.describe)


if __name__ == "__main__":
    sys.exit(main())
