"""How the URL names the script that was found: SCRIPT_NAME, PATH_INFO, and where the folder is mounted.

A script is found by a path of the file system.  Where that was made of the URL, its parts are the URL's
parts.  Where a front named the file, they are the front's, mended by what the file tells: the front may
have left PATH_INFO on SCRIPT_NAME, or have said it twice.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote

from mainspring.gateway.refusals import Refusal

if TYPE_CHECKING:
    from mainspring.gateway.fronts import Asked

QUERY_SAFE = "!$%&'()*+,/:;=?@"


class Named(NamedTuple):
    """A path of the file system to be looked up: a folder's name up to *start*, then the client's."""

    path: str
    start: int
    by_url: bool = False
    foreign: bool = False  # the front knows the folder by another name, so *start* is 0
    added: str = ""  # the name of an index, put behind the client's path


def add_slash(asked: Asked) -> str:
    """The path of the folder that was asked for, as a client is told it."""
    path = quote(asked.url.strip("/").encode("utf-8", "surrogateescape"), safe="/")
    query = quote(asked.query.encode("utf-8", "surrogateescape"), safe=QUERY_SAFE)
    return f"/{path}/?{query}" if query else f"/{path}/"


def split_url(asked: Asked, named: Named, end: int) -> tuple[str, str]:
    """SCRIPT_NAME and PATH_INFO, when the script's name on the path ends at *end*.  Raises Refusal."""
    rest = named.path[end:]
    if named.by_url:
        script_name = named.path[named.start : end]
    else:
        script_name, rest = split_front(asked, named.path[named.start : end], rest)
        script_name += named.added if script_name.endswith("/") else ""
    if "//" in script_name:
        raise Refusal("bad-path", f"an empty segment: {script_name!r}")
    return script_name, rest


def split_front(asked: Asked, below: str, rest: str) -> tuple[str, str]:
    """The two parts as the front has them, where *rest* follows the script *below* in the file's path."""
    info, end = asked.path_info or "", "/" + os.path.basename(below)
    if rest:
        rest = info if rest == info * 2 else rest
        script_name = asked.url.removesuffix(rest)
    elif asked.script_name is None:
        script_name = asked.url.removesuffix(info)
    else:
        script_name = asked.script_name
    if script_name.endswith(end) or not info:
        return script_name, rest or info
    if script_name.removesuffix(info).endswith(end):
        return script_name.removesuffix(info), rest or info
    if asked.proxied and info == below:
        return asked.url, ""
    return script_name, rest or info


def split_mount(asked: Asked, path: str) -> tuple[str, str]:
    """The two parts where one script is behind some path of the URL, and the front names no file."""
    name = "/" + os.path.basename(path)
    script_name = asked.script_name or ""
    if not script_name:
        found = asked.url == name or asked.url.startswith(name + "/")
        return (name, asked.url[len(name) :]) if found else ("", asked.url)
    if asked.path_info is not None:
        is_doubled = asked.url == script_name
        return script_name.removesuffix(asked.path_info if is_doubled else ""), asked.path_info
    before, found_name, after = (script_name + "/").partition(name + "/")
    return (before + name, ("/" + after)[:-1]) if found_name else ("", script_name)


def find_mount(named: Named, end: int, script_name: str) -> tuple[str, str]:
    """The URL of the served folder, and the folder's name; of the script itself if that is unclear."""
    below = named.path[named.start : end]
    if not named.foreign and script_name.endswith(below):
        return script_name.removesuffix(below), named.path[: named.start]
    return script_name, named.path[:end]
