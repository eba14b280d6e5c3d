"""A source file means the same in every encoding, and with any end of line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import Case, Outcomes, each
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

REFUSED: Outcomes = ("absent does-not-compile",) * 2
TEXT = "s = 'grün жёл 漢'\nprint(s, ascii(s))\nprint(__doc__)\nraise ValueError(s)\n"
NAMED = """\
text = "\\N{BULLET}\\N{SNOWMAN}"
print(text, eval(r'"\\N{BULLET}"'), b"\\\\N{SNOWMAN}".decode("unicode_escape"))
import unicodedata
print(unicodedata.name(text[0]), unicodedata.lookup("SNOWMAN") == text[1])
exec(r"print('\\N{DIGIT ONE}')")
1 / 0; "grün \\N{BULLET}"
"""
BOM = b"\xef\xbb\xbf"


def written(name: str, source: str | bytes, status: int = 0, shows: bytes = b"") -> Case:
    return Case(name, source, status=status, shows=shows)


def refused(name: str, source: str | bytes) -> Case:
    return Case(name, source, status=1, run=REFUSED, enabled=REFUSED)


@each(
    written("utf-8", TEXT, 1),
    written("utf-8 with a mark", BOM + TEXT.encode(), 1),
    written("mark and cookie", BOM + b"# coding: utf-8\n" + TEXT.encode(), 1),
    written("cookie", "# -*- coding: utf-8 -*-\n" + TEXT, 1),
    written("latin-1", "# coding: latin-1\ns = 'gr\xfcn'\nprint(s)\n1/0 # \xe9\n".encode("latin-1"), 1),
    written("cookie in line 2", b"#!/x\n# vim: set fileencoding=latin-1 :\nprint('\xfc')\n1/0\n", 1),
    written("cookie in line 2, after code", b"x = 1\n# coding: latin-1\nprint('\xc3\xbc')\n"),
    written("cookie in line 3", b"\n\n# coding: latin-1\nprint('\xc3\xbc')\n"),
    written("cp1251", "# coding: cp1251\nprint('жёл')\n1/0 # ж\n".encode("cp1251"), 1),
    written("shift-jis", "# coding: shift_jis\nprint('漢字')\n".encode("shift_jis")),
    written("utf-7", b"# coding: utf-7\nprint('+AOQ-')\n"),
    Case("bad byte in a comment, after a cookie", b"# coding: utf-8\nprint(1)\n# \xff\n", shows=b"1",
         before=(3, 14)),
    written("ascii", b"# coding: ascii\nprint('x')\n"),
    written("form feed", "x = 1\n\fprint(x)\n\f\nif x:\n\f    print(2)\n"),
    written("CRLF", TEXT.replace("\n", "\r\n"), 1),
    written("CR alone", TEXT.replace("\n", "\r"), 1),
    written("mixed ends", "x = '''a\r\nb\rc\n'''\r\nprint(repr(x))\r1/0\n", 1),
    written("CRLF in text", "x = '''a\r\nb'''\r\nprint(repr(x))\r\n"),
    written("backslash and CRLF", "x = 1 + \\\r\n  2\r\nprint(x)\r\n"),
    written("no last line end", "if 1:\n    print('a')", 0, b"a"),
    written("ends in a comment", "print('a')\n# comment"),
    written("ends in indentation", "if 1:\n    print('a')\n    "),
    written("ctrl-Z", b"print('a')\n# \x1a\nprint('b')\n"),
    written("empty", ""),
    written("one line end", "\n"),
    written("a comment", "# nothing"),
    written("a mark alone", BOM),
    written("documentation", '"""Words."""\nprint(__doc__, __annotations__ if 0 else "")\n'),
    written("tabs", "if 1:\n\tprint('a')\n\tif 2:\n\t\t1/0\n", 1),
    written("names normalised", "ﬁ = 1\nprint(fi, 'ﬁ')\n"),
    written("unicode names", "жёл = 1\nprint(globals().keys(), \N{GREEK SMALL LETTER MU})\n", 1),
    written("escapes", r"print('\u20ac\N{BULLET}\x41', b'\xff', r'\d')" "\n"),
    # compiling these loads unicodedata, to which the interpreter then keeps a pointer
    written("names of characters", NAMED, 1),
    written("codec of the cookie, used later", "# coding: cp1251\nprint('ж'.encode('cp1251'))\n"
            "import encodings.cp1251 as c\nprint(c.getregentry().name)\n".encode("cp1251")),
    written("lone surrogate", "print(ascii('\\ud800'))\n"),
    written("long line", "x = [" + "1, " * 20000 + "]\nprint(len(x))\n1/0\n", 1),
    written("long text", "x = '" + "ü" * 100_000 + "'\nprint(len(x))\n"),
    written("many lines", "x = 0\n" + "x += 1\n" * 5000 + "print(x)\n1/0\n", 1),
    written("huge number", "x = 0x" + "f" * 9000 + "\nprint(x.bit_length())\n"),
    written("numbers", "print(1e400, -0.0, 1e-400, 1j, .1, 0b1, 0o7, 1_0, float('nan'))\n"),
    written("constants", "print((1, 1.0, True), {1.0: 2}, frozenset({1}) in [{1}], ..., 0.0 == -0.0)\n"),
    written("annotations of the future", "from __future__ import annotations\nx: int = 1\n"
            "def f(a: b) -> c: ...\nprint(f.__annotations__, x)\n"),
    written("annotations", "x: int = 1\ny: 'str'\ndef f(a: int) -> str: ...\n"
            "print(f.__annotations__, globals().get('__annotations__'), x)\n"),
    written("division", "from __future__ import division, print_function\nprint(1/2, division)\n"),
    written("flags of the future", "from __future__ import annotations\nimport sys\n"
            "print(eval('lambda x: (y := 1)').__code__.co_flags, sys._getframe().f_code.co_flags)\n"),
    written("set order is the program's", "print(len({'a', 'b', 'c'}), 'a' in {'a', 'b'})\n"),
)  # fmt: skip
def test_a_source_means_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    refused("ends in a backslash", "print('a')\n\\\n"),
    refused("utf-16", TEXT.encode("utf-16")),
    refused("utf-16 without a mark", "print(1)\n".encode("utf-16-le")),
    refused("utf-32", TEXT.encode("utf-32")),
    refused("latin-1 without a cookie", b"print('gr\xfcn')\n"),
    refused("bad byte in a later line", b"print('never')\n" * 9 + b"x = '\xff'\n"),
    refused("bad byte in a comment", b"print('never')\n# \xff\n"),
    refused("bad byte in a last comment", b"#!/bin/python\nprint('never')\n# \xff"),
    refused("bad byte after a cookie", b"# coding: ascii\nprint('\xfc')\n"),
    refused("mark against cookie", BOM + b"# coding: latin-1\nprint(1)\n"),
    refused("unknown encoding", b"# coding: nonsense\nprint(1)\n"),
    refused("unknown encoding in line 2", b"#!/x\n# coding: nonsense\nprint(1)\n"),
    refused("no text encoding", b"# coding: rot13\ncevag(1)\n"),
    refused("NUL", b"print(1)\n\x00\n"),
    refused("NUL in text", b"x = 'a\x00b'\nprint(repr(x))\n"),
    refused("NUL first", b"\x00"),
    refused("binary", bytes(range(256)) * 4),
    refused("ctrl-Z outside", b"print('a')\n\x1a\nprint('b')\n"),
)
def test_a_source_that_cannot_be_read_is_refused_in_the_same_words(case: Case, world: World) -> None:
    assert_same_program(case, world)
