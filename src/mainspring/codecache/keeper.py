"""What a start does beyond using an entry: make one, renew one, and a slice of the sweep."""

from mainspring.codecache import compiler, writer
from mainspring.codecache.entry import MAGIC_NUMBER, Entry, hash_source, marshal, sign_source
from mainspring.places import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.codecache.lookup import Cache, Look, Source
    from mainspring.reasons import Reason

# A slice of the sweep takes this part of what compiling took, within these bounds.
SWEEP_SHARE = 25
LEAST_SWEEP_NS = 200_000
MOST_SWEEP_NS = 2_000_000


def make_entry(
    source: "Source", variant: str, cache: "Cache", bound: int
) -> "tuple[compiler.Compiled, Reason | None]":
    """Compile *source* and keep the code in *cache*, of at most *bound* bytes.

    Returns what was compiled, and why it was not kept, or None.  Raises Refused, or OSError, for a
    script that is left to CPython.
    """
    compiled = compile_source(source)
    reason = writer.keep_entry(build_entry(compiled, source), source, variant, cache)
    if reason is None:
        sweep(cache, bound, compiled.nanoseconds)
    return compiled, reason


def compile_source(source: "Source") -> compiler.Compiled:
    """Raises Refused, or OSError."""
    content = source.read()
    if content[:2] == MAGIC_NUMBER[:2]:
        # CPython takes a file that begins like this for a .pyc, whatever its name
        raise Refused("compiled", source.path)
    try:
        return compiler.compile_script(content, source.path)
    except compiler.DoesNotCompile:
        raise Refused("does-not-compile", source.path) from None


def build_entry(compiled: compiler.Compiled, source: "Source") -> Entry:
    """The entry of *source*, which was read and compiled just now."""
    return Entry(
        code_bytes=marshal.dumps(compiled.code),
        source_hash=hash_source(source.read()),
        signature=sign_source(source.status),
        read_at=source.read_at,
        compile_ns=compiled.nanoseconds,
        warnings=compiled.warnings,
    )


def look_after_entry(
    look: "Look", source: "Source", variant: str, cache: "Cache"
) -> "Reason | None":
    """Renew the trailer of an entry whose source was touched, or the time of its last use.

    Returns why that failed, or None.
    """
    assert look.entry is not None
    if look.verdict == "refreshed":
        writer.renew_entry(look.entry, source)
        return writer.keep_entry(look.entry, source, variant, cache)
    writer.mark_used(cache, source, variant)
    return None


def sweep(cache: "Cache", bound: int, compile_ns: int) -> None:
    """A slice of the sweep; best effort."""
    from mainspring.codecache.sweep import sweep_slice

    budget = min(max(compile_ns // SWEEP_SHARE, LEAST_SWEEP_NS), MOST_SWEEP_NS)
    try:
        sweep_slice(cache.open(), bound, budget)
    except OSError:
        pass
