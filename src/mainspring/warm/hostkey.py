"""The text that selects a host, as native/launcher/key.c makes it, and what it says."""

import os

from mainspring.warm.condition import GivenUp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from mainspring.warm.recipe import Recipe

FNV_OFFSET, FNV_PRIME = 0x6C62272E07BB014262B821756295C58D, 0x1000000000000000000013B
#: as native/launcher/key.c has them
SELECTED_PREFIXES = (
    "LC_", "LANG", "PYTHON", "LD_", "MALLOC_", "OMP_", "MKL_", "OPENBLAS_", "SSL_", "MAINSPRING", "TZ",
    "GLIBC_", "COV_CORE_", "COVERAGE_", "OPENSSL_", "NPY_", "KMP_", "GOMP_", "GCONV_PATH", "LOCPATH",
)  # fmt: skip
SELECTED_NAMES = {
    "HOME",
    "XDG_CACHE_HOME",
    "XDG_STATE_HOME",
    "XDG_RUNTIME_DIR",
    "SETUPTOOLS_USE_DISTUTILS",
}
CHILDS_OWN = "MAINSPRING_LOG"  # by that prefix, but of no host
#: what else selects, and the word before it in a key, in their order there
SELECTED_FIELDS = (("folder", "folder="), ("argument-count", "arguments="), ("argument-0", "argument-0="))


def hash_key(key: bytes) -> int:
    """FNV-1a, as the launcher has it: who collides with whom is found out by comparing keys."""
    value = FNV_OFFSET
    for byte in key:
        value = (value ^ byte) * FNV_PRIME & (1 << 128) - 1
    return value


def find_field(key: bytes, word: bytes) -> str:
    """What *key* says of the caller behind *word*; nothing if it says nothing."""
    fields = key.split(b"\0")
    return next((os.fsdecode(field[len(word) :]) for field in fields if field.startswith(word)), "")


def find_session(key: bytes) -> str:
    """The session and its terminal, or nothing."""
    return find_field(key, b"session=")


def find_chosen(key: bytes, recipe: "Recipe") -> dict[str, bytes]:
    """What *key* says of the caller besides its environment, by the word before it.

    Raises GivenUp for a key that was made before *recipe* was as it is.
    """
    words = [word for name, word in SELECTED_FIELDS if name in recipe.selects]
    fields = key.split(b"\0")[:-1]
    chosen = dict(zip(words, fields[len(fields) - len(words) :], strict=True))
    if not all(field.startswith(word.encode()) for word, field in chosen.items()):
        raise GivenUp("selection", "the recipe was changed")
    for name in recipe.names:
        value = os.environ.get(name)
        if (
            value is not None
            and not is_selected(name)
            and os.fsencode(f"\0env:{name}={value}\0") not in key
        ):
            raise GivenUp("selection", name)
    return {word: field[len(word) :] for word, field in chosen.items()}


def is_selected(name: str) -> bool:
    is_of_group = name.startswith(SELECTED_PREFIXES) and name != CHILDS_OWN
    return is_of_group or name in SELECTED_NAMES
