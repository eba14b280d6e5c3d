"""Measures the gateway: against fcgiwrap, a bare fork server and gunicorn, over unix sockets.

`--check` ends with status 1 if a bound is not met; `--rounds N` decides how many pairs are run.
"""

import sqlite3
import statistics
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from asking import HTTP_REQUEST, Door, ask_bare, count_per_second, time_once
from figures import Figure, Figures, run_benchmark
from postgresql import OPEN, run_postgresql
from serving import HELLO, IMPORTED, IMPORTS, LARGE, Ground, prepare

Ask = Callable[[], None]
Counts = list[float]

CLIENTS = 4
SECONDS = 1.0  # of a round of one server
STARTS = 100  # of a round of one client
MEGABYTE = 1 << 20
ONE_PROCESS = ("--reuse", "1000000", "--children", "1")


def compare(rounds: int, *asks: Ask) -> list[Counts]:
    """Requests per second of each, round by round in turn."""
    counts: list[Counts] = [[] for _ in asks]
    for _ in range(rounds):
        for ask, of_one in zip(asks, counts, strict=True):
            of_one.append(count_per_second(ask, CLIENTS, SECONDS))
    return counts


def find_times(one: Counts, other: Counts) -> float:
    """How many times as much the first does."""
    return statistics.median(of_one / of_other for of_one, of_other in zip(one, other, strict=True))


def relate(claim: str, ours: Counts, theirs: Counts, least: float, more: str = "") -> Figure:
    """How many times less the second does than the first; the bound is at least *least*."""
    times = find_times(ours, theirs)
    per_second = f"{statistics.median(ours):.0f}/s and {statistics.median(theirs):.0f}/s"
    return Figure(claim, 1 / times, 1 / least, f"{per_second}: {times:.1f} times{more}")


def measure(folder: Path, rounds: int) -> Figures:
    ground = prepare(folder)
    with ground.start_afresh():
        yield from measure_all(ground, rounds)


def measure_all(ground: Ground, rounds: int) -> Iterator[Figure]:
    hello = ground.write("hello.py", HELLO)
    imports = ground.write("imports.py", IMPORTS.format(database=make_database(ground.folder)))
    large = ground.write("large.py", LARGE)
    with ground.run_gateway("gateway") as process:
        yield from measure_cold(ground, hello, imports, rounds)
        yield from measure_one_client(ground, hello, rounds)
        yield measure_memory(ground.find_door("gateway", large), process)
    yield from measure_reuse(ground, hello, rounds)
    yield from measure_connections(ground, rounds)


def make_database(folder: Path) -> Path:
    place = folder / "words.sqlite"
    place.unlink(missing_ok=True)
    with sqlite3.connect(place) as database:
        database.execute("CREATE TABLE words (number INTEGER PRIMARY KEY, word TEXT)")
        database.executemany("INSERT INTO words VALUES (?, 'hello')", [(n,) for n in range(100)])
    database.close()
    return place


def measure_cold(ground: Ground, hello: Path, imports: Path, rounds: int) -> Iterator[Figure]:
    with ground.run_fcgiwrap():
        for claim, script, modules, least in (
            ("hello per second: fcgiwrap / gateway", hello, (), 15),
            ("11 imports and sqlite: fcgiwrap / gateway", imports, IMPORTED, 40),
        ):
            ours, theirs = (ground.find_door(name, script) for name in ("gateway", "fcgiwrap"))
            ground.warm(ours, script)
            with ground.run_bare(script, modules):
                bare = partial(ask_bare, ground.find_socket("bare"))
                counts, of_theirs, of_bare = compare(rounds, ours.ask, theirs.ask, bare)
            floor = f"; a bare fork server: {find_times(of_bare, of_theirs):.1f} times"
            yield relate(claim, counts, of_theirs, least, floor)


def measure_one_client(ground: Ground, hello: Path, rounds: int) -> Iterator[Figure]:
    ours = ground.find_door("gateway", hello)
    ground.warm(ours, hello)
    with ground.run_bare(hello):
        bare = partial(ask_bare, ground.find_socket("bare"))
        times = [(time_once(ours.ask), time_once(bare)) for _ in range(rounds * STARTS)]
    gateway, fork = zip(*times, strict=True)
    medians = statistics.median(gateway), statistics.median(fork)
    yield Figure("hello with one client, ms", medians[0], 2.5, show_spread(gateway))
    detail = f"{medians[0]:.2f} ms / {medians[1]:.2f} ms"
    yield Figure("the same / a bare fork server", medians[0] / medians[1], 1.5, detail)


def show_spread(milliseconds: Sequence[float]) -> str:
    cuts = statistics.quantiles(milliseconds, n=20)
    return f"p5 {cuts[0]:.2f}, p95 {cuts[-1]:.2f}"


def measure_memory(door: Door, process: int) -> Figure:
    """What the gateway takes more, at its peak, while 200 MB go to each of two clients."""
    before = read_memory(process, "VmRSS")
    Path(f"/proc/{process}/clear_refs").write_text("5", encoding="ascii")
    clients = [threading.Thread(target=check_download, args=[door]) for _ in range(2)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    more = read_memory(process, "VmHWM") - before
    return Figure("while 200 MB stream, MB more", more / MEGABYTE, 30, f"of {before / MEGABYTE:.0f} MB")


def check_download(door: Door) -> None:
    size = door.download()
    assert size > 200 * MEGABYTE, size


def read_memory(process: int, name: str) -> int:
    """Bytes."""
    lines = Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{name}:"))


def measure_reuse(ground: Ground, hello: Path, rounds: int) -> Iterator[Figure]:
    """One process on both sides."""
    with ground.run_gateway("reusing", *ONE_PROCESS), ground.run_gunicorn():
        ours = ground.find_door("reusing", hello)
        theirs = Door(ground.find_socket("gunicorn"), HTTP_REQUEST)
        ours.ask()
        counts, of_theirs = compare(rounds, ours.ask, theirs.ask)
        yield relate("--reuse, hello: gunicorn / gateway", counts, of_theirs, 0.5)


def measure_connections(ground: Ground, rounds: int) -> Iterator[Figure]:
    with run_postgresql(ground) as cluster:
        script = cluster.write_script(ground)
        with ground.run_gateway("forking"), ground.run_gateway("reusing", *ONE_PROCESS):
            fresh, kept = (ground.find_door(name, script) for name in ("forking", "reusing"))
            ground.warm(fresh, script)
            kept.ask()
            counts, of_fresh = compare(rounds, kept.ask, fresh.ask)
            yield relate("PostgreSQL: without / with --reuse", counts, of_fresh, 2)
            yield Figure("connections open with --reuse", cluster.ask(OPEN), 1)


if __name__ == "__main__":
    sys.exit(run_benchmark(measure, __doc__, 7, keeps=True))
