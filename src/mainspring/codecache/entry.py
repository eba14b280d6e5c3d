"""An entry is a hash-based `.pyc` (PEP 552), and a trailer after the code that CPython ignores.

    entry     := header code notes trailer
    header    := MAGIC(4)  FLAGS(4)  SOURCE_HASH(8)                  as CPython has it
    code      := a marshalled code object
    notes     := a marshalled tuple (identity: str, (warning, ...), (module: str, ...))
    warning   := (category: str, text: str, line: int)
    trailer   := SIGNATURE(40)  READ_AT(8)  COMPILE_NS(8)  NOTES_AT(8)  LENGTH(8)  MARK(8)  SUM(8)
    SIGNATURE := SIZE(8)  MTIME_NS(8)  CTIME_NS(8)  INODE(8)  DEVICE(8)      of the source

All numbers are little-endian; SIGNATURE's are taken modulo 2**64.  FLAGS is 3: to be checked; or 1, for
an entry of a read-only image: then MTIME_NS is of whole seconds, or -1 if the source had only just
changed, and CTIME_NS, INODE and DEVICE are 0, since they are not yet known where an image is made.
READ_AT is the time at which the source was read, in nanoseconds since the epoch, or 0 in an image;
COMPILE_NS is how long compiling took.  The modules are
those that compiling loads, for the name of a character or a codec: a program finds them loaded.  NOTES_AT
is where the notes begin, LENGTH the length of the whole entry.  MARK names the format and its version.
SUM is SipHash-1-3 over all that stands before it: four of five damaged bytes would otherwise load
without an error, and marshal is not made for damaged input, so nothing is unmarshalled before it holds.

On a start's path.
"""

import marshal
from _frozen_importlib_external import MAGIC_NUMBER
from _imp import source_hash

from mainspring.codecache.key import HASH_KEY

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from types import CodeType

    from mainspring.reasons import Verdict

    Warnings = tuple[tuple[str, str, int], ...]

FLAGS = (3).to_bytes(4, "little")  # hash-based, and to be checked
IMAGE_FLAGS = (1).to_bytes(4, "little")  # hash-based, and vouched for by its owner
FLAGS_PLACE = slice(4, 8)
SECOND_NS = 1_000_000_000
HASH_PLACE = slice(8, 16)
HEADER_SIZE = 16
SIGNATURE_SIZE = 40
TRAILER_SIZE = 88
MARK = b"MnSprg\x00\x01"
CODE_TYPE = type((lambda: None).__code__)
KEPT_CATEGORIES = ("SyntaxWarning", "DeprecationWarning", "PendingDeprecationWarning")
SUM_KEY = 0x6D61696E73707267
MODULUS = 1 << 64


class Damaged(Exception):
    """Bytes that are not an entry of ours for this interpreter."""

    def __init__(self, verdict: "Verdict") -> None:
        self.verdict = verdict
        super().__init__(verdict)


class Entry:
    """What an entry holds; its code is unmarshalled when it is asked for."""

    __slots__ = (
        "code_bytes",
        "compile_ns",
        "is_image",
        "modules",
        "read_at",
        "signature",
        "source_hash",
        "warnings",
    )

    def __init__(  # noqa: PLR0913 - the fields of the format, each by name
        self,
        *,
        code_bytes: "bytes | memoryview",
        source_hash: bytes,
        signature: bytes,
        read_at: int,
        compile_ns: int,
        warnings: "Warnings" = (),
        modules: tuple[str, ...] = (),
        is_image: bool = False,
    ) -> None:
        self.code_bytes = code_bytes
        self.source_hash = source_hash
        self.signature = signature
        self.read_at = read_at
        self.compile_ns = compile_ns
        self.warnings = warnings
        self.modules = modules
        self.is_image = is_image

    def load_code(self) -> "CodeType":
        """The code object.  Raises Damaged if there is none."""
        try:
            code = marshal.loads(self.code_bytes)
        except (EOFError, MemoryError, SystemError, TypeError, ValueError):
            raise Damaged("corrupt") from None
        if type(code) is not CODE_TYPE:
            raise Damaged("corrupt")
        return code


def pack_number(number: int) -> bytes:
    return (number % MODULUS).to_bytes(8, "little")


