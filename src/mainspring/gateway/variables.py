"""What a script gets of a request: the meta-variables of RFC 3875, and nothing that steers Python.

The environment is made of what stands here, and of nothing else of the front's or the gateway's:

| name | value |
|---|---|
| GATEWAY_INTERFACE | `CGI/1.1` |
| SCRIPT_NAME, PATH_INFO, PATH_TRANSLATED | as the script was found; the last two only with a PATH_INFO |
| SCRIPT_FILENAME | the script's path; DOCUMENT_ROOT the front's, else the served folder |
| QUERY_STRING | always, be it empty |
| CONTENT_LENGTH, CONTENT_TYPE | unless empty; a length that is no number: bad-request |
| REQUEST_METHOD, SERVER_PORT, SERVER_PROTOCOL, SERVER_SOFTWARE, REMOTE_ADDR | always |
| SERVER_NAME | always: the front's, else the one in Host, else `localhost` |
| AUTH_TYPE, REMOTE_HOST, REMOTE_IDENT, REMOTE_USER, HTTPS | as the front has it, unless empty |
| what fronts add (`FRONT`) | as the front has it |
| HTTP_* of A-Z, 0-9 and `_` | but for `DROPPED_HEADERS`; HTTP_AUTHORIZATION if that is asked for |
| further names that the operator gives | as the front has it, but for names that steer a process |
| `BASE`, and `--env NAME=VALUE` | the gateway's own |

A value with a NUL is a bad-request: no environment can hold it.  All else of the front's is ignored.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mainspring.gateway.call import Call
from mainspring.gateway.fronts import decode
from mainspring.gateway.params import is_length
from mainspring.gateway.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.site import Target

#: of the gateway's own environment
BASE = frozenset(
    {"HOME", "LANG", "LANGUAGE", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER"}
    | {"XDG_CACHE_HOME", "XDG_RUNTIME_DIR", "XDG_STATE_HOME"}
)
BASE_PREFIXES = ("LC_", "MAINSPRING")

#: passed on as they are, but for empty ones: to many a script, a REMOTE_USER is somebody
IF_NOT_EMPTY = frozenset(
    {"AUTH_TYPE", "CONTENT_TYPE", "HTTPS", "REMOTE_HOST", "REMOTE_IDENT", "REMOTE_USER"}
)
#: what nginx, Apache, lighttpd, HAProxy and Caddy add
FRONT = frozenset(
    {"CONTEXT_DOCUMENT_ROOT", "CONTEXT_PREFIX", "DOCUMENT_ROOT", "DOCUMENT_URI", "REMOTE_PORT"}
    | {"REDIRECT_QUERY_STRING", "REDIRECT_REMOTE_USER", "REDIRECT_STATUS", "REDIRECT_URI", "REDIRECT_URL"}
    | {"REQUEST_SCHEME", "REQUEST_URI", "SCRIPT_URI", "SCRIPT_URL", "SERVER_ADDR", "SERVER_ADMIN"}
    | {"SERVER_SIGNATURE", "SSL_CIPHER", "SSL_PROTOCOL", "SSL_SESSION_ID", "SSL_TLS_SNI", "UNIQUE_ID"}
)
FRONT_PREFIXES = ("SSL_CIPHER_", "SSL_CLIENT_", "SSL_SERVER_")
#: what must be there, and what it is where neither the front nor Host says
REQUIRED = {
    "REMOTE_ADDR": "",
    "SERVER_NAME": "localhost",
    "SERVER_PORT": "80",
    "SERVER_PROTOCOL": "HTTP/1.0",
    "SERVER_SOFTWARE": "Mainspring",
}
PASSED = IF_NOT_EMPTY | FRONT | frozenset(REQUIRED)

HEADER = re.compile(r"HTTP_[A-Z0-9][A-Z0-9_]*")
#: `Proxy` would be HTTP_PROXY, which HTTP clients in scripts heed; a chunked body has been put together
DROPPED_HEADERS = frozenset(
    {"HTTP_AUTHORIZATION", "HTTP_CONTENT_LENGTH", "HTTP_CONTENT_TYPE"}
    | {"HTTP_PROXY", "HTTP_PROXY_AUTHORIZATION", "HTTP_PROXY_CONNECTION", "HTTP_TRANSFER_ENCODING"}
)
AUTHORIZATION = frozenset({"HTTP_AUTHORIZATION", "REDIRECT_HTTP_AUTHORIZATION"})
#: what no front may set, even if its name is given: it steers the loader, shells, Python or Mainspring
STEERING = re.compile(
    r"(?:LD_|DYLD_|PYTHON|MAINSPRING|XDG_|BASH|GCONV_|GLIBC_|MALLOC_|LC_|NLS|DBUS_).*"
    r"|PATH|IFS|ENV|HOME|SHELL|SHELLOPTS|CDPATH|PS4|TMPDIR|TMP|TEMP|TZ|TZDIR|LANG|LANGUAGE|LOCPATH|USER|LOGNAME"
    r"|HTTP_PROXY.*|(?:HTTPS|ALL|NO|FTP)_PROXY|SSL_CERT_FILE|SSL_CERT_DIR|SSLKEYLOGFILE|OPENSSL_CONF"
    r"|LOCALDOMAIN|RES_OPTIONS|HOSTALIASES|EDITOR|VISUAL|PAGER|BROWSER|TERM.*"
)
NAME = re.compile(r"[A-Z][A-Z0-9_]*")
METHOD = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
HOST = re.compile(r"([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")


@dataclass(frozen=True, slots=True)
class Passage:
    """What goes through from the front beyond what always does."""

    authorization: bool = False
    names: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        for name in self.names:
            if not NAME.fullmatch(name) or STEERING.fullmatch(name):
                raise ValueError(f"{name} is no name that a front may set")


def choose_base(environment: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """What every script gets of the gateway's own *environment*, and what the operator *named*."""
    base = {
        name: value
        for name, value in environment.items()
        if name in BASE or name.startswith(BASE_PREFIXES)
    }
    return {"PATH": os.defpath} | base | dict(named)


