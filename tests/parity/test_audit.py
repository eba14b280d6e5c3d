"""Audit hooks are told of a start what they are always told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .case import USER_SITE, Case, each
from .comparison import assert_same_program

if TYPE_CHECKING:
    from starts import World

HOOK = """\
import sys
seen = []


def hook(event, args):
    if event in ("cpython.run_file", "compile", "exec", "import", "open", "sys._getframe",
                 "cpython.run_interactivehook", "cpython._PySys_ClearAuditHooks", "object.__getattr__",
                 "cpython.run_module", "cpython.run_command", "cpython.run_stdin",
                 "code.__new__", "marshal.loads", "sys.addaudithook", "gc.get_objects"):
        sys.__stdout__.write(f"{event} {[str(a)[:80] for a in args]}\\n".replace(" at 0x", " "))


"""
ALL = HOOK.replace("if event in (", "if event not in ('gc.x', ").replace(
    'f"{event} {[str(a)[:80] for a in args]}\\n".replace(" at 0x", " ")', 'event + "\\n"'
)
PROGRAM = "import sys\nimport near\nprint('program', __file__)\nexec('1')\nopen(__file__).close()\n"
ADDED_WITHIN = HOOK.replace("str(a)[:80]", "type(a)") + "sys.addaudithook(hook)\nimport near\n1/0\n"
REFUSE = """\
import sys


def hook(event, args):
    if event == {event!r} and {test}:
        raise RuntimeError("refused " + event)


sys.addaudithook(hook)
"""


def told(name: str, custom: str, script: str = PROGRAM, status: int | None = 0) -> Case:
    """A start whose usercustomize runs *custom*."""
    files = {f"base/{USER_SITE}/usercustomize.py": custom}
    env = {"PYTHONUSERBASE": "{work}/base"}
    return Case(name, script, env=env, files={**files, "near.py": ""}, status=status)


def refused(name: str, event: str, test: str = "True", script: str = PROGRAM) -> Case:
    return told(name, REFUSE.format(event=event, test=test), script, status=None)


@each(
    told("what matters", HOOK.replace("str(a)[:80]", "type(a).__name__, str(a)[:9]")
         + "sys.addaudithook(hook)\n"),
    told("names of all events", ALL + "sys.addaudithook(hook)\n"),
    told("of a failing script", ALL + "sys.addaudithook(hook)\n", "1/0\n", 1),
    told("of a script that warns", ALL + "sys.addaudithook(hook)\n", "x = 1 is 1\n"),
    told("added by the program", "", ADDED_WITHIN, 1),
    refused("the start", "cpython.run_file"),
    refused("opening the script", "open", "str(args[0]).endswith('main.py')"),
    refused("running its code", "exec", "args[0].co_filename.endswith('main.py')"),
    refused("any code at all", "exec"),
    told("exit at the start", REFUSE.replace('RuntimeError("refused " + event)', "SystemExit(5)")
         .format(event="cpython.run_file", test="True"), status=5),
    told("interrupt at the start", REFUSE.replace('RuntimeError("refused " + event)',
         "KeyboardInterrupt").format(event="cpython.run_file", test="True"), status=None),
)  # fmt: skip
def test_audit_hooks_are_told_the_same(case: Case, open_world: World) -> None:
    assert_same_program(case, open_world)
