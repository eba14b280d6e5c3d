"""A connection that a module opens is opened for each request; with --reuse it stays open."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from warm.parity.remains import wait_for

from .applications import prepare_applications
from .client import Client
from .fronts import NGINX
from .processes import AS_NOBODY, find_server, make_folder, make_own_folder, run_server
from .served import Gateway, place_script

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: what a script of many has: a module with a connection
DATABASE = """\
import psycopg

place = "host={socket} user=test dbname=postgres application_name=scripts"
connection = psycopg.connect(place, autocommit=True)
"""
SCRIPT = """\
import database

print("Content-Type: text/plain\\n")
print(database.connection.execute("SELECT pg_backend_pid()").fetchone()[0])
"""
REQUESTS = 60
OPEN = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'scripts'"
IN_ALL = "SELECT sessions FROM pg_stat_database WHERE datname = 'postgres'"


@dataclass(frozen=True)
class Cluster:
    """A server of PostgreSQL with nothing in it."""

    socket: Path

    def ask(self, query: str) -> int:
        # another database than the scripts', whose sessions are counted
        psql = [find_server("psql"), "-h", self.socket, "-U", "test", "-d", "template1", "-Atc", query]
        done = subprocess.run(psql, check=True, capture_output=True, text=True)
        return int(done.stdout)


@pytest.fixture(scope="module")
def cluster(no_remains: None) -> Iterator[Cluster]:
    del no_remains
    initdb, postgres = find_server("initdb"), find_server("postgres")
    with make_folder() as parent:
        folder = make_own_folder(parent, "pg")
        options = ["-D", folder / "data", "-U", "test", "-A", "trust", "--no-sync", "-E", "UTF8"]
        subprocess.run([*AS_NOBODY, initdb, *options], cwd=folder, check=True, capture_output=True)
        command = [*AS_NOBODY, postgres, "-D", folder / "data", "-k", folder, "-h", "", "-F"]
        with run_server(command, folder, f"unix:{folder}/.s.PGSQL.5432"):
            yield wait_until_ready(Cluster(folder))


def wait_until_ready(cluster: Cluster) -> Cluster:
    """PostgreSQL accepts connections before it answers queries."""
    ready = [find_server("pg_isready"), "-q", "-h", cluster.socket]
    wait_for(lambda: subprocess.run(ready, check=False).returncode == 0, "ready", 30)
    return cluster


@contextmanager
def serve(cluster: Cluster, launcher: Path, *options: str) -> Iterator[Client]:
    with make_folder() as folder:
        python = prepare_applications() / "bin" / "python"
        place_script(folder / "cgi" / "backend.py", SCRIPT, python)
        (folder / "cgi" / "database.py").write_text(DATABASE.format(socket=cluster.socket))
        with (
            Gateway(folder, folder / "cgi", *options).run(launcher) as gateway,
            NGINX.run(folder, folder / "cgi", gateway.unix) as port,
        ):
            yield Client(port)


def ask_many(client: Client) -> tuple[list[str], float]:
    """The connection that each of REQUESTS was answered over, and how many were answered per second."""
    for _ in range(10):  # until there is a host, or a process that is kept
        client.get("/cgi-bin/backend.py")
    began = time.monotonic()
    answers = [client.get("/cgi-bin/backend.py") for _ in range(REQUESTS)]
    seconds = time.monotonic() - began
    assert {answer.status for answer in answers} == {200}
    return [answer.text.strip() for answer in answers], REQUESTS / seconds


def test_a_connection_stays_open_where_processes_are_reused(cluster: Cluster, launcher: Path) -> None:
    before = cluster.ask(IN_ALL)
    with serve(cluster, launcher) as client:
        backends, without = ask_many(client)
        assert len(set(backends)) == REQUESTS
        wait_for(lambda: cluster.ask(OPEN) == 0, "closed")
        assert count_sessions(cluster, before, REQUESTS)
    before = cluster.ask(IN_ALL)
    with serve(cluster, launcher, "--reuse", "1000") as client:
        backends, reusing = ask_many(client)
        assert set(backends) == {backends[0]}
        assert cluster.ask(OPEN) == 1
    wait_for(lambda: cluster.ask(OPEN) == 0, "closed at the gateway's end")
    assert cluster.ask(IN_ALL) - before <= 3
    assert reusing > 2 * without


def count_sessions(cluster: Cluster, before: int, at_least: int) -> bool:
    """Whether so many have been opened; PostgreSQL counts them a little later."""
    wait_for(lambda: cluster.ask(IN_ALL) - before >= at_least, "counted", 20)
    return True
