"""A library has its end however it was linked, changed or named, and looking at it is no crash."""

from __future__ import annotations

import struct
import subprocess
import sys
import sysconfig
from typing import TYPE_CHECKING

import pytest

from .ending import QUICK, Ending, assert_same_end

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from starts import World

SAID = b"said at the end\n"
LIBRARY = """\
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
%s void say(void)
{
    int file = open("said.txt", O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(file, "said\\n", 5) < 0 || write(1, "said at the end\\n", 16) < 0)
        abort();
}
%s
"""
MODULE = """\
#define Py_LIMITED_API 0x030B0000
#include <Python.h>
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "linked"};
PyMODINIT_FUNC PyInit_linked(void) { return PyModule_Create(&definition); }
"""
REGISTERED = LIBRARY % ("", "__attribute__((constructor)) static void begin(void) { atexit(say); }")
DESTRUCTOR = LIBRARY % ("__attribute__((destructor))", "")
NOTHING = LIBRARY % ("", "")
SOURCES = {"atexit": REGISTERED, "a destructor": DESTRUCTOR, "nothing": NOTHING}
FULL = "full library"
ANY = ""  # not all linkers let an empty table tell how many symbols there are
#: how it was linked -> the options for that, and the end
LINKED = {
    "usual": ((), QUICK),
    "both tables": (("-Wl,--hash-style=both",), QUICK),
    "the old table alone": (("-Wl,--hash-style=sysv",), QUICK),
    "names far behind": (("-Wl,--section-start=.dynstr=0x400000",), QUICK),  # patchelf moves them
    "nothing to be found": (("-fvisibility=hidden",), ANY),
}
HOST = """\
import gc, os, sys
from mainspring import _warm
%s
_warm.prepare_end()
gc.freeze()
if os.fork() == 0:
    __loader__ = type(sys)("as each start gets one anew")
%s
    _warm.finish(3)
    os._exit(4)
os.write(1, b"%%d\\n" %% os.waitstatus_to_exitcode(os.wait()[1]))
os._exit(0)
"""
FORGOTTEN = """\
import ctypes, sys
ctypes.CDLL(None).__cxa_atexit(ctypes.PyDLL("%s").say, None, None)
for name in [name for name in sys.modules if "ctypes" in name]:
    del sys.modules[name]
del ctypes
"""
GNU_HASH, UNHEARD_OF = 0x6FFFFEF5, 0x6FFFFE01
DYNAMIC, PROGRAM_HEADER = 2, struct.Struct("<IIQQQQQQ")


@pytest.mark.parametrize("way", list(SOURCES))
@pytest.mark.parametrize("linked", list(LINKED))
def test_a_library_has_its_end_however_it_was_linked(
    linked: str, way: str, world: World, tmp_path: Path
) -> None:
    options, end = LINKED[linked]
    build(tmp_path, SOURCES[way], *options)
    assert_same_end(use(tmp_path, end, way), world)


@pytest.mark.parametrize("way", list(SOURCES))
def test_a_library_without_any_table_has_its_end(way: str, world: World, tmp_path: Path) -> None:
    build(tmp_path, SOURCES[way], "-Wl,-Bsymbolic", change=forget_table)
    assert_same_end(use(tmp_path, FULL, way), world)


def test_one_with_an_end_of_its_own_alone_has_it(world: World, tmp_path: Path) -> None:
    """Nothing in it takes back what was registered, as the compiler's own end would."""
    first, last = (find_object(name) for name in ("crti.o", "crtn.o"))
    build(tmp_path, DESTRUCTOR, "-nostartfiles", first, last)
    assert_same_end(use(tmp_path, QUICK, "a destructor"), world)


@pytest.mark.parametrize("name", ["libcryptopp.so", "libcrypto_helper.so"])
def test_one_whose_name_is_like_a_known_one_has_its_end(name: str, world: World, tmp_path: Path) -> None:
    build(tmp_path, REGISTERED, name=name)
    assert_same_end(use(tmp_path, QUICK, "atexit"), world)


@pytest.mark.parametrize("linked", list(LINKED))
@pytest.mark.parametrize("where", ["host", "child"])
def test_it_has_its_end_whoever_loaded_it(where: str, linked: str, tmp_path: Path) -> None:
    """At a full end, the process goes on to os._exit here."""
    options, end = LINKED[linked]
    build(tmp_path, REGISTERED, *options)
    lines = ("import linked", "    pass") if where == "host" else ("", "    import linked")
    done = run_host(tmp_path, lines)
    assert done == SAID + b"3\n" or (done == b"4\n" and end == ANY)


def test_a_function_of_ctypes_has_its_end_when_ctypes_is_forgotten(world: World, tmp_path: Path) -> None:
    build(tmp_path, NOTHING)
    script = FORGOTTEN % (tmp_path / "libeffect.so")
    assert_same_end(Ending("forgotten", script, shows=SAID), world)


# ---- making them --------------------------------------------------------------------------------


def use(folder: Path, end: str, way: str) -> Ending:
    shown = b"" if way == "nothing" else SAID
    return Ending("linked", "import linked", end, shows=shown, env={"PYTHONPATH": str(folder)})


def run_host(folder: Path, lines: tuple[str, str]) -> bytes:
    (folder / "host.py").write_text(HOST % lines)
    command = [sys.executable, "host.py"]
    return subprocess.check_output(command, cwd=folder, env={"PYTHONPATH": "."})


def build(
    folder: Path,
    source: str,
    *options: str,
    name: str = "libeffect.so",
    change: Callable[[Path], None] | None = None,
) -> None:
    """Make a library, and a module for Python that has it loaded."""
    (folder / "effect.c").write_text(source)
    (folder / "linked.c").write_text(MODULE)
    library = folder / name
    link(library, *options, folder / "effect.c", f"-Wl,-soname,{name}")
    include = f"-I{sysconfig.get_path('include')}"
    needed = ("-Wl,--no-as-needed", library, "-Wl,-rpath,$ORIGIN")
    link(folder / "linked.abi3.so", include, folder / "linked.c", *needed)
    if change is not None:
        change(library)


def link(target: Path, *words: str | Path) -> None:
    subprocess.run(["cc", "-w", "-shared", "-fPIC", "-o", target, *words], check=True)


def find_object(name: str) -> str:
    return subprocess.check_output(["cc", f"-print-file-name={name}"], text=True).strip()


def forget_table(library: Path) -> None:
    """Let the dynamic part call the table something that no loader knows."""
    content = bytearray(library.read_bytes())
    [start, size] = find_dynamic(content)
    for place in range(start, start + size, 16):
        if struct.unpack_from("<Q", content, place)[0] == GNU_HASH:
            struct.pack_into("<Q", content, place, UNHEARD_OF)
            library.write_bytes(content)
            return
    raise AssertionError("no such table")


def find_dynamic(content: bytes) -> tuple[int, int]:
    [headers] = struct.unpack_from("<Q", content, 32)
    size, number = struct.unpack_from("<HH", content, 54)
    for place in range(headers, headers + size * number, size):
        kind, _, offset, _, _, length, _, _ = PROGRAM_HEADER.unpack_from(content, place)
        if kind == DYNAMIC:
            return offset, length
    raise AssertionError("no dynamic part")
