"""What could stand where the interpreter of an entry is looked for, or in the note that names it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from security.people import STRANGER

if TYPE_CHECKING:
    from pathlib import Path


def make_decoy(folder: Path) -> Path:
    """What an interpreter might have been exchanged for: it leaves a trace."""
    decoy = folder / "decoy" / "bin" / "python3"
    decoy.parent.mkdir(parents=True)
    decoy.write_text(f"#!/bin/sh\ntouch {folder}/started\n")
    decoy.chmod(0o755)
    return decoy


def remove_note(note: Path, _decoy: Path) -> None:
    note.unlink()


def point_nowhere(note: Path, _decoy: Path) -> None:
    note.write_text("/nowhere/bin/python3")


def empty(note: Path, _decoy: Path) -> None:
    note.write_bytes(b"")


def cut_short(note: Path, _decoy: Path) -> None:
    note.write_bytes(b"\0\0\0")


def point_beside(note: Path, decoy: Path) -> None:
    note.write_text(f"bin/../{decoy.name}")


def open_interpreter(note: Path, decoy: Path) -> None:
    note.write_text(str(decoy))
    os.chown(decoy, 0, 65534)
    decoy.chmod(0o775)


def open_its_folder(note: Path, decoy: Path) -> None:
    note.write_text(str(decoy))
    decoy.parent.chmod(0o777)


def open_a_folder_above(note: Path, decoy: Path) -> None:
    note.write_text(str(decoy))
    decoy.parents[1].chmod(0o707)


def give_interpreter(note: Path, decoy: Path) -> None:
    note.write_text(str(decoy))
    os.chown(decoy, STRANGER, STRANGER)


def link_from_an_open_folder(note: Path, decoy: Path) -> None:
    link = decoy.parents[2] / "open" / "python3"
    link.parent.mkdir()
    link.parent.chmod(0o777)
    link.symlink_to(decoy)
    note.write_text(str(link))


def link_to_an_open_folder(note: Path, decoy: Path) -> None:
    link = decoy.parents[2] / "python3"
    link.symlink_to(decoy)
    note.write_text(str(link))
    decoy.parent.chmod(0o777)


def link_through_an_open_folder(note: Path, decoy: Path) -> None:
    top = decoy.parents[2]
    middle = top / "open" / "middle"
    middle.parent.mkdir()
    middle.parent.chmod(0o777)
    middle.symlink_to(decoy.parent)
    (top / "first").symlink_to("open/middle")
    note.write_text(f"{top}/first/python3")


def link_of_a_stranger_s(note: Path, decoy: Path) -> None:
    """In a folder such as /tmp, where everybody may make one."""
    link = decoy.parents[2] / "shared" / "python3"
    link.parent.mkdir()
    link.parent.chmod(0o1777)
    link.symlink_to(decoy)
    os.chown(link, STRANGER, STRANGER, follow_symlinks=False)
    note.write_text(str(link))


def open_note(note: Path, decoy: Path) -> None:
    note.write_text(str(decoy))
    note.chmod(0o666)


def give_note(note: Path, decoy: Path) -> None:
    note.write_text(str(decoy))
    os.chown(note, STRANGER, STRANGER)


def link_note(note: Path, decoy: Path) -> None:
    other = decoy.parents[2] / "note"
    other.write_text(str(decoy))
    note.unlink()
    note.symlink_to(other)
