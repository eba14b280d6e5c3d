"""Wherever a script comes from and whatever it is called, it runs as it would."""

from __future__ import annotations

import compileall
import os
import zipfile
from typing import TYPE_CHECKING

from .case import Case, Content, each, fifo, folder, link_to, stands_aside
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

TELL = """\
import sys
print(ascii(__file__), ascii(sys.argv), ascii(sys.path[0]), __name__, __spec__ and __spec__.name)
"""
FAIL = TELL + "import os\nprint(ascii(os.getcwd()))\nraise ValueError(__name__)\n"
NO_SCRIPT = stands_aside("no-script")
NOT_A_FILE = stands_aside("not-a-file")
NO_SOURCE = stands_aside("no-source")
COMPILED = stands_aside("compiled")
NO_TEXT = stands_aside("absent does-not-compile")
#: a shell opens these: what it does is the same for each start
FROM_STDIN = ("sh", "-c", 'exec "$@" <main.py', "sh")
FROM_9 = ("sh", "-c", 'exec "$@" 9<main.py', "sh")
FROM_PIPE = ("bash", "-c", '"$@" <(cat main.py)', "bash")
FED = ("sh", "-c", 'cat main.py >pipe & exec "$@"', "sh")
#: root can read everything, but for this
HUMBLE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search") if not os.geteuid() else ()


def zipped(text: str) -> Content:
    return lambda path: write_zip(path, text)


def write_zip(path: bytes, text: str) -> None:
    with zipfile.ZipFile(os.fsdecode(path), "w") as archive:
        archive.writestr(zipfile.ZipInfo("__main__.py"), text)


def zipped_with_start(path: bytes) -> None:
    write_zip(path, TELL)
    with open(path, "rb+") as file:
        content = file.read()
        file.seek(0)
        file.write(b"#!/usr/bin/env python3\n" + content)


def compiled(path: bytes) -> None:
    source = path + b".source.py"
    with open(source, "w") as file:
        file.write(TELL)
    os.utime(source, (1, 1))
    name = os.fsdecode(source)
    compileall.compile_file(name, quiet=1, legacy=True)
    os.rename(name + "c", path)
    os.unlink(source)


def private(path: bytes) -> None:
    with open(path, "w") as file:
        file.write(TELL)
    os.chmod(path, 0)


@each(
    Case("nothing", None, program="", stdin=TELL.encode(), shows=b"''", **NO_SCRIPT),
    Case("-", None, program="-", arguments=("a",), stdin=TELL.encode(), shows=b"'-'", **NO_SCRIPT),
    Case("- that fails", None, program="-", stdin=FAIL.encode(), status=1, shows=b"<stdin>", **NO_SCRIPT),
    Case("an empty name", None, program=b"", stdin=b"print(1)", **NO_SCRIPT),
    Case("/dev/stdin", FAIL, program="/dev/stdin", prefix=FROM_STDIN, status=1, **NOT_A_FILE),
    Case("/dev/stdin, a pipe", None, program="/dev/stdin", stdin=TELL.encode(), **NOT_A_FILE),
    Case("/dev/fd", FAIL, program="/dev/fd/9", prefix=FROM_9, status=1, **NOT_A_FILE),
    Case("/proc/self/fd", FAIL, program="/proc/self/fd/9", prefix=FROM_9, status=1, **NOT_A_FILE),
    Case("a pipe of the shell", FAIL, program="", prefix=FROM_PIPE, status=1, **NOT_A_FILE),
    Case("a FIFO", TELL, program="pipe", files={"pipe": fifo}, prefix=FED, **NOT_A_FILE),
    Case("/dev/null", None, program="/dev/null", **NOT_A_FILE),
    Case("missing", None, program="missing.py", status=2, shows=b"can't open file", **NO_SOURCE),
    Case("below a file", TELL, program="main.py/x.py", status=2, **NO_SOURCE),
    Case("broken link", link_to("nowhere"), status=2, **NO_SOURCE),
    Case("link to itself", link_to("main.py"), status=2, **NO_SOURCE),
    Case("too long", None, program="x" * 300, status=2, **NO_SOURCE),
    Case("NUL-free nonsense", None, program="\t", status=2, **NO_SOURCE),
    Case("folder", None, program="app", files={"app/__main__.py": FAIL}, status=1, **NOT_A_FILE),
    Case("present folder", None, program=".", files={"__main__.py": FAIL}, status=1, **NOT_A_FILE),
    Case("folder without __main__", None, program="app", files={"app": folder}, status=1,
         shows=b"__main__", **NOT_A_FILE),
    Case("folder called like a script", None, program="app.py", files={"app.py/__main__.py": TELL},
         **NOT_A_FILE),
    Case("compiled, by name", compiled, script_name="main.pyc", **COMPILED),
    Case("a script called .pyc", TELL, script_name="main.pyc", status=1, shows=b"magic", **COMPILED),
    Case("unreadable", private, prefix=HUMBLE, status=2, shows=b"Permission",
         **stands_aside("absent no-source")),
)  # fmt: skip
def test_what_is_no_plain_script_runs_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("zip file", zipped(FAIL), script_name="app.pyz", status=1, shows=b"__main__", **NO_TEXT),
    Case("zip file with a first line", zipped_with_start, script_name="app", **NO_TEXT),
    Case("zip file in a folder", zipped(TELL), script_name="a b/c", **NO_TEXT),
    Case("zip file cut off", b"PK\3\4 and so on", status=1, **NO_TEXT),
    Case("compiled, by content", compiled, script_name="main", **stands_aside("absent compiled")),
)
def test_a_program_that_is_no_text_runs_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


