from collections.abc import Callable
from types import CodeType
from typing import TypeAlias

#: see log_start in native/start_doubt.c
Log: TypeAlias = tuple[int, bool, bytes, bytes, bytes, int]

EDQUOT: int
EFBIG: int
ENAMETOOLONG: int
ENOSPC: int
EROFS: int

def arm(
    filename: str,
    code: CodeType | None,
    warnings: tuple[tuple[type[Warning], str, int], ...],
    log: Log | None,
    signature: bytes,
    pause: Callable[[], Callable[[], int] | None] | None,
    finish: Callable[[int | None], None] | None,
    /,
) -> None: ...
def compile_script(content: bytes, filename: str, /) -> CodeType: ...
def awaits_script() -> bool: ...
def hand_on_interrupt() -> None: ...
def read_folder(descriptor: int, position: int, limit: int, /) -> tuple[list[tuple[str, int]], bool]: ...
def write_line(descriptor: int, line: bytes, /) -> None: ...
def stat_files(folder: str, names: bytes, /) -> bytes: ...
