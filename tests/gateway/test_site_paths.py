"""Each path has its defined answer: a script, or the word that refuses it."""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gateway.sites import find, refuse, write_script
from mainspring.gateway.refusals import Refusal
from mainspring.gateway.site import Site

if TYPE_CHECKING:
    from collections.abc import Iterator

STRANGER = 12345


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    for name in ("x.py", "d/index.py", "d/deep/y.cgi", "d/nph-raw.py", ".secret/z.py", "d/.hidden.py"):
        write_script(root / name, "#!/usr/bin/env python3\n")
    write_script(root / "style.css")
    write_script(root / "empty/readme.txt")
    write_script(tmp_path / "outside.py")
    write_script(tmp_path / "root-beside/x.py")
    return root


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("/none.py", "no-script"),
        ("/x.py.bak", "no-script"),
        ("/X.PY", "no-script"),
        ("/x.PY", "no-script"),
        ("/d/none", "no-script"),
        ("/d/none/x.py", "no-script"),
        ("/d/deep/", "no-script"),
        ("/empty/", "no-script"),
        ("/empty", "folder"),
        ("/d", "folder"),
        ("/style.css", "not-a-script"),
        ("/style.css/x.py", "not-a-script"),
        ("/.secret/z.py", "no-script"),
        ("/d/.hidden.py", "no-script"),
        ("/d/nph-raw.py", "nph"),
        ("/d/nph-raw.py/info", "nph"),
        ("/../outside.py", "bad-path"),
        ("/d/../x.py", "bad-path"),
        ("/d/./index.py", "bad-path"),
        ("/x.py/..", "bad-path"),
        ("/x.py/../../outside.py", "bad-path"),
        ("/..", "bad-path"),
        ("/.", "bad-path"),
        ("//x.py", "bad-path"),
        ("/d//index.py", "bad-path"),
        ("/d//", "bad-path"),
        ("/x.py\0", "bad-path"),
        ("/x.py\0.txt", "bad-path"),
        ("/x.py\n", "bad-path"),
        ("/x.py/a\rb", "bad-path"),
        ("/\x7f", "bad-path"),
        ("x.py", "bad-path"),
        ("/%2e%2e/outside.py", "no-script"),
        ("/d%2findex.py", "no-script"),
        ("/" + "a" * 300 + ".py", "no-script"),
        ("/a" * 5000, "no-script"),
        ("/\ud800.py", "no-script"),
    ],
)
def test_a_path_that_leads_to_no_script_is_refused(url: str, word: str, root: Path) -> None:
    assert refuse(Site(str(root)), {"SCRIPT_NAME": url}) == word
    assert refuse(Site(str(root)), {"PATH_INFO": url}) == word


@pytest.mark.parametrize(
    "uri", ["/d%2findex.py", "/d%2Findex.py", "/x.py/a%2fb", "/%2e%2e/outside.py", "/x.py%00", "/x.py%0a"]
)
def test_an_encoded_trick_in_request_uri_is_a_bad_path(uri: str, root: Path) -> None:
    assert refuse(Site(str(root)), {"REQUEST_URI": uri}) == "bad-path"


@pytest.mark.parametrize(
    ("url", "script", "path_info"),
    [
        ("/x.py", "x.py", ""),
        ("/x.py/", "x.py", "/"),
        ("/x.py//a//", "x.py", "//a//"),
        ("/x.py/.git/config", "x.py", "/.git/config"),
        ("/x.py/..a/b..", "x.py", "/..a/b.."),
        ("/x.py/d/index.py", "x.py", "/d/index.py"),
        ("/x.py/%2e%2e", "x.py", "/%2e%2e"),
        ("/d/", "d/index.py", ""),
        ("/d/deep/y.cgi/z", "d/deep/y.cgi", "/z"),
        ("/x.py/" + "a" * 100_000, "x.py", "/" + "a" * 100_000),
        ("/x.py" + "/a" * 30_000, "x.py", "/a" * 30_000),
    ],
)
def test_a_path_is_split_behind_the_first_regular_file(
    url: str, script: str, path_info: str, root: Path
) -> None:
    target = find(root, url)
    assert target.script == str(root / script)
    assert (target.script_name, target.path_info) == ("/" + script, path_info)


