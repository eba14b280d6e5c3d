"""The page of `/-/status`: one file of HTML, that needs no script, font or picture to be read."""

from __future__ import annotations

import time
from html import escape
from typing import TYPE_CHECKING, Any

from mainspring.gateway.logtext import escape_controls

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

STYLE = """
:root { color-scheme: light dark; --line: #8884; --alarm: #b00020; }
@media (prefers-color-scheme: dark) { :root { --alarm: #ff8a8a; } }
body { font: 1rem/1.45 system-ui, sans-serif; max-width: 76rem; margin: 1.5rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 1.8rem 0 .3rem; }
div { overflow-x: auto; } table { border-collapse: collapse; }
th, td { padding: .2rem .8rem .2rem 0; border-bottom: 1px solid var(--line); text-align: left; }
td { vertical-align: top; }
td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; }
.alarm { color: var(--alarm); font-weight: 600; }
pre { margin: .3rem 0; white-space: pre-wrap; overflow-wrap: anywhere; }
"""

Row = tuple[object, ...]


def render_page(status: Mapping[str, Any]) -> str:
    """The page that shows *status*, as `Status.describe` gives it."""
    parts = [
        render_head(status),
        *render_problems(status),
        render_table("Now", ("of the gateway", "number#"), list_gauges(status)),
        render_table("Requests", ("since", *SHARES, *COUNTS), list_periods(status)),
        render_under_way(status),
        render_table("Scripts", ("script", *SHARES, *COUNTS, *STARTS), list_scripts(status)),
        render_table("Refused or broken off", ("reason", "requests#"), rank(status["refusals"])),
        render_table("Closed or refused", ("reason", "connections#"), rank(status["breaches"])),
        render_slow(status["slow"]),
        render_restarts(status["restarts"]),
        render_table("Logs", ("log", "file", "lines lost#", "condition"), list_logs(status["logs"])),
    ]
    return "".join(parts) + "</main></body></html>\n"


SHARES = ("p50#", "p90#", "p99#", "longest#")
COUNTS = ("requests#", "4xx#", "5xx#")
STARTS = ("warm#", "cold#", "kept#", "cold again#")


def render_head(status: Mapping[str, Any]) -> str:
    condition = "takes no more requests, and ends" if status["ending"] else "serves"
    return (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>Mainspring gateway: status</title>'
        f"<style>{STYLE}</style></head><body><main>"
        f"<h1>Mainspring gateway {escape(status['version'])}</h1>"
        f"<p>It {condition}, and has been up for {format_span(status['seconds'])}, since "
        f'{format_time(status["since"])}. The same <a href="?format=json">as JSON</a>.</p>'
    )


def render_problems(status: Mapping[str, Any]) -> Iterable[str]:
    """What is wrong, before anything else."""
    for log in status["logs"]:
        if log["problem"]:
            text = f"The {log['name']} {log['path']} cannot be written: {log['problem']}."
            yield f'<p class="alarm">{show(text)}</p>'
    if status["errors"]["failures"]:
        yield f'<p class="alarm">{status["errors"]["failures"]} requests could not be logged.</p>'


def render_table(title: str, heads: tuple[str, ...], rows: Iterable[Row]) -> str:
    """A table; a head that ends with `#` is one of numbers."""
    rows = list(rows)
    if not rows:
        return f"<h2>{title}</h2><p>None.</p>"
    classes = [' class="n"' if head.endswith("#") else "" for head in heads]
    top = "".join(
        f'<th scope="col"{css}>{show(head.rstrip("#"))}</th>'
        for head, css in zip(heads, classes, strict=True)
    )
    body = "".join(f"<tr>{render_cells(row, classes)}</tr>" for row in rows)
    # what can be scrolled can be reached by the keyboard
    region = f'<div role="region" aria-label="{title}" tabindex="0">'
    table = f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
    return f"<h2>{title}</h2>{region}{table}</div>"


def render_cells(row: Row, classes: list[str]) -> str:
    return "".join(f"<td{css}>{show(cell)}</td>" for cell, css in zip(row, classes, strict=True))


