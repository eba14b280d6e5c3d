"""What a code object is made of, as values that are equal for equal code.

Two marshalled forms of the same code may differ: marshal notes which objects are referred to more than
once, and the order in a frozenset depends on the hash seed.  Comparing code objects themselves leaves
out the file name.  Run by the interpreter that made the code.
"""

from types import CodeType
from typing import Any

#: all that marshal keeps of a code object (Python/marshal.c), but for its constants
FIELDS = (
    "co_argcount",
    "co_posonlyargcount",
    "co_kwonlyargcount",
    "co_stacksize",
    "co_flags",
    "co_code",
    "co_names",
    "co_varnames",
    "co_freevars",
    "co_cellvars",
    "co_filename",
    "co_name",
    "co_qualname",
    "co_firstlineno",
    "co_linetable",
    "co_exceptiontable",
)


def take_apart(code: CodeType) -> tuple[Any, ...]:
    """The parts of *code*, down to the innermost."""
    fields = tuple(getattr(code, name) for name in FIELDS)
    return (CodeType, *fields, tuple(describe_constant(constant) for constant in code.co_consts))


def describe_constant(constant: object) -> Any:
    kind = type(constant)
    if isinstance(constant, CodeType):
        return take_apart(constant)
    if isinstance(constant, tuple):
        return (kind, tuple(describe_constant(item) for item in constant))
    if isinstance(constant, frozenset):
        return (kind, frozenset(describe_constant(item) for item in constant))
    if isinstance(constant, slice):  # 3.14
        parts = (constant.start, constant.stop, constant.step)
        return (kind, tuple(describe_constant(part) for part in parts))
    # repr tells 0.0 from -0.0, and nan is equal to itself by it
    return (kind, repr(constant) if isinstance(constant, float | complex) else constant)
