"""`mainspring serve` tells its operator what goes on, to the last, and whatever becomes of its logs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from gateway.hosting import Connection, wait_until
from gateway.service import OWN_USER
from gateway.telling import mounted_disk, parse_access_line

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HELLO = "import sys\nsys.stderr.write('heard\\n')\nprint('Content-Type: text/plain\\n\\nhello')\n"
#: tells that it has begun, and ends once there is a file of that name
WAIT = """
import os, time

def wait_for_the_file():
    while not os.path.exists(os.environ["QUERY_STRING"]):
        time.sleep(0.02)

print("Content-Type: text/plain\\n\\nbegun", flush=True)
wait_for_the_file()
"""


class Service:
    """A gateway that is up, and its two addresses."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self.folder = folder
        self.process = process

    def open(self, address: str, path: str) -> Connection:
        connection = Connection(str(self.folder / address))
        connection.request("GET", path, headers={"Accept": "application/json"})
        return connection

    def ask(self, address: str, path: str) -> tuple[int, bytes]:
        connection = self.open(address, path)
        with connection.getresponse() as answer:
            found = answer.status, answer.read()
        connection.close()
        return found

    def status(self) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.ask("admin", "/-/status")[1])
        return value

    def read(self, name: str) -> str:
        return (self.folder / name).read_text()


class Scene:
    """A folder of scripts, and a user who serves them."""

    def __init__(self, folder: Path, python: Path, launcher: Path) -> None:
        self.folder = folder
        self.python = python
        self.launcher = launcher
        for name in ("cgi", "home", "run"):
            (folder / name).mkdir(mode=0o700)
        own = {"HOME": str(folder / "home"), "XDG_RUNTIME_DIR": str(folder / "run")}
        self.environment = {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **own}
        self.write("hello.py", HELLO)
        self.write("wait.py", WAIT)

    def write(self, name: str, text: str) -> Path:
        path = self.folder / "cgi" / name
        path.write_text(f"#!{self.python}\n{text}")
        return path

    @contextmanager
    def serve(self, *options: str) -> Iterator[Service]:
        addresses = [f"--{name}=unix:{self.folder / name}" for name in ("http", "admin")]
        command = [self.launcher, "serve", self.folder / "cgi", *addresses, *OWN_USER, *options]
        with (self.folder / "stderr").open("wb") as errors:
            process = subprocess.Popen(
                command,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
            )
        assert process.stdout is not None
        wait_until(lambda: process.stdout.readline().startswith(b"end with"), "a gateway")  # type: ignore[union-attr]
        try:
            yield Service(self.folder, process)
        finally:
            self.end(process)

    def end(self, process: subprocess.Popen[bytes]) -> None:
        if process.poll() is None:
            process.terminate()
            process.terminate()
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()
        command = [self.launcher, "hosts", "stop"]
        subprocess.run(command, env=self.environment, check=False, capture_output=True)


@pytest.fixture
def scene(tmp_path: Path, bare_python: Path, launcher: Path) -> Scene:
    return Scene(tmp_path, bare_python, launcher)


def name_logs(folder: Path) -> list[str]:
    return [f"--{name}-log={folder / name}" for name in ("access", "error", "slow")]


def test_logs_are_opened_anew_at_sigusr1(scene: Scene) -> None:
    with scene.serve(*name_logs(scene.folder)) as service:
        assert service.ask("http", "/hello.py") == (200, b"hello\n")
        wait_until(lambda: "heard" in service.read("error"), "the error log")
        for name in ("access", "error"):
            (scene.folder / name).rename(scene.folder / f"{name}.1")
        service.process.send_signal(signal.SIGUSR1)
        wait_until((scene.folder / "error").exists, "a new file")
        assert service.ask("http", "/hello.py") == (200, b"hello\n")
        wait_until(lambda: "heard" in service.read("error"), "the new error log")
        wait_until(lambda: service.read("access"), "the new access log")
    for name in ("access.1", "access"):
        [line] = service.read(name).splitlines(keepends=True)
        assert parse_access_line(line).target == "/hello.py"
    assert service.read("error.1").count("heard") == service.read("error").count("heard") == 1
    assert service.read("stderr") == ""


