"""An address is where the gateway listens, as an operator names it.

ADDR      = "unix:" PATH | [HOST ":"] PORT | ":" PORT
HOST      = NAME | IPV4 | "[" IPV6 "]"        without one: 127.0.0.1
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass

from mainspring.errors import BadArgumentsError

LOOPBACK = "127.0.0.1"
#: what the kernel has room for in an address, less the NUL at its end
LONGEST_PATH = 107
INTERNET = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.%\w]+\]|[^\s:\[\]/]*):)?(?P<port>[0-9]{1,5})", re.ASCII)
REMEDY = "give unix:/PATH, PORT or HOST:PORT"


@dataclass(frozen=True)
class UnixAddress:
    path: str

    def __str__(self) -> str:
        return f"unix:{self.path}"


@dataclass(frozen=True)
class InternetAddress:
    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


Address = UnixAddress | InternetAddress


def parse_address(text: str) -> Address:
    """What *text* names.  Raises BadArgumentsError."""
    if text.startswith("unix:"):
        return parse_path(text.removeprefix("unix:"), text)
    found = INTERNET.fullmatch(text)
    if found is None or not 0 <= int(found["port"]) < 1 << 16:
        raise BadArgumentsError(f"{text!r} is no address", REMEDY)
    host = (found["host"] or LOOPBACK).removeprefix("[").removesuffix("]")
    return InternetAddress(host, int(found["port"]))


def parse_path(path: str, text: str) -> UnixAddress:
    if not path or "\0" in path:
        raise BadArgumentsError(f"{text!r} is no address", REMEDY)
    path = os.path.abspath(path)
    if len(os.fsencode(path)) > LONGEST_PATH:
        raise BadArgumentsError(f"{text} is too long for a socket", f"{LONGEST_PATH} bytes are allowed")
    return UnixAddress(path)
