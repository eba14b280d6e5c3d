"""An entry is found by the script's path, the interpreter's build and what changes generated code.

In the user's cache the place of an entry is

    BUILD "/" FOLDER* NAME "%" [VARIANT] ".pyc"

where FOLDER* NAME is the script's absolute path as CPython forms it, without the components that lead
nowhere (`.` and empty ones): `python tool`, `./tool` and its full path share an entry.  A `..`, which
may lead through a link, and a component with a `%` are written with %XX, so that a bare `%` only ever
ends the name of a script, and no folder can be taken for an entry.

Beside the script, it is `__pycache__/` NAME "%." TAG [".opt-" LEVEL] ".pyc": never a name that CPython
gives to the code of a module.

On a start's path.
"""

import sys
from _frozen_importlib_external import MAGIC_NUMBER
from _imp import source_hash

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

ENTRY_SUFFIX = ".pyc"
HASH_KEY = int.from_bytes(MAGIC_NUMBER, "little")  # as importlib.util.source_hash has it
NOWHERE = ("", ".")
PARENT, QUOTED_PARENT = "..", "%2E%2E"
CPYTHON_VARIANTS = ("", "opt-1", "opt-2")
# what -X may say without changing the code that is generated
NEUTRAL_X_OPTIONS = frozenset({
    "context_aware_warnings", "cpu_count", "dev", "disable_remote_debug", "faulthandler",
    "frozen_modules", "gil", "importtime", "int_max_str_digits", "no_debug_ranges",
    "pathconfig_warnings", "perf", "perf_jit", "pycache_prefix", "showalloccount", "showrefcount",
    "thread_inherit_context", "tlbc", "tracemalloc", "utf8", "warn_default_encoding",
})  # fmt: skip


def name_build() -> str:
    """The folder name of this interpreter's build: tag, version, ABI flags and compiler."""
    tag = sys.implementation.cache_tag or sys.implementation.name
    return f"{tag}-{sys.hexversion:08x}{sys.abiflags}-{hash_text(describe_build()):016x}"


def describe_build() -> str:
    """All that tells this interpreter's build from another."""
    platform = getattr(sys.implementation, "_multiarch", sys.platform)
    return f"{sys.version} {platform} {sys.abiflags} {HASH_KEY}"


def hash_text(text: str) -> int:
    return int.from_bytes(source_hash(HASH_KEY, text.encode()), "little")


def name_variant(environment: "Mapping[str, str]", level: int = -1) -> str:
    """What this start's options make of the generated code; empty for the usual.

    *level* is that of optimisation, if it is not to be this interpreter's own.
    """
    parts = []
    optimize = sys.flags.optimize if level < 0 else level
    if optimize:
        parts.append(f"opt-{optimize}")
    if has_no_debug_ranges(environment):
        parts.append("no_debug_ranges")
    digits = sys.get_int_max_str_digits()
    if digits != sys.int_info.default_max_str_digits:
        # a longer literal is a SyntaxError: what compiles under one limit may not under another
        parts.append(f"digits-{digits}")
    for name, value in sys._xoptions.items():
        if name not in NEUTRAL_X_OPTIONS:
            parts.append(f"{hash_text(f'{name}={value}'):016x}")
    return ".".join(parts)


def has_no_debug_ranges(environment: "Mapping[str, str]") -> bool:
    if "no_debug_ranges" in sys._xoptions:
        return True
    return not sys.flags.ignore_environment and bool(environment.get("PYTHONNODEBUGRANGES"))


def locate_entry(script: str, variant: str) -> tuple[list[str], str]:
    """The folders below the build's, and the name, of the entry of *script*, an absolute path."""
    *folders, name = script.split("/")[1:]
    if "%" in script or "/." in script or "//" in script:
        folders = [quote_component(folder) for folder in folders if folder not in NOWHERE]
        name = quote_component(name)
    return folders, f"{name}%{variant}{ENTRY_SUFFIX}"


def quote_component(name: str) -> str:
    return QUOTED_PARENT if name == PARENT else name.replace("%", "%25")


def locate_beside(script: str, variant: str) -> tuple[str, str] | None:
    """The `__pycache__` beside *script* and the name of its entry there, or None.

    Only -O has a name in CPython's rule: starts with other options have no entry there.
    """
    tag = sys.implementation.cache_tag
    if tag is None or sys.pycache_prefix is not None or variant not in CPYTHON_VARIANTS:
        return None
    folder, _, name = script.rpartition("/")
    optimized = f".{variant}" if variant else ""
    return f"{folder}/__pycache__", f"{name}%.{tag}{optimized}{ENTRY_SUFFIX}"