@pytest.mark.parametrize(
    ("filename", "word"),
    [
        ("/etc/passwd", "outside-root"),
        ("ROOT/../outside.py", "bad-path"),
        ("ROOT/d/../../outside.py", "bad-path"),
        ("ROOT-beside/x.py", "outside-root"),
        ("ROOT/.secret/z.py", "no-script"),
        ("ROOT/x.py\n", "bad-path"),
        ("ROOT/x.py\0", "bad-path"),
        ("ROOT/X.py", "no-script"),
        ("/nowhere/x.py", "no-script"),
        ("ROOT", "folder"),
        ("ROOT/d", "folder"),
        ("proxy:fcgi://localhost/etc/passwd", "no-script"),
        ("proxy:fcgi://localhost/../outside.py", "bad-path"),
    ],
)
def test_a_file_that_a_front_names_is_below_the_root(filename: str, word: str, root: Path) -> None:
    params = {"SCRIPT_FILENAME": filename.replace("ROOT", str(root)), "SCRIPT_NAME": "/x.py"}
    assert refuse(Site(str(root)), params) == word


def test_path_info_leads_nowhere_else_where_the_file_is_a_folder(root: Path) -> None:
    for path_info in ("-beside/x.py", "/../outside.py", "x.py"):
        params = {"SCRIPT_FILENAME": str(root), "SCRIPT_NAME": "", "PATH_INFO": path_info}
        assert refuse(Site(str(root)), params) == "bad-path"


def test_a_link_may_stay_within_the_root_and_not_leave_it(root: Path, tmp_path: Path) -> None:
    (root / "same.py").symlink_to("d/index.py")
    (root / "e").symlink_to("d")
    (root / "away.py").symlink_to("../outside.py")
    (root / "far").symlink_to(tmp_path / "root-beside")
    (root / "secret.py").symlink_to(".secret/z.py")
    (root / "loop.py").symlink_to("loop.py")
    (root / "raw.py").symlink_to("d/nph-raw.py")
    (root / "nph-x.py").symlink_to("x.py")
    (root / ".x.py").symlink_to("x.py")
    site = Site(str(root))
    assert site.find({"SCRIPT_NAME": "/same.py"}).script == str(root / "d/index.py")
    assert site.find({"SCRIPT_NAME": "/e/deep/y.cgi/a"}).script == str(root / "d/deep/y.cgi")
    words = {name: refuse(site, {"SCRIPT_NAME": name}) for name in ("/away.py", "/far/x.py", "/far/")}
    assert words == dict.fromkeys(words, "outside-root")
    assert refuse(site, {"SCRIPT_NAME": "/secret.py"}) == "no-script"
    assert refuse(site, {"SCRIPT_NAME": "/loop.py"}) == "no-script"
    assert refuse(site, {"SCRIPT_NAME": "/.x.py"}) == "no-script"
    assert refuse(site, {"SCRIPT_NAME": "/raw.py"}) == "nph"
    assert refuse(site, {"SCRIPT_NAME": "/nph-x.py"}) == "nph"


def test_what_is_no_regular_file_is_no_script(root: Path) -> None:
    os.mkfifo(root / "pipe.py")
    (root / "null.py").symlink_to("/dev/null")
    assert refuse(Site(str(root)), {"SCRIPT_NAME": "/pipe.py"}) == "no-script"
    assert refuse(Site(str(root)), {"SCRIPT_NAME": "/null.py"}) == "outside-root"
    (root / "folder.py").mkdir()
    assert refuse(Site(str(root)), {"SCRIPT_NAME": "/folder.py"}) == "folder"


def test_a_file_that_is_deleted_while_it_is_looked_at_is_no_script(root: Path) -> None:
    """The kernel then gives it a name that it never had, below the root."""
    descriptor = os.open(root / "x.py", os.O_RDONLY)
    try:
        (root / "x.py").unlink()
        (root / "gone.py").symlink_to(f"/proc/self/fd/{descriptor}")
        assert refuse(Site(str(root)), {"SCRIPT_NAME": "/gone.py"}) == "no-script"
    finally:
        os.close(descriptor)


