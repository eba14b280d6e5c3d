"""The status says what goes on, in bounded memory, and shows no client's text as anything but text."""

from __future__ import annotations

import json
import os
import time
import tracemalloc
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest

from gateway.telling import PARAMS, Gauges, make_served
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.operating import Logs, open_journal
from mainspring.gateway.status import Status
from mainspring.gateway.statuspage import format_span, render_page
from mainspring.gateway.tally import MOST_SCRIPTS, OTHER, Tally

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from mainspring.gateway.journal import Journal

VOID = {"meta"}
HARMLESS = {
    "lang", "charset", "name", "content", "class", "scope", "href", "tabindex", "role", "aria-label",
}  # fmt: skip


class Page(HTMLParser):
    """A page's text and elements, which have to be closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data + "\n"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    files = {name: str(tmp_path / name) for name in ("access", "errors", "slow")}
    journal = open_journal(Logs(**files), Bounds(slow=0))  # type: ignore[arg-type]
    yield journal
    journal.close()


def serve(journal: Journal, **changes: object) -> None:
    served = make_served(**changes)
    journal.begin(served)
    journal.end(served)


def describe(journal: Journal) -> dict[str, Any]:
    status = Status(journal, Gauges()).describe()
    assert json.loads(json.dumps(status)) == status
    return status


def test_requests_are_counted_by_script(journal: Journal) -> None:
    for number in range(100):
        serve(journal, seconds=number / 1000, received=3)
    serve(journal, script="/srv/cgi/bad.py", status=500, kind="cold", reason="timeout")
    serve(journal, script=None, kind=None, status=404, reason="no-script")
    status = describe(journal)
    hello, bad, none = status["scripts"]
    assert (hello["script"], hello["requests"], hello["classes"]["2xx"]) == (
        "/srv/cgi/hello.py",
        100,
        100,
    )
    assert (hello["p50"], hello["p90"], hello["p99"], hello["longest"]) == (0.05, 0.09, 0.099, 0.099)
    assert (hello["received"], hello["sent"]) == (300, 1200)
    assert (bad["script"], bad["classes"]["5xx"]) == ("/srv/cgi/bad.py", 1)
    assert (none["script"], none["classes"]["4xx"]) == ("none", 1)
    assert status["requests"]["requests"] == status["lately"]["requests"] == 102
    assert sum(status["requests"]["classes"].values()) == 102
    assert status["starts"] == {"warm": 100, "cold": 1, "kept": 0, "cold_again": 0}
    assert status["refusals"] == {"timeout": 1, "no-script": 1}


def test_what_the_pool_says_is_shown(journal: Journal) -> None:
    assert describe(journal)["pool"] == {
        "running": 1, "limit": 8, "waiting": 2, "queue": 128, "kept": 3,
    }  # fmt: skip


def test_requests_under_way_are_listed_with_their_age(journal: Journal) -> None:
    older = make_served(identity="a-1", clock=time.monotonic() - 100, kind="kept")
    waits = make_served(identity="a-2", process=None, kind=None)
    journal.begin(older)
    journal.begin(waits)
    first, second = describe(journal)["under_way"]
    assert 100 <= first["age"] < 130
    assert (first["id"], first["process"], first["kind"]) == ("a-1", 4321, "kept")
    assert (second["id"], second["process"]) == ("a-2", None)
    journal.end(older)
    journal.end(waits)
    assert describe(journal)["under_way"] == []


def test_a_cold_start_after_warm_ones_is_told_apart(journal: Journal) -> None:
    journal.note_cold("/srv/cgi/hello.py", "never")
    serve(journal, kind="cold")
    serve(journal, kind="warm")
    journal.note_cold("/srv/cgi/hello.py", "host-ended")
    serve(journal, kind="cold")
    status = describe(journal)
    assert status["starts"]["cold_again"] == 1
    assert status["restarts"]["reasons"] == {"never": 1, "host-ended": 1}
    [restart] = status["restarts"]["lately"]
    assert (restart["script"], restart["reason"]) == ("/srv/cgi/hello.py", "host-ended")


def test_lately_is_five_to_ten_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    tally = Tally()
    counted = []
    for minute in range(30):
        now = 1000.0 + 60 * minute
        if minute < 20:
            tally.add(make_served(seconds=0.5))
        seconds, times = tally.sum_up_lately()
        counted.append(times.number)
        assert 300 <= seconds <= 600
        assert times.number <= seconds / 60 + 1
    assert counted[:10] == list(range(1, 11))
    assert all(5 <= number <= 10 for number in counted[5:20])
    assert counted[-1] == 0


def test_memory_is_bounded_whatever_is_asked_for(journal: Journal) -> None:
    def serve_many(first: int) -> None:
        for number in range(first, first + 3000):
            words = {"script": f"/srv/{number}.py", "reason": f"word-{number}"}
            served = make_served(
                identity=str(number), params={**PARAMS, "QUERY_STRING": str(number)}, **words
            )
            journal.begin(served)
            journal.note_cold(f"/srv/{number}.py", f"cold-{number}")
            journal.end(served)

    serve_many(0)
    tracemalloc.start()
    serve_many(3000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000
    assert len(journal.tally.scripts) == MOST_SCRIPTS + 1
    assert journal.tally.scripts[OTHER].times.number == 6000 - MOST_SCRIPTS
    assert len(json.dumps(describe(journal))) < 100_000
    assert len(render_page(describe(journal))) < 200_000


def test_a_log_that_fails_fails_no_request(journal: Journal, tmp_path: Path) -> None:
    served = make_served(params={"REMOTE_ADDR": 7})  # no front gives this
    journal.begin(served)
    journal.end(served)
    assert journal.under_way == {}
    assert describe(journal)["errors"]["failures"] == 1
    assert "the gateway could not tell of this request" in (tmp_path / "errors").read_text()
    serve(journal)
    assert (tmp_path / "access").read_text().count("\n") == 1


def test_logs_are_opened_anew_together(journal: Journal, tmp_path: Path) -> None:
    serve(journal)
    for name in ("access", "errors"):
        (tmp_path / name).rename(tmp_path / f"{name}.1")
    journal.reopen()
    serve(journal)
    journal.note_error(make_served(), "x")
    assert (tmp_path / "access.1").read_text().count("\n") == 1
    assert (tmp_path / "access").read_text().count("\n") == 1
    assert (tmp_path / "errors").read_text().count("\n") == 1


def test_a_log_in_trouble_is_shown_first() -> None:
    journal = open_journal(Logs(access="/dev/full", errors=os.devnull, slow=None), Bounds())
    serve(journal)
    status = describe(journal)
    [access, _] = status["logs"]
    assert access == {
        "name": "access log", "path": "/dev/full", "lost": 1, "problem": "No space left on device",
    }  # fmt: skip
    page = Page(render_page(status))
    assert "The access log /dev/full cannot be written: No space left on device." in page.text
    journal.close()


def test_the_page_is_whole_and_loads_nothing(journal: Journal) -> None:
    serve(journal)
    journal.begin(make_served())
    text = render_page(describe(journal))
    page = Page(text)
    assert page.names.isdisjoint({"script", "link", "img", "iframe", "form"})
    assert {name for name, _ in page.attributes} <= HARMLESS
    assert [value for name, value in page.attributes if name == "href"] == ["?format=json"]
    assert "url(" not in text
    assert "@import" not in text
    assert "prefers-color-scheme: dark" in text
    assert len(text) < 10_000


def test_no_clients_text_is_markup(journal: Journal) -> None:
    bad = "/srv/<script>alert(1)</script>&\"'\x1b\n.py"
    serve(journal, script=bad, reason="<b>", identity="<i>")
    journal.note_cold(bad, "<u>")
    journal.begin(make_served(script=bad, identity="<i>"))
    page = Page(render_page(describe(journal)))
    assert page.names.isdisjoint({"script", "b", "i", "u"})
    assert "/srv/<script>alert(1)</script>&\"'\\x1b\\n.py" in page.text


def test_spans_are_for_people() -> None:
    spans = {
        0.00082: "0.82 ms",
        0.34: "340 ms",
        2.5: "2.5 s",
        750: "12.5 min",
        9000: "2.5 h",
        345_600: "4.0 days",
    }
    assert {seconds: format_span(seconds) for seconds in spans} == spans