def test_ping_tells_that_the_gateway_ends_until_it_has(scene: Scene) -> None:
    go = scene.folder / "go"
    with scene.serve() as service:
        assert service.ask("admin", "/-/ping") == (200, b"pong\n")
        waiting = service.open("http", f"/wait.py?{go}")
        answer = waiting.getresponse()
        assert answer.read(6) == b"begun\n"
        service.process.terminate()
        wait_until(lambda: service.ask("admin", "/-/ping") == (503, b"ending\n"), "503")
        assert service.status()["ending"] is True
        assert [one["script"] for one in service.status()["under_way"]] == [
            str(scene.folder / "cgi/wait.py")
        ]
        go.touch()
        assert answer.read() == b""
        waiting.close()
        assert service.process.wait(60) == 0


def test_a_full_disk_stops_no_answer_and_is_told_of_once(scene: Scene) -> None:
    with (
        mounted_disk(scene.folder / "disk", "16k") as disk,
        scene.serve(f"--access-log={disk}/access") as service,
    ):
        (disk / "filler").write_bytes(b"x" * (12 << 10))
        for _ in range(60):
            assert service.ask("http", f"/none-{'x' * 100}.py")[0] == 404
        [access] = [log for log in service.status()["logs"] if log["name"] == "access log"]
        assert access["problem"] == "No space left on device"
        lines = (disk / "access").read_text().splitlines(keepends=True)
        assert {parse_access_line(line).status for line in lines} == {404}
        assert len(lines) + access["lost"] == 60
        assert f'mainspring_log_lines_lost_total{{log="access log"}} {access["lost"]}\n' in (
            service.ask("admin", "/-/metrics")[1].decode()
        )
        assert service.read("stderr").count("cannot be written (No space left on device)") == 1
        (disk / "filler").unlink()
        assert service.ask("http", "/hello.py") == (200, b"hello\n")
        wait_until(lambda: all(log["problem"] is None for log in service.status()["logs"]), "recovery")
        assert (
            parse_access_line((disk / "access").read_text().splitlines(keepends=True)[-1]).status == 200
        )


@pytest.mark.parametrize(("reuse", "kind"), [("0", "warm"), ("5", "kept")])
def test_the_stack_of_a_slow_script_is_in_the_slow_log(scene: Scene, reuse: str, kind: str) -> None:
    go, script = scene.folder / "go", scene.folder / "cgi/wait.py"
    with scene.serve(*name_logs(scene.folder), "--slow=0.5", f"--reuse={reuse}") as service:
        go.touch()
        path = f"/wait.py?{go}"
        wait_until(lambda: service.ask("http", path) and service.status()["starts"][kind], kind)
        go.unlink()
        waiting = service.open("http", path)
        answer = waiting.getresponse()
        wait_until(lambda: "in wait_for_the_file" in service.read("slow"), "its stack")
        [under_way] = service.status()["under_way"]
        assert under_way["kind"] == kind
        go.touch()
        assert answer.read() == b"begun\n"
        waiting.close()
    log = service.read("slow")
    assert f"{script} has run for 0." in log
    assert ": GET /wait.py?...\n" in log
    assert f'File "{script}", line 10, in <module>\n' in log


def test_a_reader_of_the_access_log_that_goes_costs_lines_alone(scene: Scene) -> None:
    os.mkfifo(scene.folder / "access")
    reader = os.open(scene.folder / "access", os.O_RDONLY | os.O_NONBLOCK)
    with scene.serve(f"--access-log={scene.folder / 'access'}", "--log-format=json") as service:
        assert service.ask("http", "/none.py")[0] == 404
        wait_until(lambda: can_read(reader), "a line")
        os.close(reader)
        for _ in range(20):
            assert service.ask("http", "/none.py")[0] == 404
        wait_until(lambda: sum(log["lost"] for log in service.status()["logs"]) == 20, "lost lines")
        assert service.read("stderr").count("cannot be written (Broken pipe)") == 1


def can_read(reader: int) -> bool:
    try:
        return json.loads(os.read(reader, 65536))["status"] == 404
    except BlockingIOError:
        return False


def test_nothing_of_the_operators_is_at_the_scripts_address(scene: Scene) -> None:
    with scene.serve() as service:
        for path in ("/-/status", "/-/metrics", "/-/ping"):
            assert service.ask("http", path)[0] == 404
            assert service.ask("admin", path)[0] == 200
        assert service.ask("admin", "/hello.py")[0] == 404
