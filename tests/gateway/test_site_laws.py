"""Whatever a front says, and however links lead, nothing out of the root is ever found.

The tree is a real one, with links that lead out of it in every way that one can.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.laws import law
from gateway.sites import write_script
from mainspring.gateway.refusals import Refusal
from mainspring.gateway.site import Site

if TYPE_CHECKING:
    from pathlib import Path

PLAIN = ["a", "b", "x.py", "y.cgi", "in", "out", "up", "root", "abs", "self.py", "leak.py", "far", "proc"]
ODD = [
    "",
    ".",
    "..",
    "%2e%2e",
    "%2f",
    "..%2f",
    "%00",
    "\0",
    "\n",
    ".hid",
    "X.PY",
    "é",
    "\udcff",
    " ",
    "?",
    "#",
]
SEGMENTS = st.sampled_from(PLAIN * 4 + ODD)
PATHS = st.lists(SEGMENTS, max_size=8).map("/".join)
URLS = PATHS.map("/".__add__)
BEGINNINGS = st.sampled_from(
    [
        "",
        "ROOT",
        "ROOT/",
        "ROOT/..",
        "ROOT2",
        "/",
        "proxy:fcgi://h",
        "proxy:fcgi://h/",
        "proxy:fcgi://hROOT",
        "proxy:unix:/s|fcgi://hROOT",
        "proxy:fcgi://h/ROOT/",
        "BY",
        "ROOT/up/root",
    ]
)
FILES = st.tuples(BEGINNINGS, PATHS).map("".join)
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "SCRIPT_FILENAME": FILES,
        "SCRIPT_NAME": URLS | PATHS,
        "PATH_INFO": URLS | PATHS,
        "DOCUMENT_URI": URLS,
        "REQUEST_URI": URLS | st.tuples(URLS, PATHS).map("?".join),
        "QUERY_STRING": PATHS,
    },
)


@pytest.fixture(scope="module")
def around(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a root in it, another of a like name, and links between and out of them."""
    around = tmp_path_factory.mktemp("around")
    for folder in ("root", "root/a", "root/a/b", "root2", "root2/a", "root/.hid", "root/x.py.d"):
        for name in ("x.py", "y.cgi", "index.py"):
            write_script(around / folder / name, "#!/usr/bin/python3\n")
    root = around / "root"
    (root / "in").symlink_to("a/b")
    (root / "a/up").symlink_to("..")
    (root / "up").symlink_to("..")
    (root / "out").symlink_to("../root2")
    (root / "abs").symlink_to(around / "root2")
    (root / "far").symlink_to("/")
    (root / "proc").symlink_to("/proc/self/cwd")
    (root / "leak.py").symlink_to("../root2/x.py")
    (root / "a/leak.py").symlink_to(around / "root2/a/x.py")
    (root / "self.py").symlink_to("x.py")
    (around / "by").symlink_to(root)
    return around


def fill(params: dict[str, str], around: Path) -> dict[str, str]:
    names = {"ROOT2": "root2", "ROOT": "root", "BY": "by"}
    filled = dict(params)
    for word, name in names.items():
        if "SCRIPT_FILENAME" in filled:
            filled["SCRIPT_FILENAME"] = filled["SCRIPT_FILENAME"].replace(word, str(around / name))
    return filled


@law(500)
@given(PARAMS)
def test_nothing_out_of_the_root_is_found(around: Path, params: dict[str, str]) -> None:
    for path in (around / "root", around / "by", around / "root/a"):
        root = os.path.realpath(path)
        try:
            target = Site(str(path)).find(fill(params, around))
        except Refusal:
            continue
        assert target.script.startswith(root + "/")
        assert os.path.realpath(target.script) == target.script
        assert os.path.isfile(target.script)
        assert "/." not in target.script.removeprefix(root)
        assert target.script.endswith((".py", ".cgi"))


@law(500)
@given(PARAMS)
def test_what_the_script_is_told_is_a_sound_path(around: Path, params: dict[str, str]) -> None:
    try:
        target = Site(str(around / "root")).find(fill(params, around))
    except Refusal:
        return
    for path in (target.script_name, target.path_info):
        assert path == "" or path.startswith("/")
        assert not {"..", "."} & set(path.split("/"))
        assert not any(character in path for character in "\0\r\n")
    assert "//" not in target.script_name


@law(250)
@given(PARAMS)
def test_one_script_is_all_that_is_found_of_one_script(around: Path, params: dict[str, str]) -> None:
    for path in (around / "root/x.py", around / "root/leak.py"):
        try:
            target = Site(str(path)).find(fill(params, around))
        except Refusal as refusal:
            assert refusal.word == "bad-path"  # noqa: PT017 - most do not raise
        else:
            assert target.script == os.path.realpath(path)


@law(250)
@given(URLS)
def test_all_ways_to_say_a_path_come_to_the_same(around: Path, url: str) -> None:
    """As long as the front says the same."""
    site = Site(str(around / "root"))
    found = set()
    for params in (
        {"SCRIPT_NAME": url},
        {"SCRIPT_NAME": "", "PATH_INFO": url},
        {"DOCUMENT_URI": url},
    ):
        try:
            found.add(site.find(params))
        except Refusal as refusal:
            found.add(refusal.word)  # type: ignore[arg-type]
    assert len(found) == 1
