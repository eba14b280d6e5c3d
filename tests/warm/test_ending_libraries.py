"""What a loaded library has exit() do is done at a quick end, too, in each way to ask for it."""

from __future__ import annotations

import subprocess
import sysconfig
from typing import TYPE_CHECKING

import pytest

from .ending import Ending, assert_same_end

if TYPE_CHECKING:
    from pathlib import Path

    from starts import World

MODULE = """\
#define Py_LIMITED_API 0x030B0000
#define _GNU_SOURCE
#include <Python.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
void say(void);
void say(void) { if (write(1, "said at the end\\n", 16) < 0) abort(); }
static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, .m_name = "library"};
%s
PyMODINIT_FUNC PyInit_library(void) { begin(); return PyModule_Create(&definition); }
"""
NOTHING = "static void begin(void) {}"
BEGINNINGS = {
    "atexit": "static void begin(void) { atexit(say); }",
    "on_exit": "static void tell(int s, void *p) { (void)s; (void)p; say(); }\n"
    "static void begin(void) { on_exit(tell, NULL); }",
    "a destructor": NOTHING + "\n__attribute__((destructor)) static void end(void) { say(); }",
    "a stream's buffer": 'static void begin(void) { fputs("said at the end\\n", stdout); }',
    "nothing": NOTHING,
}
BY_NAME = """\
import ctypes, library
with_names = ctypes.CDLL(None)
said = ctypes.PyDLL(library.__file__).say
with_names.__cxa_atexit(said, None, None)
"""


@pytest.mark.parametrize("way", list(BEGINNINGS))
def test_a_library_has_its_end(way: str, world: World, tmp_path: Path) -> None:
    build(tmp_path, BEGINNINGS[way])
    shown = b"" if way == "nothing" else b"said at the end\n"
    assert_same_end(start(tmp_path, "import library", shown), world)


def test_a_function_that_is_called_by_its_name_has_its_end(world: World, tmp_path: Path) -> None:
    build(tmp_path, NOTHING)
    assert_same_end(start(tmp_path, BY_NAME, b"said at the end\n"), world)


def start(folder: Path, script: str, shown: bytes) -> Ending:
    return Ending("library", script, shows=shown, env={"PYTHONPATH": str(folder)})


def build(folder: Path, beginning: str) -> None:
    source = folder / "library.c"
    source.write_text(MODULE % beginning)
    include = sysconfig.get_path("include")
    built = ["cc", "-w", "-shared", "-fPIC", f"-I{include}", "-o", folder / "library.abi3.so", source]
    subprocess.run(built, check=True)
