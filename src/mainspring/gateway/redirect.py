"""A redirect within the gateway is a second request, made of the first and of the script's Location.

RFC 3875, 6.2.2: the answer is what a request for that URL would have got.  It has no body, and its method
is GET, or HEAD if the client's was.  REQUEST_URI stays what the client asked for; REDIRECT_URL,
REDIRECT_QUERY_STRING and REDIRECT_STATUS say, as with Apache, what redirected.

Where the location is not below what the gateway serves, or is none of its scripts, only the front can
answer for it: the client is sent there (`send_client`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mainspring.gateway.exchange import Head
from mainspring.gateway.fronts import ENCODED_SLASH, decode
from mainspring.gateway.refusals import Refusal, Word

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.site import Target

#: the first request's own: its body, and where its script is
DROPPED = frozenset(
    {
        "CONTENT_LENGTH",
        "CONTENT_TYPE",
        "HTTP_CONTENT_LENGTH",
        "HTTP_CONTENT_TYPE",
        "PATH_INFO",
        "PATH_TRANSLATED",
    }
)
#: a refusal of a second request which says that the front may know better
NOT_OURS: frozenset[Word] = frozenset({"folder", "no-script", "not-a-script", "outside-root"})


def follow(params: Mapping[str, str], target: Target, location: str) -> dict[str, str] | None:
    """The request for *location*, to which the script *target* of *params* redirects.

    None if it is not below what is served.  Raises Refusal for what can be no path.
    """
    path, _, query = location.partition("?")
    if ENCODED_SLASH.search(path):
        raise Refusal("bad-path", f"an encoded slash: {location!r}")
    url = decode(path)
    if not url.startswith(target.mount + "/") and url != target.mount:
        return None
    followed = {name: value for name, value in params.items() if name not in DROPPED}
    followed["REDIRECT_STATUS"] = "200"
    followed["REDIRECT_URL"] = target.script_name + target.path_info
    if params.get("QUERY_STRING"):
        followed["REDIRECT_QUERY_STRING"] = params["QUERY_STRING"]
    followed["REQUEST_METHOD"] = "HEAD" if params.get("REQUEST_METHOD") == "HEAD" else "GET"
    followed["SCRIPT_NAME"] = followed["DOCUMENT_URI"] = url
    followed["SCRIPT_FILENAME"] = target.base + url.removeprefix(target.mount)
    followed["QUERY_STRING"] = query
    return followed


def send_client(location: str) -> Head:
    """The answer that has the client ask for *location* itself."""
    return Head(302, "Found", (("Location", location), ("Content-Length", "0")))
