from collections.abc import Callable
from types import CodeType

def arm(
    filename: str,
    code: CodeType | None,
    warnings: tuple[tuple[type[Warning], str, int], ...],
    report: Callable[[str | None], None] | None,
    interrupted: bool,
    /,
) -> None: ...
def compile_script(content: bytes, filename: str, /) -> CodeType: ...
def awaits_script() -> bool: ...
def read_folder(descriptor: int, position: int, limit: int, /) -> tuple[list[str], int]: ...
