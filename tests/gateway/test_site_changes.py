"""A change to a script or to the tree counts at once; what has not changed costs few system calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from security.people import need

from gateway.sites import SCRIPT, refuse, write_script
from mainspring.gateway import interpreter
from mainspring.gateway import site as site_module
from mainspring.gateway.site import Site

if TYPE_CHECKING:
    from pathlib import Path

URL = {"SCRIPT_NAME": "/x.cgi"}
PYTHON = "#!/usr/bin/python3\n"


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site that trusts a file's times at once: the tests are faster than two seconds."""
    monkeypatch.setattr(interpreter, "RACY_SECONDS", -1e9)
    write_script(tmp_path / "root/x.cgi", PYTHON)
    site = Site(str(tmp_path / "root"))
    site.find(URL)
    return site


def test_an_edit_of_the_first_line_is_seen_at_once(site: Site, tmp_path: Path) -> None:
    write_script(tmp_path / "root/x.cgi", "#!/usr/bin/perl\n")
    assert refuse(site, URL) == "not-python"
    write_script(tmp_path / "root/x.cgi", "#!/opt/python3.12 -E\n")
    assert site.find(URL).python == "/opt/python3.12"
    assert site.find(URL).options == ("-E",)


def test_a_script_that_is_replaced_is_seen_at_once(site: Site, tmp_path: Path) -> None:
    new = write_script(tmp_path / "new", "#!/usr/bin/perl!!!\n")
    assert new.stat().st_size == (tmp_path / "root/x.cgi").stat().st_size
    times = (tmp_path / "root/x.cgi").stat()
    os.utime(new, ns=(times.st_atime_ns, times.st_mtime_ns))
    new.replace(tmp_path / "root/x.cgi")
    assert refuse(site, URL) == "not-python"


def test_a_script_that_is_gone_is_gone_at_once(site: Site, tmp_path: Path) -> None:
    (tmp_path / "root/x.cgi").unlink()
    assert refuse(site, URL) == "no-script"
    write_script(tmp_path / "root/x.cgi", PYTHON)
    assert site.find(URL).script == str(tmp_path / "root/x.cgi")


def test_a_script_that_becomes_a_link_out_of_the_root_is_refused(site: Site, tmp_path: Path) -> None:
    """Though it is the very file that was served before."""
    (tmp_path / "root/x.cgi").rename(tmp_path / "x.cgi")
    (tmp_path / "root/x.cgi").symlink_to("../x.cgi")
    assert refuse(site, URL) == "outside-root"


def test_a_folder_that_becomes_a_link_out_of_the_root_is_refused(site: Site, tmp_path: Path) -> None:
    url = {"SCRIPT_NAME": "/d/x.cgi"}
    write_script(tmp_path / "root/d/x.cgi", PYTHON)
    site.find(url)
    (tmp_path / "root/d").rename(tmp_path / "d")
    (tmp_path / "root/d").symlink_to("../d")
    assert refuse(site, url) == "outside-root"


def test_a_link_that_leads_to_another_name_of_the_same_file_is_followed(
    site: Site, tmp_path: Path
) -> None:
    """As in releases that share what has not changed: a script imports what lies beside it."""
    url = {"SCRIPT_NAME": "/now/x.cgi"}
    write_script(tmp_path / "root/1/x.cgi", PYTHON)
    (tmp_path / "root/2").mkdir()
    os.link(tmp_path / "root/1/x.cgi", tmp_path / "root/2/x.cgi")
    (tmp_path / "root/now").symlink_to("1")
    assert site.find(url).script == site.find(url).script == str(tmp_path / "root/1/x.cgi")
    (tmp_path / "root/next").symlink_to("2")
    (tmp_path / "root/next").replace(tmp_path / "root/now")
    assert site.find(url).script == str(tmp_path / "root/2/x.cgi")


def test_a_script_that_becomes_a_folder_is_none(site: Site, tmp_path: Path) -> None:
    site.find(URL)
    (tmp_path / "root/x.cgi").unlink()
    (tmp_path / "root/x.cgi").mkdir()
    assert refuse(site, URL) == "folder"


def test_what_is_remembered_is_what_was_asked_for(site: Site, tmp_path: Path) -> None:
    """One file by two names of the URL, and by a front that names it."""
    named = {"SCRIPT_FILENAME": str(tmp_path / "root/x.cgi")}
    for _ in range(2):
        assert site.find(URL).script_name == "/x.cgi"
        assert site.find({**named, "SCRIPT_NAME": "/app/x.cgi"}).script_name == "/app/x.cgi"
        assert site.find({**URL, "PATH_INFO": "/more"}).path_info == "/more"
        assert site.find({"SCRIPT_NAME": "/x.cgi/more"}).path_info == "/more"
        assert site.find({**URL, "PATH_INFO": ""}).path_info == ""


