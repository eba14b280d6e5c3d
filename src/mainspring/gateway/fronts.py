"""What a front says of where the script is; each says it in its own way.

| front | SCRIPT_FILENAME | SCRIPT_NAME, PATH_INFO |
|---|---|---|
| nginx, fastcgi_params | below its document root, with PATH_INFO unless split | the whole path; none |
| nginx, scgi_params | none | none; DOCUMENT_URI has the whole path |
| HAProxy, lighttpd, Caddy with `split` | below its document root | as in RFC 3875 |
| lighttpd behind `/`, Caddy | the document root | empty; the whole path |
| Apache, SetHandler | `proxy:fcgi://host/file`, or `proxy:fcgi://host//file` | as in RFC 3875 |
| Apache, ProxyPass | `proxy:fcgi://host/path` with PATH_INFO, encoded | the whole path; none |
| Apache, ProxyPass with GENERIC | the path alone, encoded | the whole path; none |
| Apache, mod_proxy_scgi | `proxy:scgi://host/path`, no file's path, encoded | the whole path; none |

(As nginx 1.22, Apache 2.4, lighttpd 1.4, HAProxy 2.6 and Caddy 2.6 were seen to send it.)

SCRIPT_NAME, PATH_INFO and DOCUMENT_URI have been decoded by the front, and are not decoded again:
whoever wrote `%2561` would come past a rule of the front's for `a`.  REQUEST_URI is as the client wrote
it.  SCRIPT_FILENAME is decoded only where SCRIPT_NAME shows that it is encoded.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from mainspring.gateway.refusals import Refusal

if TYPE_CHECKING:
    from collections.abc import Mapping

PROXIED = re.compile(r"proxy:(?:unix:[^|]*\|)?[a-z]+://[^/]*/*(/.*)?", re.DOTALL)
CONTROL = re.compile(r"[\0-\x1f\x7f]")
#: where `.` or `..` is a whole segment
DOTS = re.compile(r"(?:^|/)\.\.?(?:/|$)")
ENCODED_SLASH = re.compile(r"%2f", re.IGNORECASE)


#: characters
LONGEST_PLAIN_NAME = 1024
PlainName = tuple[str, str]


class Asked(NamedTuple):
    """What is asked for: by a file's name, if the front gave one, and by a path of the URL."""

    filename: str | None  # absolute, and what follows the script may be attached
    proxied: bool  # the file's name may as well be a path of the URL
    script_name: str | None
    path_info: str | None
    url: str  # the whole path, decoded
    query: str


def read_asked(params: Mapping[str, str]) -> Asked:
    """What *params* ask for.  Raises Refusal for what can be no path."""
    filename, proxied = read_filename(params)
    script_name, path_info = params.get("SCRIPT_NAME"), params.get("PATH_INFO")
    url = read_url(params, script_name, path_info)
    if filename is not None and "%" in filename:
        filename = decode_like(filename, url)
    for path in (filename, url):
        if path is not None:
            check_path(path)
    return Asked(filename, proxied, script_name, path_info, url, params.get("QUERY_STRING", ""))


def read_plain_name(params: Mapping[str, str]) -> PlainName | None:
    """All that decides which script is asked for, if that is so little, and short."""
    filename, script_name = params.get("SCRIPT_FILENAME", ""), params.get("SCRIPT_NAME")
    if script_name is None or params.get("PATH_INFO") or not (filename[:1] == "/" or not filename):
        return None
    if len(filename) + len(script_name) > LONGEST_PLAIN_NAME:
        return None
    return filename, script_name


def check_path(path: str) -> None:
    if CONTROL.search(path):
        raise Refusal("bad-path", f"a control character: {path!r}")
    if DOTS.search(path):
        raise Refusal("bad-path", f"a segment of dots: {path!r}")


def read_filename(params: Mapping[str, str]) -> tuple[str | None, bool]:
    """The file that the front names, and whether it is Apache's word for the whole request."""
    name = params.get("SCRIPT_FILENAME", "")
    if name.startswith("/"):
        return name, False
    found = PROXIED.fullmatch(name)
    if found is None or found[1] is None:
        return None, False
    query = params.get("QUERY_STRING")
    name = found[1].removesuffix(f"?{query}") if query else found[1]
    return name, True


def read_url(params: Mapping[str, str], script_name: str | None, path_info: str | None) -> str:
    """The path of the URL.  Raises Refusal."""
    if script_name is None and path_info is None:
        url = params.get("DOCUMENT_URI") or read_request_path(params)
    else:
        url = (script_name or "") + (path_info or "")
        if path_info and script_name and is_doubled(params, script_name, path_info):
            url = script_name
    for path in (url, path_info):
        if path and not path.startswith("/"):
            raise Refusal("bad-path", f"no slash comes first: {path!r}")
    return url or "/"


def is_doubled(params: Mapping[str, str], script_name: str, path_info: str) -> bool:
    """Whether SCRIPT_NAME has PATH_INFO at its end already: what the client wrote tells."""
    return script_name.endswith(path_info) and read_request_path(params) == script_name


def read_request_path(params: Mapping[str, str]) -> str:
    """The path of what the client asked for, decoded.  Raises Refusal if it hides a slash."""
    path = params.get("REQUEST_URI", "").partition("?")[0]
    if "://" in path and not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    if "%" not in path:
        return path
    if ENCODED_SLASH.search(path):
        raise Refusal("bad-path", f"an encoded slash: {path!r}")
    return decode(path)


def decode_like(filename: str, url: str) -> str:
    """*filename*, decoded from the first segment with a `%` on, if that is how *url* ends."""
    start = filename.rindex("/", 0, filename.index("%"))
    decoded = decode(filename[start:])
    return filename[:start] + decoded if url.endswith(decoded) else filename


def decode(text: str) -> str:
    """*text* without its percent signs; bytes that are no UTF-8 as surrogates."""
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