def sign_source(status: "os.stat_result") -> bytes:
    """The SIGNATURE of a source with that *status*."""
    return b"".join([
        pack_number(status.st_size),
        pack_number(status.st_mtime_ns),
        pack_number(status.st_ctime_ns),
        pack_number(status.st_ino),
        pack_number(status.st_dev),
    ])  # fmt: skip


def sign_image(status: "os.stat_result", *, is_racy: bool) -> bytes:
    """The SIGNATURE in an image of a source with that *status*."""
    seconds = -1 if is_racy else status.st_mtime_ns // SECOND_NS * SECOND_NS
    return pack_number(status.st_size) + pack_number(seconds) + bytes(24)


def hash_source(content: bytes) -> bytes:
    """The hash of a source as CPython keeps it in a hash-based `.pyc`."""
    return source_hash(HASH_KEY, content)


def encode_entry(entry: Entry, identity: str) -> bytes:
    """The bytes of *entry* for the build and variant that *identity* describes."""
    notes = marshal.dumps((identity, entry.warnings, entry.modules))
    notes_at = HEADER_SIZE + len(entry.code_bytes)
    body = b"".join([
        MAGIC_NUMBER, IMAGE_FLAGS if entry.is_image else FLAGS,
        entry.source_hash, entry.code_bytes, notes,
        entry.signature, pack_number(entry.read_at), pack_number(entry.compile_ns),
        pack_number(notes_at), pack_number(notes_at + len(notes) + TRAILER_SIZE), MARK,
    ])  # fmt: skip
    return body + source_hash(SUM_KEY, body)


def decode_entry(content: bytes, identity: str) -> Entry:
    """The entry that *content* holds.  Raises Damaged.

    `foreign` says that it is well-formed but made by another build or format; `corrupt`, that it is
    not what was written.
    """
    view = memoryview(content)
    trailer = view[-TRAILER_SIZE:]
    check_frame(view, trailer)
    notes_at = read_number(trailer, 56)
    stored_identity, warnings, modules = read_notes(view[:-TRAILER_SIZE], notes_at)
    if stored_identity != identity:
        raise Damaged("foreign")
    return Entry(
        code_bytes=view[HEADER_SIZE:notes_at],
        source_hash=content[HASH_PLACE],
        signature=bytes(trailer[:SIGNATURE_SIZE]),
        read_at=read_number(trailer, 40),
        compile_ns=read_number(trailer, 48),
        warnings=warnings,
        modules=modules,
        is_image=view[FLAGS_PLACE] == IMAGE_FLAGS,
    )


def read_notes(view: memoryview, notes_at: int) -> "tuple[str, Warnings, tuple[str, ...]]":
    """The notes that begin at *notes_at*, if they are what a start wrote.  Raises Damaged."""
    try:
        identity, warnings, modules = marshal.loads(view[max(notes_at, HEADER_SIZE) :])
        for category, text, line in warnings:
            if category not in KEPT_CATEGORIES or type(text) is not str or type(line) is not int:
                raise Damaged("corrupt")
        is_named = type(modules) is tuple and all(type(name) is str for name in modules)
    except (EOFError, MemoryError, SystemError, TypeError, ValueError):
        raise Damaged("corrupt") from None
    if type(identity) is str and type(warnings) is tuple and is_named:
        return identity, warnings, modules
    raise Damaged("corrupt")


def check_frame(view: memoryview, trailer: memoryview) -> None:
    """Raise Damaged unless *view* is, to the byte, what encode_entry made."""
    if len(view) < HEADER_SIZE + TRAILER_SIZE:
        raise Damaged("corrupt")
    mark = trailer[72:80]
    if mark[:6] != MARK[:6]:
        raise Damaged("corrupt")
    if mark != MARK:
        raise Damaged("foreign")
    if read_number(trailer, 64) != len(view):
        raise Damaged("corrupt")
    if source_hash(SUM_KEY, view[:-8]) != trailer[80:]:
        raise Damaged("corrupt")
    if view[:4] != MAGIC_NUMBER:
        raise Damaged("foreign")


def read_number(trailer: memoryview, offset: int) -> int:
    return int.from_bytes(trailer[offset : offset + 8], "little")
