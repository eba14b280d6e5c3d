"""A request as WSGI tells of it becomes meta-variables, without the server's own environment.

| in the environ | in the meta-variables |
|---|---|
| one of `VARIABLES`, HTTP_* | the same, as text of UTF-8 |
| RAW_URI, where there is no REQUEST_URI | REQUEST_URI |
| wsgi.url_scheme | REQUEST_SCHEME, where the server sets none; HTTPS=on for https |
| HTTP_TRANSFER_ENCODING | none: the server has decoded the body |

Bytes that are no UTF-8 become surrogates, as `os.fsdecode` has it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    #: PEP 3333's; str but for what belongs to the server
    Environ = Mapping[str, Any]

#: of a server's environment, what is of the request; the rest may be that of the server's process
VARIABLES = frozenset({
    "AUTH_TYPE", "CONTENT_LENGTH", "CONTENT_TYPE", "HTTPS", "PATH_INFO", "QUERY_STRING", "REMOTE_ADDR",
    "REMOTE_HOST", "REMOTE_PORT", "REMOTE_USER", "REQUEST_METHOD", "REQUEST_SCHEME", "REQUEST_URI",
    "SCRIPT_NAME", "SERVER_NAME", "SERVER_PORT", "SERVER_PROTOCOL",
})  # fmt: skip


def decode(value: str) -> str:
    """A text of WSGI, which has a character for each byte, as one of UTF-8."""
    return value.encode("latin-1", "replace").decode("utf-8", "surrogateescape")


def make_params(environ: Environ) -> dict[str, str]:
    """The meta-variables of a request."""
    params = {
        name: decode(value)
        for name, value in environ.items()
        if (name in VARIABLES or name.startswith("HTTP_")) and isinstance(value, str)
    }
    params.pop("HTTP_TRANSFER_ENCODING", None)
    params.setdefault("REQUEST_SCHEME", environ["wsgi.url_scheme"])
    if environ["wsgi.url_scheme"] == "https":
        params["HTTPS"] = "on"
    if "RAW_URI" in environ:
        params.setdefault("REQUEST_URI", decode(environ["RAW_URI"]))
    return params
