"""A request's meta-variables as they may be: what is no name or no number is refused, and nothing is run.

Names and values are UTF-8, and bytes that are none become surrogates.  A header that comes several
times is one list (RFC 3875, 4.1.18); of another name that comes twice, the last holds, as in every
other FastCGI application, since fronts are configured so.
"""

from __future__ import annotations

import re

from mainspring.gateway.breaches import Breach

#: whether a text is a length: more digits are no length of anything, and costly to convert
is_length = re.compile(r"[0-9]{1,18}").fullmatch


def join_value(name: str, first: str, second: str) -> str:
    """Return the value of *name*, which has come twice."""
    if not name.startswith("HTTP_"):
        return second
    return f"{first}; {second}" if name == "HTTP_COOKIE" else f"{first}, {second}"


def check_params(params: dict[str, str]) -> None:
    """Hold that each name and value can stand in an environment.  Raises Breach."""
    names = "".join(params)
    if "" in params or "=" in names or "\0" in names or "\0" in "".join(params.values()):
        raise Breach("params-malformed")


def read_content_length(params: dict[str, str]) -> int | None:
    """How long the body is; None where nothing says so.  Raises Breach."""
    digits = params.get("CONTENT_LENGTH", "")
    if not digits:
        return None
    if not is_length(digits):
        raise Breach("content-length")
    return int(digits)
