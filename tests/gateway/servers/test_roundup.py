"""Roundup's roundup.cgi, as it is installed, is logged in to and takes an issue through nginx."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from .applications import prepare_applications
from .client import Answer, Client
from .fronts import NGINX
from .served import Gateway, place_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

URL = "/cgi-bin/roundup.cgi/tests"
#: nginx as Debian sets it up gives scripts the name alone, without the port
ORIGIN = "http://127.0.0.1"
TOKEN = re.compile(r'name="@csrf"[^>]*value="([^"]+)"')
PASSWORD = "a-secret-of-tests"  # noqa: S105 - of a tracker that lives for a minute
LOGIN = {"@action": "Login", "__login_name": "admin", "__login_password": PASSWORD}


@dataclass
class Browser:
    """Keeps cookies, and sends forms as a browser does."""

    client: Client
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str) -> Answer:
        return self.note(self.client.ask("GET", f"{URL}/{path}", headers=self.headers()))

    def send(self, path: str, page: Answer, fields: dict[str, str]) -> Answer:
        """Send the form of *page*, which has a token of its own."""
        body = urlencode({"@csrf": TOKEN.findall(page.text)[-1], **fields})
        headers = {**self.headers(), "Content-Type": "application/x-www-form-urlencoded"}
        return self.note(self.client.ask("POST", f"{URL}/{path}", body.encode(), headers))

    def headers(self) -> dict[str, str]:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        same = {"Origin": ORIGIN, "Referer": f"{ORIGIN}{URL}/"}
        return {**same, "Cookie": cookies} if cookies else same

    def note(self, answer: Answer) -> Answer:
        for cookie in answer.list_header("Set-Cookie"):
            name, _, value = cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer


@pytest.fixture(scope="module")
def browser(folder: Path, launcher: Path) -> Iterator[Browser]:
    environment = prepare_applications()
    python = environment / "bin" / "python"
    script = environment / "share" / "roundup" / "cgi-bin" / "roundup.cgi"
    place_script(folder / "cgi" / script.name, script.read_text(), python)
    tracker = folder / "tracker"
    with (
        Gateway(folder, folder / "cgi", "--env", f"TRACKER_HOMES=tests={tracker}").run(
            launcher
        ) as gateway,
        NGINX.run(folder, folder / "cgi", gateway.unix) as port,
    ):
        make_tracker(environment, tracker)
        yield Browser(Client(port))


def make_tracker(environment: Path, tracker: Path) -> None:
    admin = [environment / "bin" / "roundup-admin", "-i", tracker]
    # 2.6.0 cannot compress as a CGI script: what would ask for the client's headers has none
    settings = (
        f"tracker_web={ORIGIN}{URL}/,web_dynamic_compression=no,mail_domain=e.invalid,mail_host=localhost"
    )
    for words in (["install", "classic", "sqlite", settings], ["initialise", PASSWORD]):
        subprocess.run([*admin, *words], check=True, capture_output=True, cwd=tracker.parent)


def test_a_user_logs_in_and_files_an_issue(browser: Browser) -> None:
    home = browser.get("")
    assert (home.status, "Login" in home.text) == (200, True)
    browser.send("", home, LOGIN)
    form = browser.get("issue?@template=item")
    assert "Submit New Entry" in form.text
    title = "A gateway takes \u00e9\u4e2d & <all>"
    filed = browser.send("issue", form, {"@action": "new", "title": title, "priority": "bug"})
    assert (filed.status, "issue1" in filed.list_header("Location")[0]) == (302, True)
    issue = browser.get("issue1")
    assert issue.status == 200
    assert "A gateway takes \u00e9\u4e2d &amp; &lt;all&gt;" in issue.text


def test_a_path_that_leads_nowhere_is_its_own_404(browser: Browser) -> None:
    answer = browser.get("issue999")
    assert answer.status == 404
    assert "Roundup" in browser.get("").text
