"""What a start does beyond using an entry: make one, or renew one."""

import marshal
from _frozen_importlib_external import MAGIC_NUMBER

from mainspring.codecache.compiler import compile_script
from mainspring.codecache.entry import Entry, hash_source, sign_source
from mainspring.codecache.writer import keep_entry, mark_used, renew_entry
from mainspring.places import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType

    from mainspring.codecache.lookup import Cache, Look, Source
    from mainspring.reasons import Reason


def make_entry(source: "Source", variant: str, cache: "Cache") -> "tuple[CodeType, Entry, Reason | None]":
    """Compile *source* and keep the code in *cache*.

    Returns the code, its entry, and why that was not kept, or None.  Raises Refused, or OSError, for
    a script that is left to CPython.
    """
    code, entry = compile_source(source)
    return code, entry, keep_entry(entry, source, variant, cache)


def compile_source(source: "Source") -> "tuple[CodeType, Entry]":
    """The code of *source* and an entry of it.  Raises Refused, or OSError, as make_entry does."""
    content = source.read()
    if content[:2] == MAGIC_NUMBER[:2]:
        # CPython takes a file that begins like this for a .pyc, whatever its name
        raise Refused("compiled", source.path)
    code, warnings, modules, nanoseconds = compile_script(content, source.path)
    entry = Entry(
        code_bytes=marshal.dumps(code),
        source_hash=hash_source(content),
        signature=sign_source(source.status),
        read_at=source.read_at,
        compile_ns=nanoseconds,
        warnings=warnings,
        modules=modules,
    )
    return code, entry


def look_after_entry(look: "Look", source: "Source", variant: str, cache: "Cache") -> "Reason | None":
    """Renew the trailer of an entry whose source was touched, or the time of its last use.

    Returns why that failed, or None.
    """
    assert look.entry is not None
    if look.verdict == "refreshed":
        renew_entry(look.entry, source)
        return keep_entry(look.entry, source, variant, cache)
    mark_used(cache, source, variant)
    return None
