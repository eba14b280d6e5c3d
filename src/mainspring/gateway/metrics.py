r"""What Prometheus is told, in its text format (0.0.4), from the same counts as the status.

    text     := *family
    family   := "# HELP " NAME SP MEANING LF "# TYPE " NAME SP TYPE LF *sample
    sample   := NAME [SUFFIX] ["{" LABEL '="' VALUE '"' *("," LABEL '="' VALUE '"') "}"] SP NUMBER LF

In a VALUE, `\` and `"` have a backslash before them; a line feed is shown as `\n`.  A label has a bounded
number of values: scripts and reasons beyond the first 200 are `other` (`tally.py`).

prometheus_client would keep counts of its own, behind locks, at each request, and would take a collector
as long as this file to be told of ours: its parser is what the tests hold this format against.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from mainspring import __version__
from mainspring.gateway.logtext import escape_controls
from mainspring.gateway.times import STEPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mainspring.gateway.status import Status
    from mainspring.gateway.tally import ScriptTally

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

#: what its name ends with, its labels as they stand in the text, its value
Sample = tuple[str, str, float]


class Family(NamedTuple):
    """A metric: its type, its meaning, and its samples, each with what its name ends with."""

    type: str
    meaning: str
    read: Callable[[Status], Iterator[Sample]]


def gauge(meaning: str, read: Callable[[Status], float]) -> Family:
    return Family("gauge", meaning, lambda status: iter([("", "", read(status))]))


def counter(meaning: str, read: Callable[[Status], float]) -> Family:
    return Family("counter", meaning, lambda status: iter([("", "", read(status))]))


def by_script(meaning: str, read: Callable[[ScriptTally], float]) -> Family:
    def list_samples(status: Status) -> Iterator[Sample]:
        for script, one in status.journal.tally.scripts.items():
            yield "", label(script=script), read(one)

    return Family("counter", meaning, list_samples)


def list_requests(status: Status) -> Iterator[Sample]:
    for script, one in status.journal.tally.scripts.items():
        for first, count in enumerate(one.classes):
            if count:
                yield "", label(script=script, code=f"{first}xx" if first else "none"), count


def list_times(status: Status) -> Iterator[Sample]:
    for script, one in status.journal.tally.scripts.items():
        labels = label(script=script)
        for step, count in zip(STEPS, one.times.count_steps(), strict=True):
            yield "_bucket", f'{labels[:-1]},le="{step:g}"}}', count
        yield "_bucket", f'{labels[:-1]},le="+Inf"}}', one.times.number
        yield "_sum", labels, one.times.total
        yield "_count", labels, one.times.number


def list_starts(status: Status) -> Iterator[Sample]:
    for script, one in status.journal.tally.scripts.items():
        for kind, count in one.kinds.items():
            yield "", label(script=script, kind=kind), count


def list_refusals(status: Status) -> Iterator[Sample]:
    for reason, count in status.journal.tally.reasons.items():
        yield "", label(reason=reason), count


def list_cold(status: Status) -> Iterator[Sample]:
    for reason, count in status.journal.tally.cold_reasons.items():
        yield "", label(reason=reason), count


def list_connections(status: Status) -> Iterator[Sample]:
    for standing, count in status.count_connections().items():
        yield "", label(standing=standing), count


def list_breaches(status: Status) -> Iterator[Sample]:
    for reason, count in status.count_breaches().items():
        yield "", label(reason=reason), count


def list_lost(status: Status) -> Iterator[Sample]:
    for file in status.journal.list_files():
        yield "", label(log=file.name), file.lost


def count_slow(status: Status) -> float:
    return 0 if status.journal.slow is None else status.journal.slow.count


#: name -> type, meaning, samples
FAMILIES: dict[str, Family] = {
    "mainspring_info": Family(
        "gauge", "The version.", lambda _: iter([("", label(version=__version__), 1.0)])
    ),
    "mainspring_start_time_seconds": gauge("When the gateway was started.", lambda one: one.since),
    "mainspring_ending": gauge("1 while it takes no more requests.", lambda one: int(one.gauges.ending)),
    "mainspring_scripts_running": gauge("Scripts that run.", lambda one: one.gauges.running),
    "mainspring_scripts_limit": gauge("Scripts that may run at once.", lambda one: one.gauges.limit),
    "mainspring_scripts_kept": gauge(
        "Processes that wait for their next request.", lambda one: one.gauges.kept
    ),
    "mainspring_requests_waiting": gauge(
        "Requests that wait for a place.", lambda one: one.gauges.waiting
    ),
    "mainspring_requests_waiting_limit": gauge(
        "Requests that may wait for a place.", lambda one: one.gauges.queue
    ),
    "mainspring_requests_under_way": gauge(
        "Requests that have begun, and not ended.", lambda one: len(one.journal.under_way)
    ),
    "mainspring_requests_total": Family(
        "counter", "Requests that have ended, by script and class of status.", list_requests
    ),
    "mainspring_request_seconds": Family("histogram", "Time of a request, in all.", list_times),
    "mainspring_waited_seconds_total": by_script("Time in the queue.", lambda one: one.waited),
    "mainspring_received_bytes_total": by_script("Bodies of requests.", lambda one: one.received),
    "mainspring_sent_bytes_total": by_script("Bodies of answers.", lambda one: one.sent),
    "mainspring_starts_total": Family(
        "counter", "Scripts that were started: warm, cold or kept.", list_starts
    ),
    "mainspring_starts_cold_again_total": by_script(
        "Starts that were cold though earlier ones were warm.", lambda one: one.cold_again
    ),
    "mainspring_cold_starts_total": Family(
        "counter", "Starts that no host could serve, by reason.", list_cold
    ),
    "mainspring_refusals_total": Family(
        "counter", "Requests that were refused or broken off, by reason.", list_refusals
    ),
    "mainspring_connections": Family(
        "gauge", "Open connections of FastCGI and SCGI, by standing.", list_connections
    ),
    "mainspring_connections_closed_total": Family(
        "counter", "Connections that were closed or refused, by reason.", list_breaches
    ),
    "mainspring_requests_slow_total": counter("Requests in the slow log.", count_slow),
    "mainspring_error_lines_total": counter(
        "Lines of scripts' stderr in the error log.", lambda one: one.journal.errors.lines
    ),
    "mainspring_error_lines_left_out_total": counter(
        "Lines of scripts' stderr beyond what the error log takes.",
        lambda one: one.journal.errors.left_out,
    ),
    "mainspring_log_lines_lost_total": Family(
        "counter", "Lines that a log's file or reader did not take.", list_lost
    ),
}


def render_metrics(status: Status) -> str:
    """All metrics, as they are now."""
    lines: list[str] = []
    for name, family in FAMILIES.items():
        lines.append(f"# HELP {name} {family.meaning}\n# TYPE {name} {family.type}\n")
        lines += [f"{name}{suffix}{labels} {value}\n" for suffix, labels, value in family.read(status)]
    return "".join(lines)


def label(**values: str) -> str:
    return "{" + ",".join(f'{name}="{escape_label(value)}"' for name, value in values.items()) + "}"


def escape_label(value: str) -> str:
    """A path may have anything but NUL in it; what is no UTF-8 is shown as in the logs."""
    return escape_controls(value).replace("\\", "\\\\").replace('"', '\\"')


def list_metrics() -> list[tuple[str, str, str]]:
    """Name, type and meaning of each, for the documentation."""
    return [(name, family.type, family.meaning) for name, family in FAMILIES.items()]
