"""An entry is read back as it was written, or not at all."""

from __future__ import annotations

import marshal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mainspring.codecache.entry import (
    TRAILER_SIZE,
    Damaged,
    Entry,
    decode_entry,
    encode_entry,
    pack_number,
)

NUMBERS = st.integers(0, 2**64 - 1)
WARNINGS = st.lists(
    st.tuples(st.sampled_from(["SyntaxWarning", "DeprecationWarning"]), st.text(), st.integers(1, 10**6)),
    max_size=3,
).map(tuple)
ENTRIES = st.builds(
    Entry,
    code_bytes=st.binary(max_size=300),
    source_hash=st.binary(min_size=8, max_size=8),
    signature=st.binary(min_size=40, max_size=40),
    read_at=NUMBERS,
    compile_ns=NUMBERS,
    warnings=WARNINGS,
)
IDENTITIES = st.text(max_size=40)


def describe(entry: Entry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in Entry.__slots__} | {
        "code_bytes": bytes(entry.code_bytes)
    }


@given(ENTRIES, IDENTITIES)
def test_what_was_written_is_read_back(entry: Entry, identity: str) -> None:
    assert describe(decode_entry(encode_entry(entry, identity), identity)) == describe(entry)


@given(ENTRIES, IDENTITIES)
def test_the_format_is_the_one_of_its_grammar(entry: Entry, identity: str) -> None:
    content = encode_entry(entry, identity)
    notes_at = 16 + len(entry.code_bytes)
    trailer = content[-TRAILER_SIZE:]
    assert content[4:8] == b"\x03\0\0\0"
    assert content[8:16] == entry.source_hash
    assert content[16:notes_at] == entry.code_bytes
    assert marshal.loads(content[notes_at:-TRAILER_SIZE]) == (identity, entry.warnings, entry.modules)
    assert trailer[:40] == entry.signature
    numbers = [entry.read_at, entry.compile_ns, notes_at, len(content)]
    assert trailer[40:72] == b"".join(map(pack_number, numbers))
    assert trailer[72:80] == b"MnSprg\0\1"


@given(ENTRIES, IDENTITIES, IDENTITIES)
def test_an_entry_for_another_build_is_foreign(entry: Entry, one: str, other: str) -> None:
    if one != other:
        with pytest.raises(Damaged, match="foreign"):
            decode_entry(encode_entry(entry, one), other)


@settings(max_examples=2000)
@given(ENTRIES, st.data())
def test_no_mutation_is_accepted(entry: Entry, data: st.DataObject) -> None:
    content = encode_entry(entry, "build")
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 20)))
    changed = content[:start] + data.draw(st.binary(max_size=20)) + content[end:]
    if changed != content:
        with pytest.raises(Damaged):
            decode_entry(changed, "build")


@given(st.binary(max_size=400))
def test_bytes_from_anywhere_are_not_accepted(content: bytes) -> None:
    with pytest.raises(Damaged):
        decode_entry(content, "build")


@given(ENTRIES, ENTRIES)
def test_a_trailer_of_another_entry_is_not_accepted(one: Entry, other: Entry) -> None:
    first, second = encode_entry(one, "build"), encode_entry(other, "build")
    spliced = first[:-TRAILER_SIZE] + second[-TRAILER_SIZE:]
    if spliced not in {first, second}:
        with pytest.raises(Damaged):
            decode_entry(spliced, "build")
