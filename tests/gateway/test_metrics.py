"""What Prometheus is told is its text format, with a bounded number of series."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from gateway.laws import law
from gateway.telling import Gauges, make_served
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.metrics import FAMILIES, escape_label, render_metrics
from mainspring.gateway.operating import Logs, open_journal
from mainspring.gateway.status import Status
from mainspring.gateway.tally import MOST_SCRIPTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mainspring.gateway.journal import Journal

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


@pytest.fixture
def journal() -> Iterator[Journal]:
    journal = open_journal(Logs(os.devnull, "json", os.devnull, None), Bounds())
    yield journal
    journal.close()


def read_metrics(journal: Journal) -> Samples:
    samples: Samples = {}
    for family in text_string_to_metric_families(render_metrics(Status(journal, Gauges()))):
        for sample in family.samples:
            key = (sample.name, frozenset(sample.labels.items()))
            assert key not in samples
            samples[key] = sample.value
    return samples


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


def serve(journal: Journal, **changes: object) -> None:
    served = make_served(**changes)
    journal.begin(served)
    journal.end(served)


def test_the_values_are_those_that_were_counted(journal: Journal) -> None:
    serve(journal, seconds=0.01, waited=0.25, received=5)
    serve(journal, seconds=0.0101, kind="cold")
    serve(journal, seconds=100.0, kind="kept", status=503, reason="timeout")
    journal.note_cold("/srv/cgi/hello.py", "host-ended")
    journal.note_error(make_served(), "one\ntwo")
    samples = read_metrics(journal)
    script = "/srv/cgi/hello.py"
    assert samples[key("mainspring_requests_total", script=script, code="2xx")] == 2
    assert samples[key("mainspring_requests_total", script=script, code="5xx")] == 1
    assert samples[key("mainspring_request_seconds_bucket", script=script, le="0.01")] == 1
    assert samples[key("mainspring_request_seconds_bucket", script=script, le="60")] == 2
    assert samples[key("mainspring_request_seconds_bucket", script=script, le="+Inf")] == 3
    assert samples[key("mainspring_request_seconds_count", script=script)] == 3
    assert samples[key("mainspring_request_seconds_sum", script=script)] == pytest.approx(100.0201)
    assert samples[key("mainspring_waited_seconds_total", script=script)] == 0.25
    assert samples[key("mainspring_received_bytes_total", script=script)] == 5
    assert samples[key("mainspring_sent_bytes_total", script=script)] == 36
    assert samples[key("mainspring_starts_total", script=script, kind="kept")] == 1
    assert samples[key("mainspring_starts_cold_again_total", script=script)] == 1
    assert samples[key("mainspring_cold_starts_total", reason="host-ended")] == 1
    assert samples[key("mainspring_refusals_total", reason="timeout")] == 1
    assert samples[key("mainspring_error_lines_total")] == 2
    assert samples[key("mainspring_scripts_running")] == 1
    assert samples[key("mainspring_scripts_limit")] == 8
    assert samples[key("mainspring_requests_waiting")] == 2
    assert samples[key("mainspring_ending")] == 0
    assert samples[key("mainspring_log_lines_lost_total", log="access log")] == 0


def test_each_metric_is_of_its_type_and_has_its_meaning(journal: Journal) -> None:
    serve(journal, reason="timeout")
    journal.note_cold("x", "never")
    found = {
        one.name: (one.type, one.documentation)
        for one in text_string_to_metric_families(render_metrics(Status(journal, Gauges())))
    }
    expected = {
        name.removesuffix("_total") if one.type == "counter" else name: (one.type, one.meaning)
        for name, one in FAMILIES.items()
    }
    assert found == expected
    assert all(name.endswith("_total") == (one.type == "counter") for name, one in FAMILIES.items())


def test_series_are_bounded(journal: Journal) -> None:
    for number in range(3000):
        served = {"script": f"/srv/{number}.py", "reason": f"r{number}", "status": 100 + number % 500}
        serve(journal, **served)
        journal.note_cold("x", f"r{number}")
    samples = read_metrics(journal)
    scripts = {dict(labels).get("script") for _, labels in samples} - {None}
    assert len(scripts) == MOST_SCRIPTS + 1
    assert samples[key("mainspring_request_seconds_count", script="other")] == 3000 - MOST_SCRIPTS
    assert len(samples) < 6000


@law(100)
@given(st.binary(max_size=40).map(lambda data: data.decode("utf-8", "surrogateescape")))
def test_any_path_is_a_label(path: str) -> None:
    text = f'# TYPE x gauge\nx{{script="{escape_label(path)}"}} 1\n'
    [family] = text_string_to_metric_families(text)
    [sample] = family.samples
    assert sample.value == 1
    if path.isprintable():
        assert sample.labels == {"script": path}
