"""The script is found by what each front says of it, as real ones said it.

`fronts_seen.jsonl` has a line for each request: front, what the client asked for, and what the front sent
of where the script is, as seen from nginx 1.22, Apache 2.4, lighttpd 1.4, HAProxy 2.6 and Caddy 2.6, with
ROOT for the folder.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gateway.sites import refuse, write_script
from mainspring.gateway.fronts import read_asked
from mainspring.gateway.site import Site

SEEN = [
    json.loads(line) for line in (Path(__file__).parent / "fronts_seen.jsonl").read_text().splitlines()
]
SCRIPTS = ("x.py", "d/index.py", "d/y.py", "a b.py", "p%41.py", "pA.py")
#: what was asked for, without the path that the front has mounted the folder at -> script and PATH_INFO
FOUND = {
    "/x.py": ("/x.py", ""),
    "/x.py/extra/%20b?q=1": ("/x.py", "/extra/ b"),
    "/d/": ("/d/index.py", ""),
    "/d/y.py/": ("/d/y.py", "/"),
    "/x.py/x.py/x.py": ("/x.py", "/x.py/x.py"),
    "/a%20b.py/i?q": ("/a b.py", "/i"),
    "/p%2541.py/%2541": ("/p%41.py", "/%41"),
    "/x.py/caf%C3%A9%3f": ("/x.py", "/café?"),
}
REFUSED = {"/d": "folder", "/none.py": "no-script"}
#: nginx puts the index behind any slash at the end
INDEX_EVERYWHERE = ("nginx fastcgi", "/d/y.py/")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in SCRIPTS:
        write_script(tmp_path / name)
    return tmp_path


def read_params(sent: dict[str, str], root: Path) -> dict[str, str]:
    return {name: value.replace("ROOT", str(root)) for name, value in sent.items()}


@pytest.mark.parametrize(
    ("front", "url", "sent"), [pytest.param(*one, id=f"{one[0]}: {one[1]}") for one in SEEN]
)
def test_what_a_front_sends_leads_to_the_script(
    front: str, url: str, sent: dict[str, str], root: Path
) -> None:
    site = Site(str(root))
    params = read_params(sent, root)
    mount = "/cgi-bin" if url.startswith("/cgi-bin/") else ""
    url = url.removeprefix(mount)
    if url in REFUSED:
        assert refuse(site, params) == REFUSED[url]
        return
    script, path_info = FOUND[url]
    if (front, url) == INDEX_EVERYWHERE:
        path_info += "index.py"
    target = site.find(params)
    assert target.script == str(root) + script
    assert (target.script_name, target.path_info) == (mount + script, path_info)
    assert (target.mount, target.base) == (mount, str(root))


def test_all_fronts_were_seen() -> None:
    assert {front.split()[0].rstrip(",") for front, _, _ in SEEN} == {
        "nginx", "apache", "lighttpd", "haproxy", "caddy"
    }  # fmt: skip


@pytest.mark.parametrize(
    "prefix",
    [
        "proxy:fcgi://localhost:9000",
        "proxy:fcgi://localhost:9000/",
        "proxy:fcgi://[::1]:9000",
        "proxy:balancer://scripts",
        "proxy:unix:/run/mainspring.sock|fcgi://localhost",
        "proxy:unix:/run/mainspring.sock|fcgi://localhost/",
        "proxy:scgi://localhost:4000",
        "",
        "/",
    ],
)
def test_a_prefix_of_apache_s_is_no_part_of_the_file(prefix: str, root: Path) -> None:
    params = {"SCRIPT_FILENAME": f"{prefix}{root}/x.py", "SCRIPT_NAME": "/x.py"}
    assert Site(str(root)).find(params).script == str(root / "x.py")


@pytest.mark.parametrize(
    ("filename", "script_name", "path_info"),
    [
        ("x.py/extra", "/x.py", "/extra"),
        ("x.py/extra", "/x.py/extra", "/extra"),
        ("x.py/extra/extra", "/x.py", "/extra"),
        ("x.py", "/x.py/extra", "/extra"),
        ("x.py/extra", "/x.py/extra", ""),
    ],
)
def test_path_info_that_is_said_twice_counts_once(
    filename: str, script_name: str, path_info: str, root: Path
) -> None:
    target = Site(str(root)).find(
        {
            "SCRIPT_FILENAME": f"proxy:fcgi://localhost:9000{root}/{filename}",
            "SCRIPT_NAME": script_name,
            "PATH_INFO": path_info,
            "REQUEST_URI": "/x.py/extra",
        }
    )
    assert (target.script_name, target.path_info) == ("/x.py", "/extra")


def test_apache_s_query_is_no_part_of_the_file(root: Path) -> None:
    target = Site(str(root)).find(
        {
            "SCRIPT_FILENAME": f"proxy:fcgi://localhost{root}/x.py?a=b/c",
            "SCRIPT_NAME": "/x.py",
            "QUERY_STRING": "a=b/c",
        }
    )
    assert (target.script_name, target.path_info) == ("/x.py", "")


def test_a_name_that_the_front_has_decoded_is_not_decoded_again(root: Path) -> None:
    """Whoever writes %2541 would come past a rule of the front's for pA.py."""
    (root / "p%41.py").unlink()
    for params in (
        {"SCRIPT_FILENAME": f"{root}/p%41.py", "SCRIPT_NAME": "/p%41.py"},
        {"SCRIPT_FILENAME": f"proxy:fcgi://localhost{root}/p%41.py", "SCRIPT_NAME": "/p%41.py"},
        {"SCRIPT_NAME": "/p%41.py"},
        {"DOCUMENT_URI": "/p%41.py"},
        {"REQUEST_URI": "/p%2541.py"},
    ):
        assert refuse(Site(str(root)), params) == "no-script"
    assert Site(str(root)).find({"REQUEST_URI": "/p%41.py"}).script == str(root / "pA.py")


