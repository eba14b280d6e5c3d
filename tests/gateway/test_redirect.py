"""A redirect within the gateway is a request for that URL; what is not ours goes to the client."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.sites import write_script
from mainspring.gateway.exchange import Head
from mainspring.gateway.redirect import NOT_OURS, follow, send_client
from mainspring.gateway.refusals import Refusal
from mainspring.gateway.site import Site, Target
from mainspring.gateway.variables import Passage, make_call

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

POST = {
    "REQUEST_METHOD": "POST",
    "CONTENT_LENGTH": "5",
    "CONTENT_TYPE": "text/plain",
    "QUERY_STRING": "first=1",
    "REQUEST_URI": "/cgi/x.py/info?first=1",
    "HTTP_COOKIE": "a=b",
    "REMOTE_USER": "alice",
    "HTTPS": "on",
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("x.py", "y.py", "d/index.py", "a b.py"):
        write_script(tmp_path / name)
    return tmp_path


def ask(root: Path) -> dict[str, str]:
    """A request that a front has mounted *root* for, at /cgi."""
    return POST | {"SCRIPT_FILENAME": f"{root}/x.py/info", "SCRIPT_NAME": "/cgi/x.py/info"}


def redirect(root: Path, location: str) -> tuple[Mapping[str, str], Target]:
    site = Site(str(root))
    params = ask(root)
    followed = follow(params, site.find(params), location)
    assert followed is not None
    return followed, site.find(followed)


@pytest.mark.parametrize(
    ("location", "script", "path_info", "query"),
    [
        ("/cgi/y.py", "y.py", "", ""),
        ("/cgi/y.py/more?a=b", "y.py", "/more", "a=b"),
        ("/cgi/a%20b.py/%C3%A9", "a b.py", "/é", ""),
        ("/cgi/d/", "d/index.py", "", ""),
        ("/cgi/x.py?again", "x.py", "", "again"),
        ("/cgi/y.py?a=%2f?b", "y.py", "", "a=%2f?b"),
    ],
)
def test_the_second_request_is_for_the_location(
    location: str, script: str, path_info: str, query: str, root: Path
) -> None:
    params, target = redirect(root, location)
    environment = make_call(params, target, {}, Passage()).environment
    assert target.script == str(root / script)
    assert environment["SCRIPT_NAME"] == f"/cgi/{script}"
    assert environment.get("PATH_INFO", "") == path_info
    assert environment["QUERY_STRING"] == query


def test_the_second_request_is_a_get_without_a_body(root: Path) -> None:
    params, target = redirect(root, "/cgi/y.py")
    environment = make_call(params, target, {}, Passage()).environment
    assert environment["REQUEST_METHOD"] == "GET"
    assert not {"CONTENT_LENGTH", "CONTENT_TYPE"} & set(environment)


def test_the_second_request_says_where_it_comes_from(root: Path) -> None:
    params, target = redirect(root, "/cgi/y.py")
    environment = make_call(params, target, {}, Passage()).environment
    assert environment["REDIRECT_STATUS"] == "200"
    assert environment["REDIRECT_URL"] == "/cgi/x.py/info"
    assert environment["REDIRECT_QUERY_STRING"] == "first=1"
    assert environment["REQUEST_URI"] == "/cgi/x.py/info?first=1"
    assert (environment["HTTP_COOKIE"], environment["REMOTE_USER"], environment["HTTPS"]) == (
        "a=b",
        "alice",
        "on",
    )


def test_a_head_stays_a_head(root: Path) -> None:
    """Its answer has no body, whoever gives it."""
    site = Site(str(root))
    params = ask(root) | {"REQUEST_METHOD": "HEAD", "QUERY_STRING": ""}
    followed = follow(params, site.find(params), "/cgi/y.py")
    assert followed is not None
    assert followed["REQUEST_METHOD"] == "HEAD"
    assert "REDIRECT_QUERY_STRING" not in followed


def test_the_first_request_is_left_as_it_was(root: Path) -> None:
    params = ask(root)
    before = dict(params)
    follow(params, Site(str(root)).find(params), "/cgi/y.py")
    assert params == before


@pytest.mark.parametrize("location", ["/", "/other", "/cgi2/y.py", "/cg", "/static/a.png"])
def test_what_is_not_below_the_mount_is_not_ours(location: str, root: Path) -> None:
    params = ask(root)
    assert follow(params, Site(str(root)).find(params), location) is None


@pytest.mark.parametrize("location", ["/cgi/none.py", "/cgi/d", "/cgi", "/cgi/away.py", "/cgi/style.css"])
def test_what_is_no_script_is_left_to_the_front(location: str, root: Path) -> None:
    write_script(root / "style.css")
    (root / "away.py").symlink_to("/etc/passwd")
    with pytest.raises(Refusal) as caught:
        redirect(root, location)
    assert caught.value.word in NOT_OURS


@pytest.mark.parametrize(
    "location", ["/cgi/../x.py", "/cgi/%2e%2e/x.py", "/cgi/a%2fb", "/cgi/y.py%00", "/cgi/a%0ab"]
)
def test_what_can_be_no_path_is_refused(location: str, root: Path) -> None:
    with pytest.raises(Refusal) as caught:
        redirect(root, location)
    assert caught.value.word == "bad-path"
    assert caught.value.word not in NOT_OURS


@pytest.mark.parametrize(
    ("params", "location"),
    [
        ({"SCRIPT_NAME": "/x.py/a"}, "/y.py/b"),
        ({"DOCUMENT_URI": "/x.py"}, "/y.py/b"),
        ({"SCRIPT_NAME": "", "PATH_INFO": "/x.py"}, "/y.py/b"),
    ],
)
def test_every_kind_of_request_can_be_redirected(
    params: dict[str, str], location: str, root: Path
) -> None:
    site = Site(str(root))
    params = {"REQUEST_METHOD": "GET", **params}
    followed = follow(params, site.find(params), location)
    assert followed is not None
    target = site.find(followed)
    assert (target.script, target.path_info) == (str(root / "y.py"), "/b")


def test_one_script_redirects_to_itself_and_no_further(root: Path) -> None:
    site = Site(str(root / "x.py"))
    params = {"REQUEST_METHOD": "GET", "SCRIPT_NAME": "/tool", "PATH_INFO": "/a"}
    followed = follow(params, site.find(params), "/tool/b?c")
    assert followed is not None
    target = site.find(followed)
    assert (target.script_name, target.path_info) == ("/tool", "/b")
    assert follow(params, site.find(params), "/other") is None


def test_the_client_is_sent_with_the_location_as_it_was() -> None:
    assert send_client("/a?b") == Head(302, "Found", (("Location", "/a?b"), ("Content-Length", "0")))
