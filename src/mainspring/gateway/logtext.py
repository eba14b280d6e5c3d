r"""Whatever a client or a script says, it stands in a log as a part of one line.

    quoted  := *(PRINTABLE | "\" ('"' | "\" | "b" | "n" | "r" | "t" | "v") | "\x" HEX HEX)
    bare    := the same, a space as \x20
    absent  := "-"; a value that is itself "-" is \x2d
    line    := UTF-8 text; what is not printable as Python escapes it, a byte that is none as \x HEX HEX

`quoted` is what Apache writes, and what readers of its logs undo.  PRINTABLE is printable ASCII but `"`
and `\`.  A text is cut to LONGEST_TEXT characters before it is escaped, and `...` says so.
"""

from __future__ import annotations

import re
import time
from functools import lru_cache

#: characters of one value: more than any request line that Apache, nginx or lighttpd lets in
LONGEST_TEXT = 8192

# what stands in a log as it is: nearly everything that clients say
is_plain = re.compile(r"(?!-\Z)[ !#-\[\]-~]{1,%d}\Z" % LONGEST_TEXT).match
is_word = re.compile(r"(?!-\Z)[!#-\[\]-~]{1,%d}\Z" % LONGEST_TEXT).match

SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
QUOTED = [
    SHORT.get(chr(byte), chr(byte) if 0x20 <= byte < 0x7F else f"\\x{byte:02x}") for byte in range(256)
]
BARE = ["\\x20" if text == " " else text for text in QUOTED]


def escape_quoted(text: str | None) -> str:
    """*text* for a place between quotation marks."""
    if not text:
        return "-"
    return text if is_plain(text) else escape_bytes(text, QUOTED)


def escape_bare(text: str | None) -> str:
    """*text* for a place that ends at a space."""
    if not text:
        return "-"
    return text if is_word(text) else escape_bytes(text, BARE)


def shorten(text: str) -> str:
    return text if len(text) <= LONGEST_TEXT else text[:LONGEST_TEXT] + "..."


def escape_bytes(text: str, escapes: list[str]) -> str:
    if text == "-":
        return "\\x2d"
    text = shorten(text)
    try:
        data = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # surrogates that stand for no byte
        data = text.encode("utf-8", "surrogatepass")
    return "".join([escapes[byte] for byte in data])


def escape_line(data: bytes) -> str:
    """A line of a script's, in UTF-8, with nothing that a terminal obeys."""
    return escape_controls(data.decode("utf-8", "backslashreplace"))


def escape_controls(text: str) -> str:
    """*text* with what cannot be printed as escapes; backslashes stay as they are."""
    if text.isprintable():
        return text
    return "".join([one if one.isprintable() else escape_character(one) for one in text])


def escape_character(character: str) -> str:
    number = ord(character)
    if 0xDC80 <= number <= 0xDCFF:  # a byte that is no text, as os.fsdecode has it
        return f"\\x{number - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")


@lru_cache(maxsize=16)
def format_apache_second(second: int) -> str:
    """`23/Nov/2026:07:10:03 +0100`, the month in English whatever the locale."""
    local = time.localtime(second)
    month = "JanFebMarAprMayJunJulAugSepOctNovDec"[3 * local.tm_mon - 3 : 3 * local.tm_mon]
    return time.strftime(f"%d/{month}/%Y:%H:%M:%S %z", local)


@lru_cache(maxsize=16)
def format_second(second: int) -> tuple[str, str]:
    """`2026-11-23T07:10:03` and `+01:00`: what stands before and behind the milliseconds."""
    local = time.localtime(second)
    zone = time.strftime("%z", local)
    return time.strftime("%Y-%m-%dT%H:%M:%S", local), f"{zone[:3]}:{zone[3:5]}"


def format_moment(seconds: float) -> str:
    """Local time to the millisecond, as RFC 3339 has it."""
    second = int(seconds)
    before, behind = format_second(second)
    return f"{before}.{int((seconds - second) * 1000):03d}{behind}"
