"""Compiles sources, in a process that has loaded nothing else, of this machine or another.

It imports nothing of this package, so that a machine which does not have it can be sent this text, and
little of the standard library: whether marshal marks a text as shared depends on what else the process
has interned, and the bytes are to be those that CPython's `compileall` writes.

    frame   := LENGTH(8, little-endian) marshalled        on standard input a batch, on output an answer
    batch   := [(FILENAME: str, CONTENT: bytes, (LEVEL: int, ...)), ...]
    answer  := (BUILD: str, WORKER: str, [outcome, ...])
    outcome := ((CODE: bytes, ...), (warning, ...), (MODULE: str, ...), NANOSECONDS: int, error)
    warning := (CATEGORY: str, TEXT: str, FILENAME: str, LINE: int)
    error   := None | (CLASS: str, MESSAGE: str, LINE: int, EXCERPT: str)

A CODE is a marshalled code object, one for each LEVEL of optimisation; the warnings are those of the
first.  The MODULEs are those that compiling loaded.  NANOSECONDS is what the first took.
"""

import marshal
import os
import sys
import time
import warnings
from _thread import allocate_lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Recorded: TypeAlias = tuple[str, str, str, int]
    Failure: TypeAlias = tuple[str, str, int, str]
    Unit: TypeAlias = tuple[str, bytes, tuple[int, ...]]
    Outcome: TypeAlias = tuple[
        tuple[bytes, ...], tuple[Recorded, ...], tuple[str, ...], int, Failure | None
    ]
    Answer: TypeAlias = tuple[str, str, list[Outcome]]

LENGTH_SIZE = 8
LIKE_COMPILEALL = "like-compileall"
# `warnings` is shared by all threads of a process, and by all copies of this code that it was sent
ONE_AT_A_TIME = vars(warnings).setdefault("mainspring_lock", allocate_lock())


def compile_batch(batch: "list[Unit]") -> "Answer":
    """Compile each unit of *batch*; raises nothing that a source could be the cause of."""
    return identify_build(), name_worker(), [compile_unit(*unit) for unit in batch]


def name_worker() -> str:
    """Which process of which machine this is."""
    return f"{os.uname().nodename}, process {os.getpid()}"


def identify_build() -> str:
    """All that decides what code this interpreter generates, in words for a message."""
    from _frozen_importlib_external import MAGIC_NUMBER

    magic = int.from_bytes(MAGIC_NUMBER[:2], "little")
    platform = getattr(sys.implementation, "_multiarch", sys.platform)
    ranges = "no_debug_ranges" in sys._xoptions or os.environ.get("PYTHONNODEBUGRANGES", "")
    version = " ".join(sys.version.split())
    build = f"{sys.implementation.name} {version} {platform}{sys.abiflags} magic {magic}"
    return f"{build} without debug ranges" if ranges else build


def compile_unit(filename: str, content: bytes, levels: tuple[int, ...]) -> "Outcome":
    loaded = set(sys.modules)
    started = time.perf_counter_ns()
    try:
        first, recorded = compile_and_record(content, filename, levels[0])
        nanoseconds = time.perf_counter_ns() - started
        rest = [compile_quietly(content, filename, level) for level in levels[1:]]
    except Exception as error:  # noqa: BLE001 - whatever stops the compiler is told of the source
        return (), (), (), 0, describe_failure(error)
    modules = tuple(name for name in sys.modules if name not in loaded)
    return (first, *rest), recorded, modules, nanoseconds, None


def compile_and_record(content: bytes, filename: str, level: int) -> "tuple[bytes, tuple[Recorded, ...]]":
    """The code, and all that was warned of, whatever this process's filters say."""
    with ONE_AT_A_TIME, warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        code = marshal_code(content, filename, level)
    recorded = tuple(
        (warning.category.__name__, str(warning.message), warning.filename, warning.lineno)
        for warning in caught
    )
    return code, recorded


def compile_quietly(content: bytes, filename: str, level: int) -> bytes:
    with ONE_AT_A_TIME, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return marshal_code(content, filename, level)


def marshal_code(content: bytes, filename: str, level: int) -> bytes:
    # marshal marks an object as shared by its reference count.  In `py_compile` that of the code is more
    # than one up to 3.14; since 3.15 it borrows where it took a reference
    code = compile(content, filename, "exec", dont_inherit=True, optimize=level)
    held = [code] if sys.version_info < (3, 15) else []
    content = marshal.dumps(code)
    del held
    return content


def describe_failure(error: Exception) -> "Failure":
    import traceback

    excerpt = "".join(traceback.format_exception_only(error))
    if isinstance(error, SyntaxError):
        return type(error).__name__, str(error.msg), error.lineno or 1, excerpt
    return type(error).__name__, str(error), 1, excerpt


def load_what_compileall_loads() -> None:
    """Have those texts interned that CPython's own command has, where that can be told from the bytes."""
    if sys.version_info >= (3, 13):
        import argparse
        import compileall

        del argparse, compileall


def serve() -> None:
    """Answer each batch on standard input, until that ends."""
    from signal import SIG_IGN, SIGINT, signal

    signal(SIGINT, SIG_IGN)  # ^C is for the command, which ends its workers itself
    while head := sys.stdin.buffer.read(LENGTH_SIZE):
        batch = marshal.loads(sys.stdin.buffer.read(int.from_bytes(head, "little")))
        sys.stdout.buffer.write(frame(compile_batch(batch)))
        sys.stdout.buffer.flush()


def frame(message: "list[Unit] | Answer") -> bytes:
    """*message* with its length in front."""
    content = marshal.dumps(message)
    return len(content).to_bytes(LENGTH_SIZE, "little") + content


if __name__ == "__main__":
    if LIKE_COMPILEALL in sys.argv:
        load_what_compileall_loads()
    serve()