@contextmanager
def unprivileged_folder() -> Iterator[Path]:
    """A folder whose modes count: root is another user meanwhile."""
    folder = Path(tempfile.mkdtemp())
    is_root = os.geteuid() == 0
    try:
        folder.chmod(0o755)
        if is_root:
            os.chown(folder, STRANGER, STRANGER)
            os.seteuid(STRANGER)
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        for path in (folder / "closed", folder):
            path.chmod(0o755)
        shutil.rmtree(folder)


def test_a_script_that_cannot_be_read_is_forbidden() -> None:
    with unprivileged_folder() as folder:
        write_script(folder / "x.py").chmod(0)
        write_script(folder / "closed/x.py")
        (folder / "closed").chmod(0)
        site = Site(str(folder))
        assert refuse(site, {"SCRIPT_NAME": "/x.py"}) == "not-readable"
        assert refuse(site, {"SCRIPT_NAME": "/closed/x.py"}) == "not-readable"
        assert refuse(Site(str(folder / "x.py")), {"SCRIPT_NAME": "/x.py"}) == "not-readable"
        (folder / "x.py").chmod(0o400)
        assert site.find({"SCRIPT_NAME": "/x.py"}).script == str(folder / "x.py")


def test_the_client_is_told_where_a_folder_is(root: Path) -> None:
    (root / "a b").mkdir()
    for params, location in (
        ({"SCRIPT_NAME": "/d"}, "/d/"),
        ({"SCRIPT_NAME": "/d", "QUERY_STRING": "a=1&b=%20"}, "/d/?a=1&b=%20"),
        ({"SCRIPT_NAME": "/d", "QUERY_STRING": "a\r\nX: b"}, "/d/?a%0D%0AX:%20b"),
        ({"SCRIPT_NAME": "/a b"}, "/a%20b/"),
        ({"SCRIPT_FILENAME": f"{root}/d", "SCRIPT_NAME": "/cgi/d"}, "/cgi/d/"),
        ({"SCRIPT_FILENAME": f"{root}/d", "SCRIPT_NAME": "//evil.example/d"}, "/evil.example/d/"),
    ):
        with pytest.raises(Refusal) as caught:
            Site(str(root)).find(params)
        assert (caught.value.status, caught.value.headers) == (308, (("Location", location),))


def test_extensions_and_indexes_are_the_operator_s(root: Path) -> None:
    write_script(root / "d/start.pyw", "#!/usr/bin/python3\n")
    write_script(root / "d/plain", "#!/usr/bin/python3\n")
    site = Site(str(root), extensions=(".pyw", ""), index=("none.pyw", "start.pyw"))
    assert site.find({"SCRIPT_NAME": "/d/"}).script == str(root / "d/start.pyw")
    assert site.find({"SCRIPT_NAME": "/d/plain/a"}).path_info == "/a"
    strict = Site(str(root), extensions=(".pyw",))
    assert refuse(strict, {"SCRIPT_NAME": "/x.py"}) == "not-a-script"


def test_the_first_index_that_is_there_is_the_index(root: Path) -> None:
    write_script(root / "d/index.cgi", "#!/bin/sh\n")
    assert find(root, "/d/").script == str(root / "d/index.py")
    (root / "d/index.py").unlink()
    assert refuse(Site(str(root)), {"SCRIPT_NAME": "/d/"}) == "not-python"


def test_the_root_may_be_above_what_is_served(root: Path) -> None:
    site = Site(str(root / "d"), root=str(root))
    target = site.find({"SCRIPT_NAME": "/d/deep/y.cgi/a"})
    assert (target.script, target.root) == (str(root / "d/deep/y.cgi"), str(root))
    assert refuse(site, {"SCRIPT_NAME": "/x.py"}) == "outside-root"
    assert Site(str(root / "x.py"), root="/srv").find({"SCRIPT_NAME": "/x.py"}).root == "/srv"


def test_everything_may_be_served() -> None:
    with tempfile.NamedTemporaryFile(suffix=".py") as script:
        target = Site("/").find({"SCRIPT_NAME": f"{script.name}/a"})
        assert target.script == str(Path(script.name).resolve())
        assert (target.script_name, target.path_info) == (script.name, "/a")


def test_a_script_need_not_be_executable(root: Path) -> None:
    (root / "x.py").chmod(0o444)
    assert find(root, "/x.py").script == str(root / "x.py")
