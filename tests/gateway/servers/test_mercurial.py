"""Mercurial's hgweb.cgi, as it comes, is browsed, cloned, pulled from and pushed to through nginx."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from warm.parity.remains import wait_for

from .applications import prepare_applications
from .client import Client
from .fronts import NGINX
from .served import Gateway, place_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: as in Mercurial's source package, with the path of a repository
HGWEB = """\
#
# An example hgweb CGI script, edit as necessary
# See also https://mercurial-scm.org/wiki/PublishingRepositories

# Path to repo or hgweb config to serve (see 'hg help hgweb')
config = b"{repository}"

from mercurial import demandimport

demandimport.enable()
from mercurial.hgweb import (
    hgweb,
    wsgicgi,
)

application = hgweb(config)
wsgicgi.launch(application)
"""
SETTINGS = """\
[ui]
username = Test <test@example.invalid>
[web]
push_ssl = no
allow-push = *
"""
URL = "/cgi-bin/hgweb.cgi"


@dataclass(frozen=True)
class Mercurial:
    """A repository behind a front, and `hg` to work with it."""

    folder: Path
    hg: Path
    client: Client
    gateway: Gateway

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.client.port}{URL}"

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    def run(self, *words: str | Path, at: Path | None = None) -> str:
        """What `hg` writes."""
        done = subprocess.run(
            [self.hg, *words],
            cwd=at or self.folder,
            env={"PATH": "/usr/bin:/bin", "HGRCPATH": str(self.folder / "hgrc"), "HGPLAIN": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done
        return done.stdout

    def commit(self, at: Path, name: str, text: str) -> None:
        (at / name).write_text(text)
        self.run("commit", "--addremove", "--message", f"add {name}", at=at)


@pytest.fixture(scope="module")
def mercurial(folder: Path, launcher: Path) -> Iterator[Mercurial]:
    tools = prepare_applications() / "bin"
    (folder / "hgrc").write_text(SETTINGS)
    text = HGWEB.format(repository=folder / "repository")
    place_script(folder / "cgi" / "hgweb.cgi", text, tools / "python")
    log = ("--access-log", str(folder / "access.log"), "--log-format", "json")
    env = ("--env", f"HGRCPATH={folder / 'hgrc'}")
    with (
        Gateway(folder, folder / "cgi", *log, *env).run(launcher) as gateway,
        NGINX.run(folder, folder / "cgi", gateway.unix) as port,
    ):
        mercurial = Mercurial(folder, tools / "hg", Client(port), gateway)
        mercurial.run("init", mercurial.repository)
        mercurial.commit(mercurial.repository, "one", "the first\n" * 10_000)
        mercurial.commit(mercurial.repository, "two", "the second\n")
        yield mercurial


def test_it_is_browsed(mercurial: Mercurial) -> None:
    log = mercurial.client.get(URL)
    assert log.status == 200
    assert "add two" in log.text
    page = mercurial.client.get(f"{URL}/file/tip/two")
    assert (page.status, "the second" in page.text) == (200, True)
    raw = mercurial.client.get(f"{URL}/raw-file/0/one")
    assert (raw.status, raw.body) == (200, b"the first\n" * 10_000)
    assert mercurial.client.get(f"{URL}/file/tip/absent").status == 404


def test_what_is_cloned_pulled_and_pushed_arrives(mercurial: Mercurial) -> None:
    one, other = mercurial.folder / "clone-one", mercurial.folder / "clone-other"
    mercurial.run("clone", mercurial.url, one)
    mercurial.run("clone", mercurial.url, other)
    assert (one / "one").read_text() == "the first\n" * 10_000
    mercurial.commit(one, "large", "".join(f"{number}\n" for number in range(300_000)))
    mercurial.run("push", at=one)
    mercurial.run("pull", "--update", at=other)
    assert (other / "large").read_bytes() == (one / "large").read_bytes()
    tips = {mercurial.run("identify", "--rev", "tip", at=at) for at in (one, other, mercurial.repository)}
    assert len(tips) == 1
    mercurial.run("verify", at=mercurial.repository)


def test_it_comes_to_be_served_from_a_host(mercurial: Mercurial) -> None:
    def is_warm() -> bool:
        mercurial.client.get(URL)
        return '"kind":"warm"' in (mercurial.folder / "access.log").read_text()

    wait_for(is_warm, "a warm start", 60)
    assert "add one" in mercurial.client.get(URL).text
