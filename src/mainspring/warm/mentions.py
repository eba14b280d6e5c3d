"""A patch that an import made is unseen if no code that ran before as the program's own names it.

Imported ahead, the module has patched already when that code runs.  What the code calls in turn is not
looked into: a library that comes past the patched name finds what it would find after the import.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import CodeType, FrameType

MAIN_MODULE = "__main__"
ALL_NAMES = "*"  # of `from module import *`


def find_mentioned(names: "Iterable[str]", left_out: "Iterable[str]") -> "set[str]":
    """Those of *names* that the main script mentions, or a module that was left to it."""
    known: set[str] = set()
    for code in [*list_main_code(), *list_module_code(left_out)]:
        known |= collect_names(code)
    return known.intersection(names)


def collect_names(code: "CodeType") -> "set[str]":
    """What *code* mentions, and the code within it."""
    found = list_mentioned(code)
    for constant in code.co_consts:
        if isinstance(constant, type(code)):
            found |= collect_names(constant)
    return found


def list_mentioned(code: "CodeType") -> "set[str]":
    """What *code* itself mentions: names, and the words of its texts, as setattr takes them."""
    found = {*code.co_names}
    for constant in code.co_consts:
        if isinstance(constant, str):
            found.update((constant, *constant.split(".")))
        elif constant == (ALL_NAMES,):
            found.add(ALL_NAMES)
    return found


def list_main_code() -> "list[CodeType]":
    """The code of the frames that are the main script's own: the first one is all of it."""
    frame: FrameType | None = sys._getframe()
    codes = []
    while frame is not None:
        if frame.f_globals.get("__name__") == MAIN_MODULE:
            codes.append(frame.f_code)
        frame = frame.f_back
    return codes


def list_module_code(names: "Iterable[str]") -> "list[CodeType]":
    codes = []
    for name in names:
        spec = getattr(sys.modules.get(name), "__spec__", None)
        get_code = getattr(getattr(spec, "loader", None), "get_code", None)
        code = None if get_code is None else get_code(name)
        if code is not None:
            codes.append(code)
    return codes