def list_gauges(status: Mapping[str, Any]) -> list[Row]:
    pool, errors = status["pool"], status["errors"]
    return [
        ("scripts that run", f"{pool['running']} of {pool['limit']}"),
        ("requests that wait for a place", f"{pool['waiting']} of {pool['queue']}"),
        ("processes kept for their next request", pool["kept"]),
        ("requests under way", status["requests"]["under_way"]),
        *((f"connections, {standing}", count) for standing, count in status["connections"].items()),
        ("slow requests, since the start", status["slow"]["count"]),
        ("lines of scripts' stderr, logged", errors["lines"]),
        ("lines of scripts' stderr, left out", errors["left_out"]),
    ]


def list_periods(status: Mapping[str, Any]) -> list[Row]:
    whole, lately = status["requests"], status["lately"]
    classes = whole["classes"]
    return [
        (f"last {format_span(lately['seconds'])}", *list_shares(lately), lately["requests"], "", ""),
        ("the start", *list_shares(whole), whole["requests"], classes["4xx"], classes["5xx"]),
    ]


def list_shares(times: Mapping[str, float]) -> list[str]:
    return [format_span(times[name.rstrip("#")]) for name in SHARES]


def list_scripts(status: Mapping[str, Any]) -> Iterable[Row]:
    for one in status["scripts"]:
        counts = (one["requests"], one["classes"]["4xx"], one["classes"]["5xx"])
        starts = [one["starts"][head.rstrip("#").replace(" ", "_")] for head in STARTS]
        yield (one["script"], *list_shares(one), *counts, *starts)


def render_under_way(status: Mapping[str, Any]) -> str:
    heads = ("age#", "request", "script", "process#", "start", "received#", "sent#")
    rows = [
        (
            format_span(one["age"]),
            one["id"],
            one["script"] or "",
            one["process"] or "waits",
            one["kind"] or "",
            one["received"],
            one["sent"],
        )
        for one in status["under_way"]
    ]
    return render_table("Under way", heads, rows)


def render_slow(slow: Mapping[str, Any]) -> str:
    parts = ["<h2>Slow requests, the latest first</h2>"]
    for one in slow["lately"]:
        ended = (
            f"ended with {one['status']} after {format_span(one['seconds'])}"
            if one["seconds"]
            else "runs"
        )
        head = (
            f"{format_time(one['time'])} {show(one['id'])} {show(one['script'])} {show(one['request'])}"
        )
        stack = "\n".join(show(line) for line in one["stack"])
        parts.append(f"<details><summary>{head}: {ended}</summary><pre>{stack}</pre></details>")
    return "".join(parts) if slow["lately"] else parts[0] + "<p>None.</p>"


def render_restarts(restarts: Mapping[str, Any]) -> str:
    heads = ("when", "script", "reason")
    cold = render_table(
        "Starts that no host could serve", ("reason", "starts#"), rank(restarts["reasons"])
    )
    again = render_table(
        "Of these, of scripts that had a host before", heads, list_events(restarts["lately"])
    )
    return cold + again + render_table("Hosts that ended", heads, list_events(restarts["host_ends"]))


def list_events(events: Iterable[Mapping[str, Any]]) -> list[Row]:
    return [(format_time(one["time"]), one["script"], one["reason"]) for one in events]


def rank(counts: Mapping[str, int]) -> list[Row]:
    return [(word, counts[word]) for word in sorted(counts, key=lambda word: (-counts[word], word))]


def list_logs(logs: Iterable[Mapping[str, Any]]) -> list[Row]:
    return [(log["name"], log["path"], log["lost"], log["problem"] or "good") for log in logs]


def show(value: object) -> str:
    """*value* as text of a page: numbers in groups, nothing that a browser or an eye obeys."""
    return escape(escape_controls(f"{value:,}" if isinstance(value, int) else str(value)))


def format_time(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def format_span(seconds: float) -> str:
    """`0.8 ms`, `340 ms`, `2.5 s`, `12 min`, `3.5 h`, `4.0 days`."""
    if seconds < 1:
        return f"{seconds * 1000:.3g} ms"
    for most, unit, name in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if seconds < most:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds / 86_400:.1f} days"
