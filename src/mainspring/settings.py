"""Every setting stands here once: its environment name, its default and what it means.

On a start's path: imports nothing that an interpreter has not loaded by itself.
"""

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

#: environment name -> (default as it would be typed, meaning)
SETTINGS = {
    "MAINSPRING": ("on", "`off` leaves every start to plain CPython"),
    "MAINSPRING_CACHE_DIR": (
        "$XDG_CACHE_HOME/mainspring or ~/.cache/mainspring",
        "absolute path of the folder that holds the entries",
    ),
    "MAINSPRING_READONLY": ("off", "`on` reads entries and writes nothing at all"),
    "MAINSPRING_LOG": (
        "none",
        "absolute path of a file, or number of a descriptor, that gets a line for each start",
    ),
    "MAINSPRING_MAX_SIZE": (
        "512M",
        "size that the entries are kept under, least recently used first; bytes, or with K, M, G",
    ),
    "MAINSPRING_MIN_SIZE": (
        "2K",
        "scripts smaller than this are left alone: compiling them costs less than a look",
    ),
    "MAINSPRING_HOST_IDLE": ("900", "seconds after which a host that nobody starts from ends"),
    "MAINSPRING_MAX_HOSTS": ("16", "hosts of a user; beyond that, the least recently used ends"),
    "MAINSPRING_MAX_HOST_MEMORY": (
        "1G",
        "memory of all hosts; beyond that, the least recently used ends",
    ),
    "MAINSPRING_PYTHON": (
        "none",
        "interpreter that `mainspring run` starts, whatever the script's first line says",
    ),
    "MAINSPRING_SERVE": (
        "none",
        "path of what `mainspring.gateway.asgi:app` and `wsgi:app` serve where they are given none",
    ),
}

OFF_WORDS = ("0", "off", "no", "false")
UNITS = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}


def is_off(environment: "Mapping[str, str]") -> bool:
    """Whether MAINSPRING turns everything off."""
    return environment.get("MAINSPRING", "").lower() in OFF_WORDS


def is_read_only(environment: "Mapping[str, str]") -> bool:
    """Whether MAINSPRING_READONLY forbids writing."""
    return environment.get("MAINSPRING_READONLY", "").lower() not in ("", *OFF_WORDS)


def find_log(environment: "Mapping[str, str]") -> str:
    """The path or descriptor number that MAINSPRING_LOG names; empty for none."""
    return environment.get("MAINSPRING_LOG", "")


def read_size(environment: "Mapping[str, str]", name: str) -> int:
    """The bytes that the setting *name* stands for; its default where it cannot be read."""
    try:
        return parse_size(environment[name])
    except (KeyError, ValueError):
        return parse_size(SETTINGS[name][0])


def parse_size(text: str) -> int:
    """Bytes for `1024`, `2K`, `512M` or `1G`.  Raises ValueError."""
    text = text.strip().upper().removesuffix("B")
    unit = UNITS.get(text[-1:], 0)
    size = int(text[:-1]) * unit if unit else int(text)
    if size < 0:
        raise ValueError(text)
    return size


def find_cache_folder(environment: "Mapping[str, str]") -> str | None:
    """The absolute path of the user's cache, or None where no setting leads to one.

    As the XDG base directory specification wants it, a relative path counts as unset.
    """
    own = environment.get("MAINSPRING_CACHE_DIR", "")
    if os.path.isabs(own):
        return own
    return find_base(environment, "XDG_CACHE_HOME", "/.cache")


def find_state_folder(environment: "Mapping[str, str]") -> str | None:
    """The absolute path of the folder where commands keep what is no cache, or None."""
    return find_base(environment, "XDG_STATE_HOME", "/.local/state")


def find_data_folder(environment: "Mapping[str, str]") -> str | None:
    """The absolute path of the folder where the shims lie, or None."""
    return find_base(environment, "XDG_DATA_HOME", "/.local/share")


def find_runtime_folder(environment: "Mapping[str, str]", user: int) -> str:
    """The path of the folder where *user*'s hosts are found; who owns it is still to be judged.

    The launcher finds the same one (native/launcher/runtime.c).
    """
    shared = environment.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(shared):
        return f"{shared}/mainspring"
    try:
        if os.lstat(f"/run/user/{user}").st_uid == user:
            return f"/run/user/{user}/mainspring"
    except OSError:
        pass
    return f"/tmp/mainspring-{user}"  # noqa: S108 - it is opened without following links, and judged


def read_count(environment: "Mapping[str, str]", name: str) -> int:
    """The number that the setting *name* stands for; its default where it cannot be read."""
    text = environment.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() else int(SETTINGS[name][0])


def find_base(environment: "Mapping[str, str]", name: str, below_home: str) -> str | None:
    """Our folder in the one that *name* says, or else HOME leads to; None if neither is absolute."""
    shared = environment.get(name, "")
    if os.path.isabs(shared):
        return shared + "/mainspring"
    home = environment.get("HOME", "")
    if os.path.isabs(home):
        return f"{home}{below_home}/mainspring"
    return None