@lru_cache(maxsize=1024)
def is_passed(name: str) -> bool:
    """Whether a variable of the front's is one that scripts get."""
    if name.startswith("HTTP_"):
        return HEADER.fullmatch(name) is not None and name not in DROPPED_HEADERS
    return name in PASSED or (name.startswith(FRONT_PREFIXES) and NAME.fullmatch(name) is not None)


def make_call(
    params: Mapping[str, str], target: Target, base: Mapping[str, str], passage: Passage
) -> Call:
    """What is to be started for *params*; *base* is from `choose_base`.  Raises Refusal."""
    environment = select_variables(params, passage)
    set_request(environment, params)
    set_script(environment, params, target)
    if "\0" in "".join(environment.values()):
        raise Refusal("bad-request", "a meta-variable with a NUL")
    environment.update(base)
    return Call(
        script=target.script,
        arguments=make_arguments(environment["REQUEST_METHOD"], environment["QUERY_STRING"]),
        environment=environment,
        folder=os.path.dirname(target.script),
        python=target.python,
        options=target.options,
    )


def select_variables(params: Mapping[str, str], passage: Passage) -> dict[str, str]:
    """What goes through from the front, and what must be there beside it."""
    environment = REQUIRED | {
        name: value
        for name, value in params.items()
        if (is_passed(name) and (value or name not in IF_NOT_EMPTY))
        or name in passage.names
        or (passage.authorization and name in AUTHORIZATION)
    }
    if not environment["SERVER_NAME"] or "SERVER_NAME" not in params:
        environment["SERVER_NAME"] = read_host(params)
    return environment


def set_request(environment: dict[str, str], params: Mapping[str, str]) -> None:
    method = params.get("REQUEST_METHOD", "")
    if not METHOD.fullmatch(method):
        raise Refusal("bad-request", f"REQUEST_METHOD: {method!r}")
    if method == "CONNECT":
        # to a client, and to what lies between, a script's 200 would be a way through to elsewhere
        raise Refusal("method", method)
    environment["REQUEST_METHOD"] = method
    environment["GATEWAY_INTERFACE"] = "CGI/1.1"
    query = params.get("QUERY_STRING")
    environment["QUERY_STRING"] = read_query(params) if query is None else query
    length = params.get("CONTENT_LENGTH", "")
    if length:
        if not is_length(length):
            raise Refusal("bad-request", f"CONTENT_LENGTH: {length!r}")
        environment["CONTENT_LENGTH"] = length


def read_host(params: Mapping[str, str]) -> str:
    """The name that the client called: a server of nginx's need not have one of its own."""
    found = HOST.fullmatch(params.get("HTTP_HOST", ""))
    return found[1] if found else REQUIRED["SERVER_NAME"]


def read_query(params: Mapping[str, str]) -> str:
    """What follows the `?` of what the client asked for: not every SCGI client takes it apart."""
    return params.get("REQUEST_URI", "").partition("?")[2]


def set_script(environment: dict[str, str], params: Mapping[str, str], target: Target) -> None:
    environment["SCRIPT_NAME"] = target.script_name
    environment["SCRIPT_FILENAME"] = target.script
    environment.setdefault("DOCUMENT_ROOT", target.root)
    if target.path_info:
        environment["PATH_INFO"] = target.path_info
        environment["PATH_TRANSLATED"] = target.root.rstrip("/") + target.path_info
    elif "PATH_INFO" in params:
        # with a front that always sets it, a script may rely on that
        environment["PATH_INFO"] = ""


def make_arguments(method: str, query: str) -> tuple[str, ...]:
    """The words of an indexed query (RFC 3875, 4.4); none where a word could be no argument."""
    if not query or "=" in query or method not in {"GET", "HEAD"}:
        return ()
    words = tuple(decode(word) for word in query.split("+"))
    return () if any("\0" in word for word in words) else words
