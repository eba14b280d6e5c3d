"""Calls of C functions are told without anything being put in their place."""

from __future__ import annotations

from warm.recording import Program, ask_python

KEPT = """
from time import time as kept
from datetime import datetime
import random, time
stamp = kept if False else time.time
"""


def test_every_function_of_the_table_can_be_told() -> None:
    code = """
        import importlib, sys
        from mainspring._warm import divert, restore
        from mainspring.warm import callers
        for name, rows in callers.CALLS.items():
            module = importlib.import_module(name)
            for path in rows:
                owner, _, last = path.rpartition(".")
                holder = getattr(module, owner) if owner else module
                function = getattr(holder() if owner == "Random" else holder, last)
                assert divert(function, print, path), path
        restore()
        print("all")
    """
    assert ask_python(code) == "all\n"


def test_a_call_is_told_with_its_arguments_and_the_function_stays_what_it_is() -> None:
    code = """
        import time
        from mainspring._warm import divert, listen, restore
        before, told = (time.gmtime, id(time.gmtime)), []
        listen(lambda *_: None)
        assert divert(time.gmtime, lambda *call: told.append(call), "word")
        assert time.gmtime(0).tm_year == 1970
        restore()
        listen(None)
        assert time.gmtime(0).tm_year == 1970
        assert (time.gmtime, id(time.gmtime)) == before
        print(told)
    """
    assert ask_python(code) == "[('word', (0,))]\n"


def test_what_an_import_keeps_of_a_clock_is_the_clock(program: Program) -> None:
    program.write("import a, time\nprint(a.kept is time.time, a.stamp is time.time)\n", a=KEPT)
    assert program.record().stdout == "True True\n"
