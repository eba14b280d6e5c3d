"""What an operator is told of real scripts, behind a real front, at a real address."""

from __future__ import annotations

import asyncio
import json
import re
import socket
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.request import Request, urlopen

import pytest

from gateway.ground import HELLO, Ground, stop_hosts, wait_until
from gateway.telling import Gauges, parse_access_line
from gateway.wire import FastCGIClient, serve_wire
from mainspring.gateway.admin import Admin, serve_admin
from mainspring.gateway.bounds import Bounds
from mainspring.gateway.operating import Logs, open_journal
from mainspring.gateway.pool import Pool
from mainspring.gateway.serving import Gateway
from mainspring.gateway.site import Site
from mainspring.gateway.starting import Starter
from mainspring.gateway.status import Status
from mainspring.gateway.variables import Passage, choose_base
from mainspring.reasons import COLD, HOST_ENDS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SLOW = """
import os, sys, time

def wait_for_the_database():
    while not os.path.exists(sys.argv[0] + ".go"):
        time.sleep(0.05)

wait_for_the_database()
print('Content-Type: text/plain\\n\\ndone')
"""


class Watched:
    """A ground, and the address at which an operator asks about it."""

    def __init__(self, ground: Ground, port: int) -> None:
        self.ground = ground
        self.port = port

    def ask(self, path: str) -> str:
        accept = {"Accept": "application/json"}
        with urlopen(Request(f"http://127.0.0.1:{self.port}{path}", headers=accept)) as answer:
            text: str = answer.read().decode()
            return text

    def status(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.ask("/-/status"))
        return value

    def read(self, log: str) -> str:
        return (self.ground.folder / log).read_text()


@pytest.fixture
def watched(tmp_path: Path, bare_python: Path, launcher: Path) -> Iterator[Watched]:
    for name in ("cgi", "home", "run"):
        (tmp_path / name).mkdir(mode=0o700)
    own = {"HOME": str(tmp_path / "home"), "XDG_RUNTIME_DIR": str(tmp_path / "run"), "LANG": "C.UTF-8"}
    environment = choose_base({"PATH": "/usr/bin:/bin", **own}, {})
    bounds = Bounds(slow=0.5)
    logs = Logs(*(str(tmp_path / "access"), "combined", str(tmp_path / "errors"), str(tmp_path / "slow")))  # type: ignore[arg-type]
    journal, site, pool = open_journal(logs, bounds), Site(str(tmp_path / "cgi")), Pool(bounds)
    starter = Starter(str(launcher), journal.note_cold)
    gateway = Gateway(site, starter, pool, journal, bounds, environment, Passage())
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    with serve_wire(tmp_path, gateway.serve, bounds) as wire:
        admin = Admin(Status(journal, Gauges(), wire.connections, environment))
        asyncio.run_coroutine_threadsafe(serve_admin(admin, listening), wire.loop).result()
        ground = Ground(tmp_path, dict(environment), bare_python, launcher, gateway, wire)
        yield Watched(ground, port)
        stop_hosts(ground)
    listening.close()
    assert wire.problems == []
    assert journal.failures == 0


def warm_up(watched: Watched, name: str) -> None:
    """Ask until an answer has come from a host."""
    wait_until(lambda: watched.ground.get(name) and watched.status()["starts"]["warm"], "warm")


def test_requests_are_logged_counted_and_told_apart(watched: Watched) -> None:
    ground = watched.ground
    ground.write("hello.py", HELLO)
    ground.write("bad.py", "import sys\nsys.stderr.write('one\\ntwo')\nraise SystemExit(3)\n")
    assert ground.get("hello.py", HTTP_USER_AGENT='x"\nforged').status == 200
    assert ground.get("bad.py").status == 500
    assert ground.get("none.py").status == 404
    wait_until(lambda: watched.read("access").count("\n") == 3, "logged")
    lines = [parse_access_line(line) for line in watched.read("access").splitlines(keepends=True)]
    assert [(line.target, line.status) for line in lines] == [
        ("/hello.py", 200), ("/bad.py", 500), ("/none.py", 404),
    ]  # fmt: skip
    assert lines[0].agent == 'x"\nforged'
    assert lines[0].sent == len("hello\n")
    script = re.escape(str(ground.folder / "cgi" / "bad.py"))
    texts = re.findall(rf"\] \[[0-9a-f]+-2\] {script}: (.*)", watched.read("errors"))
    assert {"one", "two"} <= set(texts)
    status = watched.status()
    assert status["requests"]["requests"] == 3
    assert status["refusals"]["no-script"] == 1
    assert {one["script"] for one in status["scripts"]} == {
        str(ground.folder / "cgi" / "hello.py"), str(ground.folder / "cgi" / "bad.py"), "none",
    }  # fmt: skip
    assert 'mainspring_requests_total{script="none",code="4xx"} 1\n' in watched.ask("/-/metrics")


@pytest.mark.parametrize("kind", ["cold", "warm"])
def test_the_stack_of_a_slow_script_is_logged_while_it_runs(watched: Watched, kind: str) -> None:
    ground = watched.ground
    script = ground.write("slow.py", SLOW)
    go = script.with_name("slow.py.go")
    if kind == "warm":
        go.touch()
        warm_up(watched, "slow.py")
        go.unlink()
    before = watched.status()["slow"]["count"]
    client = ground.ask("slow.py", QUERY_STRING="token=secret")
    wait_until(lambda: "in wait_for_the_database" in watched.read("slow"), "looked at")
    [under_way] = watched.status()["under_way"]
    assert (under_way["script"], under_way["kind"]) == (str(script), kind)
    assert under_way["age"] > 0.5
    go.touch()
    assert client.answer().body == b"done\n"
    client.socket.close()
    wait_until(lambda: not watched.status()["under_way"], "ended")
    log = watched.read("slow")
    assert f"{script} has run for 0." in log
    assert f'File "{script}", line 9, in <module>' in log
    assert "secret" not in log
    slow = watched.status()["slow"]
    assert slow["count"] == before + 1
    assert slow["lately"][0]["status"] == 200


def test_a_host_that_died_shows_as_a_start_that_was_cold_again(watched: Watched) -> None:
    ground = watched.ground
    script = ground.write("hello.py", HELLO)
    warm_up(watched, "hello.py")
    stop_hosts(ground)
    ground.get("hello.py")
    wait_until(lambda: watched.status()["starts"]["cold_again"], "counted")
    restarts = watched.status()["restarts"]
    assert (restarts["lately"][0]["script"], restarts["lately"][0]["reason"]) == (str(script), "no-host")
    assert restarts["reasons"]["no-host"] >= 1
    assert restarts["reasons"].keys() <= COLD.keys()
    end = restarts["host_ends"][0]
    assert end["script"] == str(script)
    word = end["reason"].split(" ")[0].rstrip(":")
    page = watched.ask("/-/status?format=html")
    assert "Hosts that ended" in page
    assert escape(HOST_ENDS[word].meaning) in page


def test_nothing_of_it_is_served_where_scripts_are(watched: Watched) -> None:
    for path in ("-/status", "-/ping", "-/metrics"):
        assert watched.ground.get(path).status == 404
    assert watched.ask("/-/ping") == "pong\n"


def test_a_silent_connection_is_counted(watched: Watched) -> None:
    with FastCGIClient(watched.ground.wire.fastcgi):
        wait_until(lambda: watched.status()["connections"]["idle"] == 1, "idle")
        assert 'mainspring_connections{standing="idle"} 1\n' in watched.ask("/-/metrics")
