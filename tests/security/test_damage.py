"""An entry that is not, to the byte, what was written is never used, and is replaced."""

from __future__ import annotations

import marshal
from _imp import source_hash
from typing import TYPE_CHECKING

import pytest

from mainspring.codecache import entry as entries
from mainspring.codecache.entry import Damaged, Entry, decode_entry, encode_entry

from .people import check_start, let_age, read_identity, write_script

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

IDENTITY = "a build"


def make_entry() -> bytes:
    code = compile("print('small')", "/small.py", "exec")
    entry = Entry(
        code_bytes=marshal.dumps(code),
        source_hash=entries.hash_source(b"print('small')"),
        signature=bytes(range(40)),
        read_at=10**18,
        compile_ns=12345,
        warnings=(("SyntaxWarning", "odd", 1),),
    )
    return encode_entry(entry, IDENTITY)


def judge(content: bytes) -> str:
    try:
        decode_entry(content, IDENTITY)
    except Damaged as damaged:
        return damaged.verdict
    return "accepted"


def test_what_was_written_is_accepted() -> None:
    assert judge(make_entry()) == "accepted"


def test_an_entry_cut_anywhere_is_corrupt() -> None:
    whole = make_entry()
    verdicts = {judge(whole[:length]) for length in range(len(whole))}
    assert verdicts == {"corrupt"}


def test_an_entry_with_bytes_taken_from_its_front_is_corrupt() -> None:
    whole = make_entry()
    assert {judge(whole[start:]) for start in range(1, len(whole) + 1)} == {"corrupt"}


def test_an_entry_changed_at_any_byte_is_not_used() -> None:
    whole = make_entry()
    for place in range(len(whole)):
        for value in (whole[place] ^ 1, whole[place] ^ 0x80, whole[place] ^ 0xFF):
            changed = whole[:place] + bytes([value]) + whole[place + 1 :]
            version_changed = len(whole) - 10 <= place < len(whole) - 8
            assert judge(changed) == ("foreign" if version_changed else "corrupt"), place


def test_an_entry_that_goes_on_is_corrupt() -> None:
    whole = make_entry()
    assert {judge(whole + more) for more in (b"\0", b"\n", whole, whole[-88:])} == {"corrupt"}


def reseal(content: bytes) -> bytes:
    """*content* with the checksum that it should have."""
    return content[:-8] + source_hash(entries.SUM_KEY, content[:-8])


def test_an_entry_of_another_python_is_foreign() -> None:
    assert judge(reseal(b"\x01\x02\r\n" + make_entry()[4:])) == "foreign"


def test_an_entry_of_another_build_is_foreign() -> None:
    with pytest.raises(Damaged, match="foreign"):
        decode_entry(make_entry(), f"{IDENTITY} with another compiler")


def keep_entry(world: World) -> tuple[Path, Path, bytes]:
    script = write_script(world)
    let_age(script)
    check_start(world, "absent", script)
    [entry] = world.entries
    return script, entry, entry.read_bytes()


def test_starts_survive_cut_entries(world: World) -> None:
    script, entry, whole = keep_entry(world)
    for length in (0, 1, 16, 17, len(whole) // 2, len(whole) - 88, len(whole) - 1):
        entry.write_bytes(whole[:length])
        check_start(world, "corrupt", script)
        assert decode_entry(entry.read_bytes(), read_identity(whole)).code_bytes


def test_starts_survive_changed_entries(world: World) -> None:
    script, entry, whole = keep_entry(world)
    for place in (0, 5, 9, 16, 40, len(whole) - 120, len(whole) - 88, len(whole) - 1):
        changed = bytearray(whole)
        changed[place] ^= 0x10
        entry.write_bytes(changed)
        check_start(world, "corrupt", script)


def test_starts_replace_an_entry_of_another_format(world: World) -> None:
    script, entry, whole = keep_entry(world)
    mark = len(whole) - 16
    entry.write_bytes(reseal(whole[:mark] + b"MnSprg\x00\x02" + whole[mark + 8 :]))
    check_start(world, "foreign", script)
    assert entry.read_bytes()[mark : mark + 8] == b"MnSprg\x00\x01"


def test_starts_replace_an_entry_of_another_build(world: World) -> None:
    script, entry, whole = keep_entry(world)
    decoded = decode_entry(whole, read_identity(whole))
    entry.write_bytes(encode_entry(decoded, f"{read_identity(whole)}+"))
    check_start(world, "foreign", script)
    assert read_identity(entry.read_bytes()) == read_identity(whole)


def test_a_plain_pyc_in_an_entry_s_place_is_corrupt(world: World) -> None:
    script, entry, whole = keep_entry(world)
    entry.write_bytes(whole[: int.from_bytes(whole[-32:-24], "little")])
    check_start(world, "corrupt", script)


@pytest.mark.parametrize(
    "notes",
    [
        b"",
        b"no marshal",
        marshal.dumps(7),
        marshal.dumps(("a build",)),
        marshal.dumps(("a build", (), (), ())),
        marshal.dumps(("a build", (), (7,))),
        marshal.dumps(("a build", 7)),
        marshal.dumps(("a build", ((1, 2, 3),), ())),
        marshal.dumps(("a build", (("SyntaxWarning", "text"),), ())),
        marshal.dumps(("a build", (("SyntaxWarning", "text", "line"),), ())),
        marshal.dumps(("a build", (("SystemExit", "text", 1),), ())),
    ],
)
def test_notes_that_no_start_wrote_are_corrupt(notes: bytes) -> None:
    whole = make_entry()
    notes_at = int.from_bytes(whole[-32:-24], "little")
    length = (notes_at + len(notes) + 88).to_bytes(8, "little")
    forged = whole[:notes_at] + notes + whole[-88:-24] + length + whole[-16:]
    assert judge(reseal(forged)) == "corrupt"


@pytest.mark.parametrize("notes_at", [0, 15, 1 << 20, 1 << 63, (1 << 64) - 1])
def test_notes_at_a_place_that_cannot_be_are_corrupt(notes_at: int) -> None:
    whole = make_entry()
    forged = whole[:-32] + notes_at.to_bytes(8, "little") + whole[-24:]
    assert judge(reseal(forged)) == "corrupt"


@pytest.mark.parametrize("code", [b"", b"no marshal", marshal.dumps(7), marshal.dumps(None)])
def test_starts_survive_an_entry_without_code(world: World, code: bytes) -> None:
    script, entry, whole = keep_entry(world)
    decoded = decode_entry(whole, read_identity(whole))
    decoded.code_bytes = code
    entry.write_bytes(encode_entry(decoded, read_identity(whole)))
    check_start(world, "corrupt", script)


@pytest.mark.parametrize("line", ["one", None, 1.5])
def test_starts_survive_an_entry_whose_warnings_nobody_gave(world: World, line: object) -> None:
    script, entry, whole = keep_entry(world)
    decoded = decode_entry(whole, read_identity(whole))
    decoded.warnings = (("SyntaxWarning", "text", line),)  # type: ignore[assignment]
    entry.write_bytes(encode_entry(decoded, read_identity(whole)))
    check_start(world, "corrupt", script)