def test_a_root_that_is_exchanged_counts_at_once(tmp_path: Path) -> None:
    for release in ("1", "2"):
        write_script(tmp_path / release / "x.cgi", PYTHON)
    (tmp_path / "2/old.cgi").symlink_to("../1/x.cgi")
    current = tmp_path / "current"
    current.symlink_to("1")
    site = Site(str(current))
    assert site.find(URL).script == str(tmp_path / "1/x.cgi")
    (tmp_path / "next").symlink_to("2")
    (tmp_path / "next").replace(current)
    assert site.find(URL).script == str(tmp_path / "2/x.cgi")
    assert refuse(site, {"SCRIPT_NAME": "/old.cgi"}) == "outside-root"
    shutil.rmtree(tmp_path / "2")
    assert refuse(site, URL) == "no-script"


def test_one_script_that_is_exchanged_counts_at_once(tmp_path: Path) -> None:
    for name in ("1.cgi", "2.cgi"):
        write_script(tmp_path / name, PYTHON)
    (tmp_path / "x.cgi").symlink_to("1.cgi")
    site = Site(str(tmp_path / "x.cgi"))
    assert site.find({}).script == str(tmp_path / "1.cgi")
    (tmp_path / "next").symlink_to("2.cgi")
    (tmp_path / "next").replace(tmp_path / "x.cgi")
    assert site.find({}).script == str(tmp_path / "2.cgi")
    (tmp_path / "2.cgi").unlink()
    assert refuse(site, {}) == "no-script"


def test_a_script_that_has_only_just_changed_is_read_each_time(tmp_path: Path) -> None:
    """Two edits within one tick of the file system's clock leave the same stat."""
    path = write_script(tmp_path / "x.cgi", PYTHON)
    site = Site(str(tmp_path))
    site.find(URL)
    assert site._interpreters._known == {}
    os.utime(path, (0, 0))
    site.find(URL)
    assert site._interpreters._known == {}


def test_no_more_is_remembered_than_the_bound(
    tmp_path: Path, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (interpreter, site_module):
        monkeypatch.setattr(module, "MOST_REMEMBERED", 3)
    for number in range(10):
        write_script(tmp_path / f"root/{number}.cgi", PYTHON)
        site.find({"SCRIPT_NAME": f"/{number}.cgi"})
        assert 1 <= len(site._interpreters._known) <= 3
        assert 1 <= len(site._looks) <= 3


def test_a_long_name_is_not_remembered(site: Site, tmp_path: Path) -> None:
    filename = str(tmp_path / "root") + "/" * 2000 + "x.cgi"
    assert site.find({**URL, "SCRIPT_FILENAME": filename}).script == str(tmp_path / "root/x.cgi")
    assert len(site._looks) == 1


def test_no_descriptor_is_left(site: Site, tmp_path: Path) -> None:
    (tmp_path / "root/away.py").symlink_to("/etc/passwd")
    write_script(tmp_path / "root/d/index.py", SCRIPT)
    before = os.listdir("/proc/self/fd")
    for url in ("/x.cgi/a", "/away.py", "/d", "/d/", "/none", "/d/none/", "/x.cgi/../a"):
        try:
            site.find({"SCRIPT_NAME": url})
        except Exception as refusal:  # noqa: BLE001
            assert type(refusal).__name__ == "Refusal"  # noqa: PT017
    assert os.listdir("/proc/self/fd") == before


TRACED = """
import os, sys
from mainspring.gateway import interpreter
from mainspring.gateway.site import Site
interpreter.RACY_SECONDS = -1e9
site = Site(sys.argv[1])
params = {"SCRIPT_FILENAME": sys.argv[1] + "/x.cgi", "SCRIPT_NAME": "/x.cgi"}
for _ in range(3):
    site.find(params)
os.access("/begin", 0)
site.find(params)
os.access("/end", 0)
"""


def test_a_hot_script_costs_five_system_calls(tmp_path: Path) -> None:
    write_script(tmp_path / "root/x.cgi", PYTHON)
    need(shutil.which("strace"), "strace")
    trace = tmp_path / "trace"
    command: list[str | Path] = ["strace", "-o", trace, sys.executable, "-c", TRACED, tmp_path / "root"]
    subprocess.run(command, check=True)
    calls = [line.partition("(")[0] for line in trace.read_text().splitlines()]
    text = trace.read_text().splitlines()
    first, last = (
        next(i for i, line in enumerate(text) if f'"/{word}"' in line) for word in ("begin", "end")
    )
    assert len(calls[first + 1 : last]) == 5, text[first : last + 1]
