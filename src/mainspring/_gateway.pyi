from typing import NewType

Caller = NewType("Caller", object)

# ---- reach.c

def identify() -> Caller | None: ...
def reach(
    caller: Caller,
    arguments: list[bytes],
    environment: list[bytes],
    folder: bytes,
    stdin: int,
    stdout: int,
    stderr: int,
    /,
) -> tuple[int, int, bytes] | str: ...

# ---- pairs.c

def split_pairs(block: bytes, /) -> list[tuple[str, str]]: ...

# ---- limit.c

def set_open_files(soft: int, /) -> None: ...

# ---- spawn.c

def spawn(
    arguments: list[bytes],
    environment: list[bytes],
    folder: bytes,
    stdin: int,
    stdout: int,
    stderr: int,
    /,
) -> int: ...
