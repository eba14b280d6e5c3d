"""A request as ASGI tells of it becomes meta-variables, as RFC 3875 (4.1) has them.

| in the request | in the meta-variables |
|---|---|
| target, as the client wrote it | REQUEST_URI |
| path of the target, without its %XX | SCRIPT_NAME (where the application is mounted) and PATH_INFO |
| query | QUERY_STRING, as it is |
| address that the request came to | SERVER_NAME (of Host, if that is a name or address), SERVER_PORT |
| address that it came from | REMOTE_ADDR, REMOTE_PORT; empty for a unix socket |
| https | HTTPS=on, REQUEST_SCHEME |
| Content-Type, Content-Length | CONTENT_TYPE, CONTENT_LENGTH |
| a header | HTTP_NAME, with `_` for `-` |
| Transfer-Encoding and Content-Length | the first decides (RFC 9112, 6.3): no CONTENT_LENGTH |
| several of one name | one, with `, ` between (`; ` for Cookie); of Content-* the first |
| a name with `_` or other such signs | dropped: it could pass for another (`X_Real_IP`) |

Bytes that are no UTF-8 become surrogates, as `os.fsdecode` has it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote_to_bytes

from mainspring.gateway.params import join_value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    #: what a server tells of a request, and of itself
    Scope = Mapping[str, Any]

#: a header's name that only one meta-variable can stand for
NAME = re.compile(rb"[A-Za-z0-9!#$%&'*+.^`|~-]+")
HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::[0-9]*)?")
ABSOLUTE = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
SINGLE = {b"content-type": "CONTENT_TYPE", b"content-length": "CONTENT_LENGTH"}
PORTS = {"http": 80, "https": 443}
#: as ASGI has it -> as a script knows it
PROTOCOLS = {"1.0": "HTTP/1.0", "1.1": "HTTP/1.1", "2": "HTTP/2.0", "3": "HTTP/3.0"}


def decode(value: bytes) -> str:
    return value.decode("utf-8", "surrogateescape")


def make_params(scope: Scope) -> dict[str, str]:
    """The meta-variables for a request of *scope*."""
    params = {"REQUEST_METHOD": scope["method"]}
    params.update(describe_target(scope))
    params.update(describe_connection(scope))
    params.update(translate_headers(scope["headers"]))
    return params


def describe_target(scope: Scope) -> dict[str, str]:
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode("ascii")
    query: bytes = scope["query_string"]
    found = ABSOLUTE.match(raw)
    path = raw[found.end() :] or b"/" if found else raw or b"/"
    mount, inner = divide_path(decode(unquote_to_bytes(path)), scope.get("root_path") or "")
    return {
        "REQUEST_URI": decode(raw + b"?" + query if query else raw),
        "SCRIPT_NAME": mount,
        "PATH_INFO": inner,
        "QUERY_STRING": decode(query),
    }


def divide_path(path: str, mount: str) -> tuple[str, str]:
    """Where the application is mounted, and the path below that.

    Servers differ in whether the path of a mounted application begins with its mount.
    """
    mount = mount.rstrip("/")
    if path == mount or path.startswith(mount + "/"):
        return mount, path[len(mount) :]
    return mount, path


def describe_connection(scope: Scope) -> dict[str, str]:
    scheme = scope.get("scheme") or "http"
    server, port = scope.get("server") or ("", None)
    client, client_port = scope.get("client") or ("", None)
    host = find_host(scope["headers"]) or (server if port is not None else "") or "localhost"
    described = {
        "SERVER_PROTOCOL": PROTOCOLS.get(scope["http_version"], "HTTP/" + scope["http_version"]),
        "SERVER_NAME": host,
        "SERVER_PORT": str(PORTS.get(scheme, 80) if port is None else port),
        "REQUEST_SCHEME": scheme,
        "REMOTE_ADDR": client,
    }
    if client_port:
        described["REMOTE_PORT"] = str(client_port)
    if scheme == "https":
        described["HTTPS"] = "on"
    return described


def find_host(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """The name or address in Host, without its port; empty where there is none."""
    for name, value in headers:
        if name.lower() == b"host":
            found = HOST.fullmatch(value)
            return found[1].decode("ascii") if found else ""
    return ""


def translate_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    translated: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if key in SINGLE:
            translated.setdefault(SINGLE[key], decode(value))
        elif NAME.fullmatch(key):
            variable = "HTTP_" + key.decode("ascii").upper().replace("-", "_")
            text, before = decode(value), translated.get(variable)
            translated[variable] = text if before is None else join_value(variable, before, text)
    if "HTTP_TRANSFER_ENCODING" in translated:
        translated.pop("CONTENT_LENGTH", None)
    return translated
