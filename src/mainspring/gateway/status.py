"""What goes on in the gateway, as one value: the page and the JSON of `/-/status` show the same."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

from mainspring import __version__
from mainspring.gateway.hostends import HostEnd, explain_end, list_host_ends

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mainspring.gateway.journal import Journal
    from mainspring.gateway.logfile import LogFile
    from mainspring.gateway.served import Served
    from mainspring.gateway.slowlog import Slow
    from mainspring.gateway.tally import Restart, ScriptTally
    from mainspring.gateway.times import Times

#: requests under way, and scripts, that are listed; the oldest, and the busiest
MOST_LISTED = 100


class Gauges(Protocol):
    """What the pool knows of itself at any moment."""

    @property
    def running(self) -> int:
        """Scripts that run."""

    @property
    def limit(self) -> int:
        """How many may run at once."""

    @property
    def waiting(self) -> int:
        """Requests that wait for a place."""

    @property
    def queue(self) -> int:
        """How many may wait."""

    @property
    def kept(self) -> int:
        """Processes that wait for their next request."""

    @property
    def ending(self) -> bool:
        """Whether the gateway takes no more requests."""


class Standings(Protocol):
    """What a front knows of its connections."""

    @property
    def breaches(self) -> Mapping[Any, int]:
        """How often a connection was closed or refused, for each reason."""

    def count(self) -> Mapping[Any, int]:
        """How many there are now of each standing."""


class Status:
    """Puts together what the journal, the pool and the fronts know, when it is asked for."""

    def __init__(
        self,
        journal: Journal,
        gauges: Gauges,
        connections: Standings | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """*environment* is that of the scripts: it says where their hosts have their log."""
        self.journal = journal
        self.gauges = gauges
        self.connections = connections
        self.environment = environment or {}
        self.since = time.time()
        self._clock = time.monotonic()

    def describe(self) -> dict[str, Any]:
        """All of it, of types that JSON has; times in seconds."""
        tally = self.journal.tally
        whole = tally.sum_up()
        return {
            "version": __version__,
            "since": self.since,
            "seconds": time.monotonic() - self._clock,
            "ending": self.gauges.ending,
            "pool": self._describe_pool(),
            "connections": self.count_connections(),
            "breaches": self.count_breaches(),
            "requests": describe_requests(whole) | {"under_way": len(self.journal.under_way)},
            "lately": self._describe_lately(),
            "starts": count_starts(whole),
            "refusals": dict(tally.reasons),
            "under_way": self._list_under_way(),
            "slow": self._describe_slow(),
            "scripts": self._list_scripts(),
            "restarts": self._describe_restarts(),
            "errors": self._describe_errors(),
            "logs": [describe_file(file) for file in self.journal.list_files()],
        }

    def count_connections(self) -> dict[str, int]:
        """How many there are of each standing."""
        return {} if self.connections is None else dict(self.connections.count())

    def count_breaches(self) -> dict[str, int]:
        """How often a connection was closed or refused, for each reason."""
        return {} if self.connections is None else dict(self.connections.breaches)

    def _describe_pool(self) -> dict[str, int]:
        names = ("running", "limit", "waiting", "queue", "kept")
        return {name: getattr(self.gauges, name) for name in names}

    def _describe_lately(self) -> dict[str, float]:
        seconds, times = self.journal.tally.sum_up_lately()
        seconds = min(seconds, time.monotonic() - self._clock)
        return {"seconds": seconds, "requests": times.number, **describe_times(times)}

    def _list_under_way(self) -> list[dict[str, Any]]:
        now = time.monotonic()
        oldest = list(self.journal.under_way.values())[:MOST_LISTED]
        return [describe_one(served, now) for served in oldest]

    def _list_scripts(self) -> list[dict[str, Any]]:
        scripts = self.journal.tally.scripts.items()
        ranked = sorted(scripts, key=lambda one: (-one[1].times.number, one[0]))[:MOST_LISTED]
        return [
            {"script": name, **describe_requests(one), "starts": count_starts(one)}
            for name, one in ranked
        ]

    def _describe_slow(self) -> dict[str, Any]:
        slow = self.journal.slow
        if slow is None:
            return {"count": 0, "lately": []}
        return {"count": slow.count, "lately": [describe_slow(one) for one in reversed(slow.lately)]}

    def _describe_restarts(self) -> dict[str, Any]:
        tally = self.journal.tally
        lately = [describe_restart(one) for one in reversed(tally.restarts)]
        ends = list_host_ends(self.environment, self.since, tally.scripts)
        return {
            "reasons": dict(tally.cold_reasons),
            "lately": lately,
            "host_ends": [describe_end(one) for one in ends],
        }

    def _describe_errors(self) -> dict[str, int]:
        errors = self.journal.errors
        return {
            "lines": errors.lines,
            "left_out": errors.left_out,
            "failures": self.journal.failures,
        }


def describe_times(times: Times) -> dict[str, float]:
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
    return {name: times.find(share) for name, share in shares.items()} | {"longest": times.longest}


def describe_requests(one: ScriptTally) -> dict[str, Any]:
    classes = {f"{first}xx": one.classes[first] for first in range(1, 6)}
    return {
        "requests": one.times.number,
        "classes": classes,
        "received": one.received,
        "sent": one.sent,
        "waited": one.waited,
        **describe_times(one.times),
    }


def count_starts(one: ScriptTally) -> dict[str, int]:
    return one.kinds | {"cold_again": one.cold_again}


def describe_one(served: Served, now: float) -> dict[str, Any]:
    return {
        "id": served.identity,
        "protocol": served.protocol,
        "script": served.script,
        "process": served.process,
        "kind": served.kind,
        "age": now - served.clock,
        "received": served.received,
        "sent": served.sent,
    }


def describe_slow(slow: Slow) -> dict[str, Any]:
    return {
        "time": slow.moment,
        "id": slow.identity,
        "script": slow.script,
        "request": slow.target,
        "seconds": slow.seconds or None,
        "status": slow.status or None,
        "stack": list(slow.stack),
    }


def describe_restart(one: Restart) -> dict[str, Any]:
    return {"time": one.moment, "script": one.script, "reason": one.reason}


def describe_end(one: HostEnd) -> dict[str, Any]:
    return {"time": one.moment, "script": one.script, "reason": explain_end(one.reason)}


def describe_file(file: LogFile) -> dict[str, Any]:
    return {"name": file.name, "path": file.path, "lost": file.lost, "problem": file.problem}