@pytest.mark.parametrize(
    ("uri", "path_info"),
    [
        ("/x.py/a%20b?c=%2f", "/a b"),
        ("http://localhost:8080/x.py/a", "/a"),
        ("/x.py", ""),
        ("/x.py/%FF", "/\udcff"),
        ("/x.py/%zz%4", "/%zz%4"),
    ],
)
def test_request_uri_alone_is_enough(uri: str, path_info: str, root: Path) -> None:
    target = Site(str(root)).find({"REQUEST_URI": uri})
    assert (target.script_name, target.path_info) == ("/x.py", path_info)


def test_the_front_may_know_the_folder_by_a_link(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("front") / "www"
    link.symlink_to(root)
    params = {"SCRIPT_FILENAME": f"{link}/d/y.py/a", "SCRIPT_NAME": "/cgi/d/y.py", "PATH_INFO": "/a"}
    target = Site(str(root)).find(params)
    assert (target.script, target.path_info) == (str(root / "d/y.py"), "/a")
    assert (target.mount, target.base) == ("/cgi/d/y.py", f"{link}/d/y.py")


def test_a_rewritten_url_is_left_as_the_front_has_it(root: Path) -> None:
    params = {"SCRIPT_FILENAME": f"{root}/x.py", "SCRIPT_NAME": "/pretty", "PATH_INFO": "/a"}
    target = Site(str(root)).find(params)
    assert (target.script_name, target.path_info, target.mount) == ("/pretty", "/a", "/pretty")


@pytest.mark.parametrize(
    ("params", "script_name", "path_info"),
    [
        ({"SCRIPT_NAME": "/x.py/a"}, "/x.py", "/a"),
        ({"SCRIPT_NAME": "/some/x.py/a"}, "/some/x.py", "/a"),
        ({"SCRIPT_NAME": "/x.py", "PATH_INFO": "/a/x.py"}, "/x.py", "/a/x.py"),
        ({"SCRIPT_NAME": "", "PATH_INFO": "/x.py/a"}, "/x.py", "/a"),
        ({"SCRIPT_NAME": "", "PATH_INFO": "/a/x.py"}, "", "/a/x.py"),
        ({"SCRIPT_NAME": "/tool", "PATH_INFO": "/file/x.py"}, "/tool", "/file/x.py"),
        ({"SCRIPT_NAME": "/tool", "PATH_INFO": ""}, "/tool", ""),
        ({"SCRIPT_NAME": "/tool/a", "PATH_INFO": "/a", "REQUEST_URI": "/tool/a"}, "/tool", "/a"),
        ({"SCRIPT_NAME": "/anything"}, "", "/anything"),
        ({"DOCUMENT_URI": "/"}, "", "/"),
        ({"REQUEST_URI": "/a%20b"}, "", "/a b"),
        ({"SCRIPT_FILENAME": "/elsewhere/x.py", "SCRIPT_NAME": "/a"}, "", "/a"),
        ({"SCRIPT_FILENAME": "ROOT/x.py/a", "SCRIPT_NAME": "/tool/a"}, "/tool", "/a"),
        ({}, "", "/"),
    ],
)
def test_one_script_answers_whatever_is_asked_for(
    params: dict[str, str], script_name: str, path_info: str, root: Path
) -> None:
    target = Site(str(root / "x.py")).find(read_params(params, root))
    assert target.script == str(root / "x.py")
    assert (target.script_name, target.path_info) == (script_name, path_info)


def test_what_is_asked_for_is_read_once_for_all_fronts() -> None:
    asked = read_asked({"SCRIPT_NAME": "/a", "PATH_INFO": "/b", "QUERY_STRING": "c"})
    assert (asked.filename, asked.url, asked.query) == (None, "/a/b", "c")


def test_apache_may_be_told_to_make_everything_path_info(root: Path) -> None:
    """With `proxy-scgi-pathinfo` set."""
    params = {
        "SCRIPT_FILENAME": "proxy:scgi://127.0.0.1:4000/x.py",
        "SCRIPT_NAME": "/cgi",
        "PATH_INFO": "/x.py",
    }
    target = Site(str(root)).find(params)
    assert (target.script_name, target.path_info, target.mount) == ("/cgi/x.py", "", "/cgi")


def test_path_info_may_be_named_as_the_script_is(root: Path) -> None:
    for script_name in ("/x.py", "/pretty"):
        params = {"SCRIPT_FILENAME": f"{root}/x.py", "SCRIPT_NAME": script_name, "PATH_INFO": "/a/x.py"}
        target = Site(str(root)).find(params)
        assert (target.script_name, target.path_info) == (script_name, "/a/x.py")
