"""What an HTTP server says of a request's target is put as site.py reads it.

| the server says | the site reads |
|---|---|
| a path | the same |
| a path with an encoded slash | REQUEST_URI alone: what the client wrote decides |
| a path below a mount, of a folder | SCRIPT_FILENAME below the folder, SCRIPT_NAME the whole path |
| a path below a mount, of a single script | the same: the mount is the script's name |
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainspring.gateway.fronts import ENCODED_SLASH

if TYPE_CHECKING:
    from collections.abc import MutableMapping


def put_target(params: MutableMapping[str, str], root: str | None) -> None:
    """Change *params* so; *root* is the folder that stands for `/`, None if a single script is served."""
    path = params.get("REQUEST_URI", "").partition("?")[0]
    if ENCODED_SLASH.search(path):
        params.pop("SCRIPT_NAME", None)
        params.pop("PATH_INFO", None)
    elif root is not None and params.get("SCRIPT_NAME"):
        inner = params.pop("PATH_INFO", "")
        params["SCRIPT_FILENAME"] = root.rstrip("/") + (inner or "/")
        params["SCRIPT_NAME"] += inner