@each(
    Case("./", FAIL, program="./main.py", status=1),
    Case("../", FAIL, script_name="a/main.py", cwd="a", program="../a/main.py", status=1),
    Case("..", FAIL, script_name="main.py", cwd="b", program="../main.py", files={"b/x": ""}, status=1),
    Case("//", FAIL, script_name="a/main.py", program="a//.//main.py", status=1),
    Case("absolute", FAIL, program="{work}/main.py", status=1),
    Case("absolute, //", FAIL, program="//{work}//main.py", status=1),
    Case("absolute, ..", FAIL, program="{work}/x/../main.py", files={"x/y": ""}, status=1),
    Case("link", FAIL, script_name="real/main.py", program="link", status=1,
         files={"link": link_to("real/main.py")}),
    Case("link to a link", FAIL, script_name="a/b.py", program="c/l", cwd=".", status=1,
         files={"c/l": link_to("../l"), "l": link_to("a/b.py")}),
    Case("linked folder", FAIL, script_name="a/b/m.py", program="l/m.py", files={"l": link_to("a/b")},
         status=1),
    Case("hard link", FAIL, script_name="a.py", program="b.py", status=1,
         files={"b.py": lambda path: os.link(os.path.dirname(path) + b"/a.py", path)}),
    Case("imports beside the link's end", "import near\n", script_name="real/m.py", program="l.py",
         files={"real/near.py": "print(1)\n", "near.py": "print(2)\n", "l.py": link_to("real/m.py")},
         shows=b"1"),
)  # fmt: skip
def test_the_way_a_path_is_written_is_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)


def named(name: str | bytes, program: str | bytes | None = None, *options: str) -> Case:
    return Case(ascii(name)[:40], FAIL, options, script_name=name, program=program, status=1)


@each(
    named("with space.py"),
    named(" .py"),
    named("new\nline.py"),
    named("tab\tand\rreturn.py"),
    named(b"bytes \xff\xfe\x80.py"),
    named(b"\xff/\xfe.py"),
    named("grün 漢字.py"),
    named("e\u0301.py"),
    named("noname"),
    named("dots...py"),
    named(".hidden"),
    named("a%b.py"),
    named("%2F/%2E.py"),
    named("%.py"),
    named("%tmp-1-2"),
    named("%starts"),
    named("..x/..y"),
    named("x" * 240 + ".py"),
    named("a/" * 60 + "deep.py"),
    named("back\\slash\\n.py"),
    named("'quotes\".py"),
    named("$HOME;*?[!].py"),
    named("{braces}.py"),
    named("<string>"),
    named("<stdin>"),
    named("-c", "./-c"),
    named("-m", "./-m"),
    named("-", "./-"),
    named("-dash.py", "-dash.py", "--"),
    named("--help", "--help", "--"),
    named("main.PY"),
    named("main.pyw"),
    named("main.py.bak"),
    named("main.so"),
    named("pyc"),
    named("site-packages/sitecustomize.py"),
    named("__main__.py"),
    named("__init__.py"),
    named("json/main.py"),
    named("json.py"),
    named("os.py"),
    named("site.py"),
    named("mainspring.py"),
    named("sys"),
    named("colon:in:path/main.py"),
    named("=.py"),
)
def test_names_of_all_kinds_start_the_same(case: Case, world: World) -> None:
    assert_same_program(case, world)
